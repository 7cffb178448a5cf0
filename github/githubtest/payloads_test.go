package githubtest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/webhook/webhooktest"
)

// shape is what GitHub's example payloads of one event have in common.
type shape struct {
	kinds  map[string]bool // null, object, array, string, number, bool
	always map[string]bool // keys that every object here has
	fields map[string]*shape
	items  *shape
}

func newShape() *shape { return &shape{kinds: map[string]bool{}, fields: map[string]*shape{}} }

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case float64:
		return "number"
	}
	return "bool"
}

func (s *shape) learn(v any) {
	s.kinds[kindOf(v)] = true
	switch v := v.(type) {
	case map[string]any:
		if s.always == nil {
			s.always = map[string]bool{}
			for k := range v {
				s.always[k] = true
			}
		}
		for k := range s.always {
			if _, there := v[k]; !there {
				delete(s.always, k)
			}
		}
		for k, sub := range v {
			if s.fields[k] == nil {
				s.fields[k] = newShape()
			}
			if k == "permissions" {
				sub = map[string]any{} // each App has its own
			}
			s.fields[k].learn(sub)
		}
	case []any:
		if s.items == nil {
			s.items = newShape()
		}
		for _, sub := range v {
			s.items.learn(sub)
		}
	}
}

// differs lists where v is not like what was learnt: keys that are missing, values of a kind never seen.
func (s *shape) differs(v any, path string) (list []string) {
	kind := kindOf(v)
	if len(s.kinds) > 0 && !s.kinds[kind] && !(s.kinds["null"] && len(s.kinds) == 1) && kind != "null" {
		return []string{fmt.Sprintf("%s is %s", path, kind)}
	}
	switch v := v.(type) {
	case map[string]any:
		for k := range s.always {
			if _, there := v[k]; !there {
				list = append(list, path+"."+k+" is missing")
			}
		}
		for k, sub := range v {
			if s.fields[k] != nil {
				list = append(list, s.fields[k].differs(sub, path+"."+k)...)
			}
		}
	case []any:
		for i, sub := range v {
			if s.items != nil {
				list = append(list, s.items.differs(sub, fmt.Sprintf("%s[%d]", path, i))...)
			}
		}
	}
	return list
}

// examples reads GitHub's example payloads, by event and action.
func examples(t *testing.T) map[string]*shape {
	t.Helper()
	events, err := webhooktest.Events()
	if err != nil {
		t.Fatal(err)
	}
	shapes := map[string]*shape{}
	for _, event := range events {
		for _, text := range event.Examples {
			var body map[string]any
			if err := json.Unmarshal(text, &body); err != nil {
				t.Fatal(err)
			}
			if hook, isObject := body["hook"].(map[string]any); isObject && hook["type"] != "App" {
				delete(body, "hook") // repositories' and organisations' hooks look otherwise
				delete(body, "repository")
				delete(body, "sender")
			}
			name := event.Name
			if action, isString := body["action"].(string); isString {
				name += "." + action
			}
			if shapes[name] == nil {
				shapes[name] = newShape()
			}
			shapes[name].learn(body)
		}
	}
	return shapes
}

func TestPayloadsAreLikeGitHubs(t *testing.T) {
	t.Parallel()
	shapes := examples(t)
	b := present(setup(t, githubtest.Options{}))
	ctx := t.Context()
	must := func(_ githubtest.Delivery, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	b.installation.Remove(ctx, b.ada)
	b.installation.Add(ctx, b.ada, b.repo)
	b.Ping(ctx)
	head := b.commit(githubtest.Change{Files: map[string]string{"x": "1"}})
	b.push(githubtest.Push{Ref: "refs/heads/topic", SHA: head})
	b.push(githubtest.Push{Ref: "refs/tags/v1", SHA: head})
	b.push(githubtest.Push{Ref: "refs/tags/v1"})
	pr, _, err := b.repo.OpenPullRequest(ctx, githubtest.PullRequestOptions{HeadRef: "topic"})
	if err != nil {
		t.Fatal(err)
	}
	b.push(githubtest.Push{Ref: "refs/heads/topic", SHA: b.commit(githubtest.Change{Branch: "topic", Files: map[string]string{"x": "2"}})})
	if _, err := b.repo.MergeGroup(ctx, "", pr.Head(), b.ada); err != nil {
		t.Fatal(err)
	}
	made, _, err := b.rest(nil).Checks.CreateCheckRun(ctx, "acme", "shop", run(pr.Head()))
	if err != nil {
		t.Fatal(err)
	}
	must(b.repo.Rerequest(ctx, made.GetID(), b.ada))
	must(b.repo.PressButton(ctx, made.GetID(), "rescan", b.ada))
	must(b.repo.RerequestSuite(ctx, pr.Head(), b.ada))
	number, _ := b.repo.OpenIssue(ctx, "t", "b", b.ada)
	must(b.repo.Comment(ctx, number, "hello", b.ada))
	must(b.repo.CloseIssue(ctx, number, "", b.ada))
	must(b.repo.ReopenIssue(ctx, number, b.ada))
	if moved, sent, err := b.repo.TransferIssue(ctx, number, b.repo, b.ada); err != nil || moved == number {
		t.Fatal(moved, sent.Status, err)
	}
	number, _ = b.repo.OpenIssue(ctx, "t", "b", b.ada)
	must(b.repo.DeleteIssue(ctx, number, b.ada))
	pr.Comment(ctx, "hello", b.ada)
	pr.Close(ctx, b.ada)
	pr.Reopen(ctx, b.ada)
	pr.Ready(ctx, b.ada)
	b.repo.Rename(ctx, b.ada, "store")
	b.repo.Publicize(ctx, b.ada)
	b.repo.Privatize(ctx, b.ada)
	b.installation.Suspend(ctx, b.ada)
	b.installation.Unsuspend(ctx, b.ada)
	b.installation.Uninstall(ctx, b.ada)
	if err := b.Settle(ctx); err != nil {
		t.Fatal(err)
	}

	seen := map[string]bool{}
	for _, d := range b.Deliveries() {
		name := strings.TrimSuffix(d.Event+"."+d.Action, ".")
		seen[name] = true
		if shapes[name] == nil {
			t.Logf("GitHub gives no example of %s", name)
			continue
		}
		var body any
		if err := json.Unmarshal(d.Payload, &body); err != nil {
			t.Fatal(err)
		}
		differs := shapes[name].differs(body, name)
		slices.Sort(differs)
		for _, what := range slices.Compact(differs) {
			t.Error(what)
		}
	}
	if len(seen) < 25 {
		t.Errorf("%d kinds of events were compared, want 25", len(seen))
	}
}
