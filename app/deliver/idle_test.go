package deliver

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/github/webhook/webhooktest"
	"github.com/rekey-app/rekey/respond/ledger"
)

// variants are an example payload as it is, and as it would be with other people and other words.
func variants(t *testing.T, event string, example []byte) map[string][]byte {
	t.Helper()
	list := map[string][]byte{"as it is": example}
	change := func(name string, by func(tree map[string]any)) {
		var tree map[string]any
		if err := json.Unmarshal(example, &tree); err != nil {
			t.Fatal(err)
		}
		by(tree)
		body, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		list[name] = body
	}
	installed := func(tree map[string]any) { tree["installation"] = map[string]any{"id": 3} }
	for _, kind := range []string{"User", "Bot", "Organization"} {
		change("by a "+kind, func(tree map[string]any) {
			installed(tree)
			tree["sender"] = map[string]any{"id": 1, "login": "sam", "type": kind}
		})
	}
	change("by nobody", func(tree map[string]any) { installed(tree); delete(tree, "sender") })
	if event == "issue_comment" {
		for _, words := range []string{"/rekey status", "Thanks.\n\n/rekey ignore a fixture", "We use /rekey here", "Thanks."} {
			change(words, func(tree map[string]any) {
				installed(tree)
				comment, _ := tree["comment"].(map[string]any)
				comment["body"], comment["user"] = words, map[string]any{"id": 1, "login": "sam", "type": "User"}
			})
		}
	}
	return list
}

func deliveryOf(t *testing.T, event string, body []byte) ledger.Delivery {
	t.Helper()
	var named struct {
		Action string `json:"action"`
	}
	if err := json.Unmarshal(body, &named); err != nil {
		t.Fatal(err)
	}
	return ledger.Delivery{Event: event, Action: named.Action, Body: body}
}

// TestIdleDeliveriesAskForNothing: what is finished without being looked at would have done nothing, in any of GitHub's example payloads.
func TestIdleDeliveriesAskForNothing(t *testing.T) {
	t.Parallel()
	events, err := webhooktest.Events()
	if err != nil {
		t.Fatal(err)
	}
	idle, busy := map[string]int{}, map[string]int{}
	for _, event := range events {
		for i, example := range event.Examples {
			for name, body := range variants(t, event.Name, example) {
				d := deliveryOf(t, event.Name, body)
				if !Idle(d) {
					busy[event.Name]++
					continue
				}
				idle[event.Name]++
				what := fmt.Sprintf("%s, example %d (%s), %s", event.Name, i, d.Action, name)
				e, err := webhook.Decode(event.Name, body)
				if err != nil {
					t.Errorf("%s: %v", what, err)
					continue
				}
				if c, is := commandFrom(e, ours); is {
					t.Errorf("%s: command %+v", what, c)
				}
				p := planOf(e, ours)
				p.Note = ""
				if diff := cmp.Diff(plan{}, p); diff != "" {
					t.Errorf("%s asks for something: %s", what, diff)
				}
			}
		}
	}
	texts := []string{
		"issues", "issue_comment", "pull_request_review", "pull_request_review_comment", "commit_comment", "discussion", "discussion_comment", "release",
		"workflow_run",
	}
	for _, event := range texts {
		if idle[event] == 0 {
			t.Errorf("no example of %s is idle: each costs a job", event)
		}
	}
	for event, n := range idle {
		if !slices.Contains(texts, event) {
			t.Errorf("%d of %s are idle", n, event)
		}
	}
	if busy["issues"] == 0 || busy["issue_comment"] == 0 || busy["push"] == 0 || busy["workflow_run"] == 0 || busy["gollum"] == 0 {
		t.Errorf("busy: %v", busy)
	}
}

// TestWhatIsNotIdle: commands, the ends of issues, and what may be ours, made twice.
func TestWhatIsNotIdle(t *testing.T) {
	t.Parallel()
	const person, bot = `"sender":{"login":"sam","type":"User"}`, `"sender":{"login":"rekey[bot]","type":"Bot"}`
	comment := func(words, by string) string {
		body, _ := json.Marshal(words)
		return `{"comment":{"body":` + string(body) + `},` + by + `}`
	}
	for _, test := range []struct {
		event, action, body string
		want                bool
	}{
		{"issue_comment", "created", comment("Thanks", person), true},
		{"issue_comment", "created", comment("/rekey rotated", person), false},
		{"issue_comment", "created", comment("Thanks\n\n  /rekey", person), false},
		{"issue_comment", "created", `{"comment":{"body":"\/rekey rotated"},` + person + `}`, false},
		{"issue_comment", "created", `{"comment":{"body":"\u002frekey rotated"},` + person + `}`, false},
		{"issue_comment", "edited", comment("/rekey rotated", person), true}, // commands are given once
		{"issue_comment", "deleted", comment("/rekey rotated", person), true},
		{"issue_comment", "created", comment("Thanks", bot), false},
		{"issue_comment", "edited", comment("Thanks", bot), true},
		{"issue_comment", "created", comment("Thanks", `"sender":null`), true},
		{"release", "published", `{"release":{"assets":[]}}`, true},
		{"release", "published", `{"release":{"assets":[{"id":1}]}}`, false},
		{"release", "deleted", `{"release":{"assets":[{"id":1}]}}`, false},
		{"release", "edited", `{}`, true},
		{"workflow_run", "requested", `{}`, true},
		{"workflow_run", "in_progress", `{}`, true},
		{"workflow_run", "completed", `{}`, false},
		{"gollum", "", `{}`, false},
		{"issues", "opened", `{` + person + `}`, true},
		{"issues", "opened", `{` + bot + `}`, false},
		{"issues", "edited", `{` + person + `}`, true},
		{"issues", "edited", `{` + bot + `}`, true},
		{"issues", "labeled", `{` + bot + `}`, true},
		{"issues", "closed", `{` + person + `}`, false},
		{"issues", "closed", `{` + bot + `}`, false},
		{"issues", "reopened", `{` + person + `}`, false},
		{"issues", "deleted", `{` + person + `}`, false},
		{"issues", "transferred", `{` + person + `}`, false},
		{"pull_request", "edited", `{` + person + `}`, false},
		{"pull_request", "opened", `{` + person + `}`, false},
		{"pull_request_review", "submitted", `{` + bot + `}`, true}, // rekey writes no reviews
		{"discussion_comment", "created", `{` + person + `}`, true},
		{"release", "published", `{` + person + `}`, true},
		{"push", "", `{` + person + `}`, false},
		{"check_run", "requested_action", `{` + person + `}`, false},
		{"installation", "deleted", `{` + person + `}`, false},
		{"repository", "publicized", `{` + person + `}`, false},
		{"secret_scanning_alert", "created", `{` + person + `}`, false},
		{"an_event_of_next_year", "created", `{` + person + `}`, false},
	} {
		d := ledger.Delivery{Event: test.event, Action: test.action, Body: []byte(test.body)}
		if got := Idle(d); got != test.want {
			t.Errorf("%s %s %s: idle is %v", test.event, test.action, test.body, got)
		}
	}
}
