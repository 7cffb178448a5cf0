package github

import (
	"context"

	gogithub "github.com/google/go-github/v62/github"
)

// Annotations lists what a check run shows already, in the order in which it was sent: GitHub appends what an update
// brings, so that whoever does not know whether an earlier update arrived asks first. Columns are 0 where none were sent,
// see [Annotation].
func (c *Client) Annotations(ctx context.Context, id int64) ([]Annotation, error) {
	const op = "list annotations"
	if c.wrong != nil {
		return nil, &Error{Op: op, About: "GitHub", Err: c.wrong}
	}
	var list []Annotation
	err := eachPage(ctx, c.calls, op, c.path("/check-runs/%d/annotations?per_page=100", id), func(page []*gogithub.CheckRunAnnotation) bool {
		for _, a := range page {
			list = append(list, Annotation{
				Path: a.GetPath(), StartLine: a.GetStartLine(), EndLine: a.GetEndLine(),
				StartColumn: a.GetStartColumn(), EndColumn: a.GetEndColumn(),
				Level: a.GetAnnotationLevel(), Title: a.GetTitle(), Message: a.GetMessage(),
			})
		}
		return true
	})
	return list, err
}
