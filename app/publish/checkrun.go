package publish

import (
	"context"
	"slices"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/text"
)

// checkRun is the check run as GitHub's client takes it.
func checkRun(run text.CheckRun) github.CheckRun {
	out := github.CheckRun{
		Name: run.Name, HeadSHA: run.HeadSHA, ExternalID: run.ExternalID,
		Conclusion: github.Conclusion(run.Conclusion), Title: run.Title, Summary: run.Summary,
		StartedAt: run.StartedAt, CompletedAt: run.CompletedAt,
	}
	for _, a := range run.Annotations {
		out.Annotations = append(out.Annotations, github.Annotation{
			Path: a.Path, StartLine: a.StartLine, EndLine: a.EndLine, StartColumn: a.StartColumn, EndColumn: a.EndColumn,
			Level: string(a.Level), Title: a.Title, Message: a.Message,
		})
	}
	for _, b := range run.Buttons {
		out.Actions = append(out.Actions, github.Button(b))
	}
	return out
}

// checkRuns makes one check run of a commit say what it is to say: run, under id; 0: there is none yet.
type checkRuns struct {
	w       *Worker
	client  *github.Client
	run     *github.CheckRun
	id      *int64
	doubles *[]int64 // further runs, to be withdrawn
}

// find looks on GitHub for what an interrupted run of the effect may have made.
func (r *checkRuns) find(ctx context.Context) error {
	if *r.id != 0 {
		return nil
	}
	ids, err := r.client.FindCheckRuns(ctx, r.run.HeadSHA, r.run.Name, r.run.ExternalID)
	if err != nil || len(ids) == 0 {
		return err
	}
	*r.id, *r.doubles = ids[0], ids[1:]
	return nil
}

// send creates the run or updates it, and withdraws the doubles.
func (r *checkRuns) send(ctx context.Context, before func(context.Context) error) error {
	client := r.client.BeforeWrite(before)
	for _, id := range *r.doubles {
		if err := client.UpdateCheckRun(ctx, id, superseded(r.run.Name, r.run.ExternalID)); err != nil {
			return err
		}
	}
	// The ledger does not note all annotations, nor what an interrupted run sent and the one after it did not, about a leak that was
	// closed and open again: GitHub is asked which of those are there.
	if *r.id != 0 && len(r.run.Annotations) > 0 {
		there, err := client.Annotations(ctx, *r.id)
		if err != nil {
			return err
		}
		r.run.Annotations = missing(r.run.Annotations, there)
	}
	if *r.id != 0 {
		return client.UpdateCheckRun(ctx, *r.id, r.w.redactRun(ctx, *r.run))
	}
	var err error
	*r.id, err = client.CreateCheckRun(ctx, r.w.redactRun(ctx, *r.run))
	return err
}

// missing returns which of the annotations are not there yet, by place and title.
func missing(annotations, there []github.Annotation) []github.Annotation {
	type identity struct {
		path              string
		line, end, column int
		title             string
	}
	identify := func(a github.Annotation) identity {
		if a.StartLine != a.EndLine {
			a.StartColumn = 0 // GitHub keeps columns of single lines only
		}
		return identity{a.Path, a.StartLine, a.EndLine, a.StartColumn, a.Title}
	}
	known := map[identity]bool{}
	for _, a := range there {
		known[identify(a)] = true
	}
	return slices.DeleteFunc(slices.Clone(annotations), func(a github.Annotation) bool { return known[identify(a)] })
}
