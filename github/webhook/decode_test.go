package webhook_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/github/webhook"
)

var (
	shaA   = strings.Repeat("a", 40)
	shaB   = strings.Repeat("b", 40)
	shaC64 = strings.Repeat("c", 64)
)

const repository = `"repository":{"id":7,"name":"api","full_name":"acme/api","owner":{"login":"acme","id":3,"type":"Organization"},` +
	`"default_branch":"main","private":true,"visibility":"internal","created_at":1557933565,"pushed_at":"2026-01-02T03:04:05Z"}`

func TestDecode(t *testing.T) {
	common := webhook.Common{
		InstallationID: 9,
		Repository: webhook.Repository{
			ID: 7, Owner: "acme", Name: "api", DefaultBranch: "main", Private: true,
		},
		Sender: webhook.Account{ID: 1, Login: "kim", Type: "User"},
	}
	with := func(action string) webhook.Common {
		c := common
		c.Action = action
		return c
	}
	for name, test := range map[string]struct {
		event, body string
		want        webhook.Event
	}{
		"push": {
			"push", `{"ref":"refs/heads/a","base_ref":null,"before":"` + shaA + `","after":"` + shaB + `","forced":true,` +
				`"head_commit":{"id":"` + shaB + `","author":{"name":"K"},"committer":{"username":"web-flow"}},` +
				`"commits":[{},{"id":"` + shaA + `","distinct":false},{"id":"` + shaB + `","distinct":true},{"id":"x","distinct":true}],` +
				`"pusher":{"name":"kim","email":null}` + rest,
			&webhook.Push{
				Common: common, Ref: "refs/heads/a", Before: shaA, After: shaB, Forced: true, HeadCommitID: shaB,
				PusherLogin: "kim", Commits: []string{shaA, shaB}, Distinct: []string{shaB},
			},
		},
		"deleted branch": {
			"push", `{"ref":"refs/heads/a","before":"` + shaA + `","after":"` + webhook.ZeroSHA + `","deleted":true,` +
				`"head_commit":null,"commits":null,"pusher":{"name":"deploy-key"}` + rest,
			&webhook.Push{
				Common: common, Ref: "refs/heads/a", Before: shaA, After: webhook.ZeroSHA, Deleted: true,
			},
		},
		"pull request of a deleted fork": {
			"pull_request", `{"action":"synchronize","number":5,"pull_request":{"user":null,"body":null,"state":"open","draft":true,` +
				`"head":{"sha":"` + shaA + `","ref":"patch","repo":null},"base":{"sha":"` + shaB + `","ref":"main","repo":{"id":7}}}` + rest,
			&webhook.PullRequest{
				Common: with("synchronize"), Number: 5, HeadSHA: shaA, HeadRef: "patch", BaseSHA: shaB, BaseRef: "main", Fork: true,
			},
		},
		"pull request into another branch": {
			"pull_request", `{"action":"edited","number":5,"changes":{"base":{"ref":{"from":"old"},"sha":{"from":"` + shaB + `"}}},"pull_request":{"user":null,` +
				`"head":{"sha":"` + shaA + `","ref":"patch","repo":{"id":7}},"base":{"sha":"` + shaB + `","ref":"main","repo":{"id":7}}}` + rest,
			&webhook.PullRequest{
				Common: with("edited"), Number: 5, HeadSHA: shaA, HeadRef: "patch", BaseSHA: shaB, BaseRef: "main", NewBase: true,
			},
		},
		"check run of a fork": {
			"check_run", `{"action":"requested_action","check_run":{"id":4,"name":"Clerk secret keys","head_sha":"` + shaA + `",` +
				`"external_id":"x","status":"completed","conclusion":"failure","output":{"title":null},"pull_requests":[],` +
				`"app":{"id":2},"check_suite":{"head_branch":null,"before":null}},"requested_action":{"identifier":"rotated"}` + rest,
			&webhook.CheckRun{
				Common: with("requested_action"), ID: 4, HeadSHA: shaA, AppID: 2, ExternalID: "x", RequestedAction: "rotated",
			},
		},
		"check suite": {
			"check_suite", `{"action":"rerequested","check_suite":{"id":4,"head_sha":"` + shaA + `","head_branch":"b","before":"` + shaB + `",` +
				`"after":"` + shaA + `","app":{"id":2},"pull_requests":[{"number":1,"head":{"sha":"` + shaA + `","ref":"b","repo":{"id":7}},` +
				`"base":{"sha":"` + shaB + `","ref":"main","repo":{"id":7}}}]}` + rest,
			&webhook.CheckSuite{
				Common: with("rerequested"), HeadSHA: shaA, Before: shaB, AppID: 2,
				PullRequests: []webhook.PullRequestEnds{{Number: 1, HeadSHA: shaA, BaseSHA: shaB}},
			},
		},
		"enterprise installation": {
			"installation", `{"action":"suspend","installation":{"id":9,"account":{"id":3,"slug":"big","name":"Big Co"}}}`,
			&webhook.Installation{
				Common:  webhook.Common{Action: "suspend", InstallationID: 9},
				Account: webhook.Account{ID: 3, Login: "big", Type: "Enterprise"},
			},
		},
		"installation": {
			"installation", `{"action":"created","installation":{"id":9,"account":{"id":3,"login":"acme","type":"Organization"}},` +
				`"repositories":[{"id":7,"name":"api","full_name":"acme/api","private":true}]}`,
			&webhook.Installation{
				Common:       webhook.Common{Action: "created", InstallationID: 9},
				Account:      webhook.Account{ID: 3, Login: "acme", Type: "Organization"},
				Repositories: []webhook.Repository{{ID: 7, Owner: "acme", Name: "api", Private: true}},
			},
		},
		"renamed organisation": {
			"installation_target", `{"action":"renamed","account":{"id":3,"login":"new","type":"Organization"},` +
				`"changes":{"login":{"from":"old"}},"installation":{"id":9}}`,
			&webhook.InstallationTarget{
				Common:    webhook.Common{Action: "renamed", InstallationID: 9},
				Account:   webhook.Account{ID: 3, Login: "new", Type: "Organization"},
				LoginFrom: "old",
			},
		},
		"transferred": {"repository", `{"action":"transferred"` + rest, &webhook.RepositoryChange{Common: with("transferred")}},
		"comment of a deleted account on a pull request": {
			"issue_comment", `{"action":"created","issue":{"id":11,"number":5,"body":null,"user":null,"state":"open","state_reason":null,` +
				`"pull_request":{"url":"x"}},"comment":{"id":12,"body":"/rekey help","user":null,"author_association":"NONE",` +
				`"performed_via_github_app":{"id":2}}` + rest,
			&webhook.IssueComment{
				Common: with("created"), Issue: webhook.Issue{Number: 5, PullRequest: true},
				CommentID: 12, Body: "/rekey help", AppID: 2,
			},
		},
		"closed issue": {
			"issues", `{"action":"closed","issue":{"id":11,"number":5,"body":"b","user":{"id":1,"login":"kim","type":"User"},` +
				`"author_association":"MEMBER","state":"closed","state_reason":"not_planned","performed_via_github_app":{"id":2}}` + rest,
			&webhook.Issues{Common: with("closed"), Issue: webhook.Issue{
				Number: 5, Body: "b", AppID: 2, Author: webhook.Account{ID: 1, Login: "kim", Type: "User"},
			}},
		},
		"app ping": {
			"ping", `{"zen":"z","hook_id":3,"hook":{"type":"App","app_id":2}}`, &webhook.Ping{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := webhook.Decode(test.event, []byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	push := func(ref, before, after string) string {
		return `{"ref":` + ref + `,"before":"` + before + `","after":"` + after + `",` + repository + `}`
	}
	for name, test := range map[string]struct {
		event, body string
		want        error
		says        string
	}{
		"unknown event":         {"star", `{}`, webhook.ErrUnknownEvent, ""},
		"no event":              {"", `{}`, webhook.ErrUnknownEvent, ""},
		"unknown, not JSON":     {"star", `{`, webhook.ErrUnknownEvent, ""},
		"empty":                 {"push", ``, webhook.ErrMalformed, "not JSON"},
		"form":                  {"push", `payload=%7B`, webhook.ErrMalformed, "not JSON"},
		"list":                  {"push", `[]`, webhook.ErrMalformed, "type"},
		"null":                  {"push", `null`, webhook.ErrMalformed, "missing"},
		"cut":                   {"push", push(`"refs/heads/a"`, shaA, shaB)[:60], webhook.ErrMalformed, "not JSON"},
		"no ref":                {"push", push(`null`, shaA, shaB), webhook.ErrMalformed, "ref is missing"},
		"ref of another type":   {"push", push(`{"secret":1}`, shaA, shaB), webhook.ErrMalformed, "ref"},
		"no after":              {"push", push(`"refs/heads/a"`, shaA, ""), webhook.ErrMalformed, "after is missing"},
		"after not hex":         {"push", push(`"refs/heads/a"`, shaA, strings.Repeat("g", 40)), webhook.ErrMalformed, "after is not"},
		"after upper case":      {"push", push(`"refs/heads/a"`, shaA, strings.Repeat("A", 40)), webhook.ErrMalformed, "after is not"},
		"after short":           {"push", push(`"refs/heads/a"`, shaA, "abc"), webhook.ErrMalformed, "after has 3"},
		"after with an option":  {"push", push(`"refs/heads/a"`, shaA, "--upload-pack=x"), webhook.ErrMalformed, "after is not"},
		"SHA-256 repository":    {"push", push(`"refs/heads/a"`, shaC64, shaC64), webhook.ErrSHA256, "before"},
		"no repository":         {"push", `{"ref":"r","before":"` + shaA + `","after":"` + shaB + `"}`, webhook.ErrMalformed, "repository"},
		"no installation":       {"installation", `{"action":"created"}`, webhook.ErrMalformed, "installation"},
		"pull request, no head": {"pull_request", `{"number":1,` + repository + `}`, webhook.ErrMalformed, "head.sha"},
		"comment without id":    {"issue_comment", `{"issue":{"number":1},` + repository + `}`, webhook.ErrMalformed, "comment.id"},
		"no issue":              {"issues", `{"action":"edited",` + repository + `}`, webhook.ErrMalformed, "issue.number"},
		"no review":             {"pull_request_review", `{"pull_request":{"number":1},` + repository + `}`, webhook.ErrMalformed, "review.id"},
		"review of nothing":     {"pull_request_review", `{"review":{"id":1},` + repository + `}`, webhook.ErrMalformed, "pull_request.number"},
		"review without a head": {"pull_request_review", `{"pull_request":{"number":1},"review":{"id":1},` + repository + `}`, webhook.ErrMalformed, "head.sha"},
		"no review comment":     {"pull_request_review_comment", `{"pull_request":{"number":1},` + repository + `}`, webhook.ErrMalformed, "comment.id"},
		"comment on no lines":   {"pull_request_review_comment", `{"comment":{"id":1},` + repository + `}`, webhook.ErrMalformed, "pull_request.number"},
		"no commit comment":     {"commit_comment", `{"comment":null,` + repository + `}`, webhook.ErrMalformed, "comment.id"},
		"no discussion":         {"discussion", `{"discussion":{"title":"secret"},` + repository + `}`, webhook.ErrMalformed, "discussion.number"},
		"no answer":             {"discussion_comment", `{"discussion":{"number":1},` + repository + `}`, webhook.ErrMalformed, "comment.id"},
		"answer to nothing":     {"discussion_comment", `{"comment":{"id":1},` + repository + `}`, webhook.ErrMalformed, "discussion.number"},
		"no release":            {"release", `{"action":"edited",` + repository + `}`, webhook.ErrMalformed, "release.id"},
		"release of nothing":    {"release", `{"release":{"id":1}}`, webhook.ErrMalformed, "repository.id"},
		"body of another type":  {"release", `{"release":{"id":1,"body":{"secret":1}},` + repository + `}`, webhook.ErrMalformed, "body is of another type"},
		"wiki of nothing":       {"gollum", `{"pages":[]}`, webhook.ErrMalformed, "repository.id"},
		"no run":                {"workflow_run", `{"action":"completed",` + repository + `}`, webhook.ErrMalformed, "workflow_run.id"},
		"run of nothing":        {"workflow_run", `{"workflow_run":{"id":1}}`, webhook.ErrMalformed, "repository.id"},
		"changes of a list":     {"issues", `{"issue":{"number":1},"changes":["secret"],` + repository + `}`, webhook.ErrMalformed, "changes"},
	} {
		t.Run(name, func(t *testing.T) {
			event, err := webhook.Decode(test.event, []byte(test.body))
			if !errors.Is(err, test.want) || event != nil {
				t.Fatalf("got %v, %v, want %v", event, err, test.want)
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("%q does not say %q", err, test.says)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("%q holds the payload's words", err)
			}
		})
	}
}

func TestRefsKeepTheirBytes(t *testing.T) {
	for literal, want := range map[string]string{
		`refs/heads/fix`:           "refs/heads/fix",
		`refs/heads/f\u0069x`:      "refs/heads/fix",
		`refs/heads/\"a\/b\\`:      `refs/heads/"a/b\`,
		`refs/heads/\ud83d\ude00`:  "refs/heads/😀",
		`refs/heads/\ud83d`:        "refs/heads/\uFFFD",
		`refs/heads/\ud83dx`:       "refs/heads/\uFFFDx",
		`refs/heads/\ud83d\u0041`:  "refs/heads/\uFFFDA",
		"refs/heads/\xff\xfe":      "refs/heads/\xff\xfe",
		"refs/heads/caf\u00e9":     "refs/heads/caf\u00e9",
		`refs/tags/\b\f\n\r\t`:     "refs/tags/\b\f\n\r\t",
		`refs/heads/gh-readonly/1`: "refs/heads/gh-readonly/1",
	} {
		event, err := webhook.Decode("push", []byte(`{"ref":"`+literal+`","before":"`+shaA+`","after":"`+shaB+`",`+repository+`}`))
		if err != nil {
			t.Errorf("%s: %v", literal, err)
			continue
		}
		if got := event.(*webhook.Push).Ref; got != want {
			t.Errorf("%s: got %q, want %q", literal, got, want)
		}
	}
}

func TestBranchAndTag(t *testing.T) {
	for ref, want := range map[string]struct {
		branch string
		tag    bool
	}{
		"refs/heads/main":      {"main", false},
		"refs/heads/a/b":       {"a/b", false},
		"refs/tags/v1":         {"", true},
		"refs/notes/commits":   {"", false},
		"refs/heads/refs/tags": {"refs/tags", false},
	} {
		push := webhook.Push{Ref: ref}
		if push.Branch() != want.branch || push.IsTag() != want.tag {
			t.Errorf("%s: branch %q, tag %v", ref, push.Branch(), push.IsTag())
		}
	}
}

func FuzzDecode(f *testing.F) {
	events := []string{
		"push", "pull_request", "merge_group", "check_run", "check_suite", "installation", "installation_repositories",
		"installation_target", "github_app_authorization", "repository", "issues", "issue_comment", "ping", "star",
		"pull_request_review", "pull_request_review_comment", "commit_comment", "discussion", "discussion_comment", "release",
	}
	for i := range events {
		f.Add(byte(i), []byte(`{"action":"x","installation":{"id":1},`+repository+`}`))
	}
	f.Add(byte(0), []byte(`{"ref":"refs/heads/\ud83d\u00","before":"`+shaA+`","after":"`+shaB+`",`+repository+`}`))
	f.Add(byte(3), []byte(`{"check_run":{"id":1,"head_sha":"`+shaA+`","pull_requests":[null]},`+repository+`}`))
	const both = `,"changes":{"title":{"from":"a"},"body":{"from":"b"},"name":{"from":"c"}},`
	for i, event := range events {
		for _, action := range []string{"edited", "deleted"} {
			f.Add(byte(i), []byte(`{"action":"`+action+`","number":1,"issue":{"number":1,"title":"t"},"pull_request":{"number":1,"head":{"sha":"`+shaA+`"},`+
				`"base":{"sha":"`+shaB+`"}},"review":{"id":1,"body":"\ud83d"},"comment":{"id":1,"body":"`+event+`","diff_hunk":"@@","updated_at":5},`+
				`"discussion":{"number":1,"title":null},"release":{"id":1,"name":"n","created_at":"x"}`+both+repository+`}`))
		}
	}
	f.Fuzz(func(t *testing.T, which byte, body []byte) {
		event, err := webhook.Decode(events[int(which)%len(events)], body)
		if (event == nil) == (err == nil) {
			t.Fatalf("event %v and error %v", event, err)
		}
		if err != nil && !errors.Is(err, webhook.ErrMalformed) && !errors.Is(err, webhook.ErrUnknownEvent) && !errors.Is(err, webhook.ErrSHA256) {
			t.Fatalf("unnamed error %v", err)
		}
		if push, ok := event.(*webhook.Push); ok && (len(push.After) != 40 || push.Repository.ID == 0) {
			t.Fatalf("push without a commit or a repository: %+v", push)
		}
		if err != nil {
			return
		}
		for _, text := range webhook.Texts(event) {
			action := event.About().Action
			if text.Content == "" || text.Field == "" || text.Former && action != "edited" || text.Deleted != (action == "deleted") {
				t.Fatalf("%s event with the text %+v", action, text)
			}
		}
	})
}
