package deliver

import (
	"log/slog"

	"github.com/rekey-app/rekey/github/webhook"
)

// eventAttrs returns what log lines about an event name it by.
func eventAttrs(event webhook.Event) []slog.Attr {
	var attrs []slog.Attr
	if r := event.About().Repository; r.ID != 0 {
		attrs = append(attrs, slog.String("repository", r.Owner+"/"+r.Name))
	}
	switch e := event.(type) {
	case *webhook.Push:
		attrs = append(attrs, slog.String("ref", e.Ref), slog.String("head", e.After))
	case *webhook.PullRequest:
		attrs = append(attrs, slog.Int("pull_request", e.Number), slog.String("head", e.HeadSHA))
	case *webhook.MergeGroup:
		attrs = append(attrs, slog.String("ref", e.HeadRef), slog.String("head", e.HeadSHA))
	case *webhook.CheckRun:
		attrs = append(attrs, slog.String("head", e.HeadSHA))
	case *webhook.CheckSuite:
		attrs = append(attrs, slog.String("head", e.HeadSHA))
	case *webhook.Issues:
		attrs = append(attrs, slog.Int("issue", e.Issue.Number))
	case *webhook.IssueComment:
		attrs = append(attrs, slog.Int("issue", e.Issue.Number))
	case *webhook.Installation:
		attrs = append(attrs, slog.String("account", e.Account.Login))
	}
	return attrs
}
