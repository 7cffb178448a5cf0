package publish

import (
	"context"

	"github.com/rekey-app/rekey/github"
)

// redactRun takes whatever looks like a credential out of a check run's texts, right before they leave: names of files and
// other foreign words come into them in many ways.
func (w *Worker) redactRun(ctx context.Context, run github.CheckRun) github.CheckRun {
	for _, text := range []*string{&run.Title, &run.Summary, &run.Text} {
		*text = w.Scanner.RedactString(ctx, *text)
	}
	for i := range run.Annotations {
		a := &run.Annotations[i]
		for _, text := range []*string{&a.Path, &a.Title, &a.Message} {
			*text = w.Scanner.RedactString(ctx, *text)
		}
	}
	return run
}

// redactIssue does the same for an issue.
func (w *Worker) redactIssue(ctx context.Context, i github.Issue) github.Issue {
	i.Title, i.Body = w.Scanner.RedactString(ctx, i.Title), w.Scanner.RedactString(ctx, i.Body)
	return i
}
