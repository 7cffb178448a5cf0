package publish

import (
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
