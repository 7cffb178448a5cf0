package deliver

import (
	"context"

	"github.com/rekey-app/rekey/github/webhook"
)

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
