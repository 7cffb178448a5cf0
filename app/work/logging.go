package work

import (
	"context"

	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond/ledger"
)

// LeakFound is the message of the one log line that each new leak gets.
const LeakFound = "leak found"

// eventAttrs returns what log lines about an event name it by.
func eventAttrs(event webhook.Event) []any {
	var attrs []any
	if r := event.About().Repository; r.ID != 0 {
		attrs = append(attrs, "repository", r.Owner+"/"+r.Name)
	}
	switch e := event.(type) {
	case *webhook.Push:
		attrs = append(attrs, "ref", e.Ref, "head", e.After)
	case *webhook.PullRequest:
		attrs = append(attrs, "pull_request", e.Number, "head", e.HeadSHA)
	case *webhook.MergeGroup:
		attrs = append(attrs, "ref", e.HeadRef, "head", e.HeadSHA)
	case *webhook.CheckRun:
		attrs = append(attrs, "head", e.HeadSHA)
	case *webhook.CheckSuite:
		attrs = append(attrs, "head", e.HeadSHA)
	case *webhook.Issues:
		attrs = append(attrs, "issue", e.Issue.Number)
	case *webhook.IssueComment:
		attrs = append(attrs, "issue", e.Issue.Number)
	case *webhook.Installation:
		attrs = append(attrs, "account", e.Account.Login)
	}
	return attrs
}

type attrsKey struct{}

// withAttrs returns a context whose log lines about a delivery carry attrs.
func withAttrs(ctx context.Context, attrs []any) context.Context {
	return context.WithValue(ctx, attrsKey{}, attrs)
}

func attrsOf(ctx context.Context) []any {
	attrs, _ := ctx.Value(attrsKey{}).([]any)
	return attrs
}

// logLeaks writes a line for each leak that a scan brought: what an operator must not overlook among the deliveries.
func (w *Worker) logLeaks(ctx context.Context, t *task, found []ledger.Leak, sightings map[int64][]ledger.Sighting) {
	for _, l := range found {
		path := ""
		if places := sightings[l.ID]; len(places) > 0 {
			path = places[0].Path
		}
		w.Log.WarnContext(ctx, LeakFound, "leak", l.ID, "kind", l.Kind, "environment", l.Environment, "severity", l.Severity,
			"confidence", l.Confidence, "credential", l.Redacted, "repository", t.Repository.Owner+"/"+t.Repository.Name,
			"ref", t.Ref, "head", t.Head, "path", path, "pusher", t.Pusher)
	}
}
