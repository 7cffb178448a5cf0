package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	gogithub "github.com/google/go-github/v62/github"
)

// GitHub's limits for check runs. Some stand in no schema, only in the words of a 422.
const (
	maxCheckTitle       = 255   // characters
	maxCheckText        = 65535 // characters, of summary and text each
	maxAnnotations      = 50    // a request
	maxAnnotationTitle  = 255   // characters
	maxAnnotationBytes  = 64 << 10
	maxButtons          = 3
	maxButtonLabel      = 20
	maxButtonText       = 40
	maxButtonIdentifier = 20
)

// Conclusion is a check run's outcome.
type Conclusion string

// The conclusions that rekey uses.
const (
	Success Conclusion = "success"
	Failure Conclusion = "failure"
	Neutral Conclusion = "neutral"
)

// CheckRun is a completed check run as rekey wants it to be. Texts over GitHub's limits are refused by [Client.CreateCheckRun]
// with an [*InvalidError]: whoever writes them cuts them.
type CheckRun struct {
	Name, HeadSHA, ExternalID string
	Conclusion                Conclusion
	Title, Summary, Text      string // title 255 characters; summary and text 65,535 each
	Annotations               []Annotation
	Actions                   []Button // at most 3
	StartedAt, CompletedAt    time.Time
}

// Annotation marks lines of a file at the head commit.
type Annotation struct {
	Path                   string
	StartLine, EndLine     int
	StartColumn, EndColumn int    // sent only when StartLine == EndLine, as GitHub demands; 0: none
	Level                  string // failure, warning, notice
	Title, Message         string // 255 characters; 64 KiB
}

// Button is a check run's requested action: label 20, description 40, identifier 20 characters.
type Button struct{ Label, Description, Identifier string }

// CreateCheckRun creates the run and sends annotations beyond 50 in further requests of 50. It returns the run's id
// also together with an error, when the run was created but not all annotations arrived.
func (c *Client) CreateCheckRun(ctx context.Context, run CheckRun) (id int64, err error) {
	const op = "create check run"
	err = run.validate()
	if !isSHA(run.HeadSHA) {
		err = &InvalidError{"check run's commit", "it is not an object id"}
	}
	if err != nil {
		return 0, &Error{Op: op, About: c.calls.about, Err: err}
	}
	first, rest := cut(run.Annotations)
	options := gogithub.CreateCheckRunOptions{
		Name:        run.Name,
		HeadSHA:     run.HeadSHA,
		ExternalID:  optional(run.ExternalID),
		Status:      new("completed"),
		Conclusion:  new(string(run.Conclusion)),
		StartedAt:   timestamp(run.StartedAt),
		CompletedAt: timestamp(run.CompletedAt),
		Output:      run.output(first),
		Actions:     run.actions(),
	}
	err = c.do(ctx, op, writeCheck, func(ctx context.Context, rest *gogithub.Client) error {
		created, _, err := rest.Checks.CreateCheckRun(ctx, c.repo.Owner, c.repo.Name, options)
		id = created.GetID()
		return err
	})
	if err != nil {
		return 0, err
	}
	return id, c.annotate(ctx, id, run, rest)
}

// UpdateCheckRun sets the run to what run says. GitHub appends annotations: give new ones only. HeadSHA and StartedAt are
// not used: a run stays on its commit.
func (c *Client) UpdateCheckRun(ctx context.Context, id int64, run CheckRun) error {
	const op = "update check run"
	if err := run.validate(); err != nil {
		return &Error{Op: op, About: c.calls.about, Err: err}
	}
	first, rest := cut(run.Annotations)
	actions := append([]*gogithub.CheckRunAction{}, run.actions()...)
	update := checkRunUpdate{
		UpdateCheckRunOptions: gogithub.UpdateCheckRunOptions{
			Name:        run.Name,
			ExternalID:  optional(run.ExternalID),
			Status:      new("completed"),
			Conclusion:  new(string(run.Conclusion)),
			CompletedAt: timestamp(run.CompletedAt),
			Output:      run.output(first),
		},
		Actions: &actions,
	}
	if err := c.updateCheckRun(ctx, op, writeCheck, id, update); err != nil {
		return err
	}
	return c.annotate(ctx, id, run, rest)
}

// annotate adds annotations to a run that exists. Title, summary and text go with them, since GitHub takes none alone.
func (c *Client) annotate(ctx context.Context, id int64, run CheckRun, annotations []Annotation) error {
	for len(annotations) > 0 {
		var next []Annotation
		next, annotations = cut(annotations)
		update := checkRunUpdate{UpdateCheckRunOptions: gogithub.UpdateCheckRunOptions{Name: run.Name, Output: run.output(next)}}
		if err := c.updateCheckRun(ctx, "add annotations to check run", moreChecks, id, update); err != nil {
			return err
		}
	}
	return nil
}

// checkRunUpdate is an update whose empty list of buttons is sent: GitHub keeps what an update leaves out, and go-github
// leaves out what is empty.
type checkRunUpdate struct {
	gogithub.UpdateCheckRunOptions
	Actions *[]*gogithub.CheckRunAction `json:"actions,omitempty"` // nil keeps the buttons
}

func (c *Client) updateCheckRun(ctx context.Context, op string, class class, id int64, update checkRunUpdate) error {
	return c.do(ctx, op, class, func(ctx context.Context, rest *gogithub.Client) error {
		request, err := rest.NewRequest(http.MethodPatch, c.path("/check-runs/%d", id), update)
		if err != nil {
			return err
		}
		_, err = rest.Do(ctx, request, nil)
		return err
	})
}

// FindCheckRuns looks among the App's own runs of that name on the commit for those with the external id, oldest first.
func (c *Client) FindCheckRuns(ctx context.Context, sha, name, externalID string) ([]int64, error) {
	const op = "find check run"
	if !isSHA(sha) {
		return nil, &Error{Op: op, About: c.calls.about, Err: &InvalidError{"commit", "it is not an object id"}}
	}
	if c.wrong != nil {
		return nil, &Error{Op: op, About: "GitHub", Err: c.wrong}
	}
	query := url.Values{
		"check_name": {name},
		"app_id":     {strconv.FormatInt(c.app.id, 10)},
		"filter":     {"all"}, // latest, the default, hides older runs of the name
		"per_page":   {"100"},
	}
	var ids []int64
	err := eachPage(ctx, c.calls, op, c.path("/commits/%s/check-runs?%s", sha, query.Encode()),
		func(page *gogithub.ListCheckRunsResults) bool {
			for _, run := range page.CheckRuns {
				if run.GetExternalID() == externalID && run.GetName() == name && run.GetApp().GetID() == c.app.id {
					ids = append(ids, run.GetID())
				}
			}
			return true
		})
	slices.Sort(ids)
	return ids, err
}

// validate refuses what GitHub would answer with a 422, or cut without a word.
func (r CheckRun) validate() error {
	if err := firstError(
		required("check run's name", r.Name),
		required("check run's conclusion", string(r.Conclusion)),
		limitText("check run's title", r.Title, maxCheckTitle),
		limitText("check run's summary", r.Summary, maxCheckText),
		limitText("check run's text", r.Text, maxCheckText),
	); err != nil {
		return err
	}
	if (r.Text != "" || len(r.Annotations) > 0) && (r.Title == "" || r.Summary == "") {
		return &InvalidError{"check run", "text and annotations need a title and a summary"}
	}
	for i, a := range r.Annotations {
		if err := a.validate(fmt.Sprintf("annotation %d", i)); err != nil {
			return err
		}
	}
	if len(r.Actions) > maxButtons {
		return &InvalidError{"check run's buttons", fmt.Sprintf("there are %d, GitHub takes %d", len(r.Actions), maxButtons)}
	}
	for _, b := range r.Actions {
		if err := firstError(
			required("button's label", b.Label),
			required("button's description", b.Description),
			required("button's identifier", b.Identifier),
			limitText("button's label", b.Label, maxButtonLabel),
			limitText("button's description", b.Description, maxButtonText),
			limitText("button's identifier", b.Identifier, maxButtonIdentifier),
		); err != nil {
			return err
		}
	}
	return nil
}

func (a Annotation) validate(what string) error {
	switch a.Level {
	case "failure", "warning", "notice":
	default:
		return &InvalidError{what, fmt.Sprintf("there is no level %q", a.Level)}
	}
	if a.StartLine < 1 || a.EndLine < a.StartLine {
		return &InvalidError{what, fmt.Sprintf("lines %d to %d are none", a.StartLine, a.EndLine)}
	}
	if len(a.Message) > maxAnnotationBytes {
		return &InvalidError{what + "'s message", fmt.Sprintf("it has %d bytes, GitHub takes %d: cut it", len(a.Message), maxAnnotationBytes)}
	}
	return firstError(
		required(what+"'s path", a.Path),
		required(what+"'s message", a.Message),
		limitText(what+"'s title", a.Title, maxAnnotationTitle),
	)
}

func (r CheckRun) output(annotations []Annotation) *gogithub.CheckRunOutput {
	if r.Title == "" && r.Summary == "" {
		return nil
	}
	output := &gogithub.CheckRunOutput{Title: &r.Title, Summary: &r.Summary, Text: optional(r.Text)}
	for _, a := range annotations {
		sent := &gogithub.CheckRunAnnotation{
			Path: &a.Path, StartLine: &a.StartLine, EndLine: &a.EndLine,
			AnnotationLevel: &a.Level, Title: optional(a.Title), Message: &a.Message,
		}
		if a.StartLine == a.EndLine && a.StartColumn > 0 && a.EndColumn >= a.StartColumn {
			sent.StartColumn, sent.EndColumn = &a.StartColumn, &a.EndColumn
		}
		output.Annotations = append(output.Annotations, sent)
	}
	return output
}

func (r CheckRun) actions() []*gogithub.CheckRunAction {
	var actions []*gogithub.CheckRunAction
	for _, b := range r.Actions {
		actions = append(actions, &gogithub.CheckRunAction{Label: b.Label, Description: b.Description, Identifier: b.Identifier})
	}
	return actions
}

// cut takes the annotations of one request.
func cut(all []Annotation) (first, rest []Annotation) {
	n := min(len(all), maxAnnotations)
	return all[:n], all[n:]
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func timestamp(t time.Time) *gogithub.Timestamp {
	if t.IsZero() {
		return nil
	}
	return &gogithub.Timestamp{Time: t}
}
