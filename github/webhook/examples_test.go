package webhook_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/github/webhook/webhooktest"
)

type example struct {
	event string
	body  []byte
}

func examples(t *testing.T) []example {
	t.Helper()
	events, err := webhooktest.Events()
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	for _, event := range events {
		for _, body := range event.Examples {
			all = append(all, example{event.Name, body})
		}
	}
	return all
}

func TestGitHubsExamples(t *testing.T) {
	all := examples(t)
	if len(all) < 329 {
		t.Errorf("%d examples, want 329", len(all))
	}
	decoded := map[string]int{}
	for _, example := range all {
		header := http.Header{"X-Hub-Signature-256": {webhook.Sign("secret", example.body)}}
		if err := webhook.Verify(header, example.body, []string{"secret"}); err != nil {
			t.Errorf("%s: %v", example.event, err)
		}
		event, err := webhook.Decode(example.event, example.body)
		if errors.Is(err, webhook.ErrUnknownEvent) {
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", example.event, err)
			continue
		}
		decoded[example.event]++
		compare(t, example, event)
	}
	for event, want := range map[string]int{
		"push": 7, "pull_request": 29, "merge_group": 2, "check_run": 9, "check_suite": 9, "installation": 7,
		"installation_repositories": 3, "repository": 13, "issues": 29, "issue_comment": 9, "ping": 4,
	} {
		if decoded[event] != want {
			t.Errorf("%d of %d %s events decoded", decoded[event], want, event)
		}
	}
}

// compare reads the example a second time, as a tree without types.
func compare(t *testing.T, example example, event webhook.Event) {
	t.Helper()
	var tree map[string]any
	if err := json.Unmarshal(example.body, &tree); err != nil {
		t.Fatal(err)
	}
	check := func(what string, got any, path ...string) {
		t.Helper()
		var want any = tree
		for _, key := range path {
			node, _ := want.(map[string]any)
			want = node[key]
		}
		switch got := got.(type) {
		case string:
			if text, _ := want.(string); text != got {
				t.Errorf("%s: %s is %q, want %v", example.event, what, got, want)
			}
		case int64:
			if number, _ := want.(float64); int64(number) != got {
				t.Errorf("%s: %s is %d, want %v", example.event, what, got, want)
			}
		case bool:
			if yes, _ := want.(bool); yes != got {
				t.Errorf("%s: %s is %v, want %v", example.event, what, got, want)
			}
		}
	}
	about := event.About()
	check("action", about.Action, "action")
	check("installation", about.InstallationID, "installation", "id")
	check("repository", about.Repository.ID, "repository", "id")
	check("sender", about.Sender.Login, "sender", "login")
	check("owner", about.Repository.Owner, "repository", "owner", "login")
	check("default branch", about.Repository.DefaultBranch, "repository", "default_branch")
	check("private", about.Repository.Private, "repository", "private")
	switch e := event.(type) {
	case *webhook.Push:
		check("ref", e.Ref, "ref")
		check("before", e.Before, "before")
		check("after", e.After, "after")
		check("head commit", e.HeadCommitID, "head_commit", "id")
		check("deleted", e.Deleted, "deleted")
		if e.Deleted != (e.After == webhook.ZeroSHA) {
			t.Errorf("deleted %v from %s to %s", e.Deleted, e.Before, e.After)
		}
	case *webhook.PullRequest:
		check("head", e.HeadSHA, "pull_request", "head", "sha")
		check("base", e.BaseSHA, "pull_request", "base", "sha")
		check("author", e.Author.Login, "pull_request", "user", "login")
		check("head ref", e.HeadRef, "pull_request", "head", "ref")
		check("base ref", e.BaseRef, "pull_request", "base", "ref")
		check("association", e.Association, "pull_request", "author_association")
	case *webhook.MergeGroup:
		check("head", e.HeadSHA, "merge_group", "head_sha")
		check("head ref", e.HeadRef, "merge_group", "head_ref")
		check("base", e.BaseSHA, "merge_group", "base_sha")
	case *webhook.CheckRun:
		check("id", e.ID, "check_run", "id")
		check("head", e.HeadSHA, "check_run", "head_sha")
		check("app", e.AppID, "check_run", "app", "id")
		check("button", e.RequestedAction, "requested_action", "identifier")
	case *webhook.CheckSuite:
		check("head", e.HeadSHA, "check_suite", "head_sha")
		check("app", e.AppID, "check_suite", "app", "id")
	case *webhook.Installation:
		check("account", e.Account.Login, "installation", "account", "login")
		if repositories, _ := tree["repositories"].([]any); len(repositories) != len(e.Repositories) {
			t.Errorf("%d repositories, want %d", len(e.Repositories), len(repositories))
		}
		for _, r := range e.Repositories {
			if r.ID == 0 || r.Owner == "" || r.Name == "" {
				t.Errorf("%+v lacks something", r)
			}
		}
	case *webhook.InstallationRepositories:
		if len(e.Added)+len(e.Removed) == 0 {
			t.Error("nothing added, nothing removed")
		}
	case *webhook.Issues:
		check("body", e.Issue.Body, "issue", "body")
	case *webhook.IssueComment:
		check("comment", e.CommentID, "comment", "id")
		check("body", e.Body, "comment", "body")
		check("author", e.Author.Login, "comment", "user", "login")
		check("body of the issue", e.Issue.Body, "issue", "body")
	}
}
