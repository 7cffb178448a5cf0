package texts

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/github/webhook/webhooktest"
	"github.com/rekey-app/rekey/respond"
)

// shape is where an event's payload holds texts: object's fields, and by which name changes holds what was there before; "": it never does.
type shape struct {
	source respond.Source
	object string
	fields map[string][2]string // a text's field to the payload's, and to that of changes
}

func shapes() map[string]shape {
	body := [2]string{"body", "body"}
	titled := map[string][2]string{"title": {"title", "title"}, "body": body}
	only := map[string][2]string{"body": body}
	return map[string]shape{
		"issues":                      {respond.InIssue, "issue", titled},
		"issue_comment":               {respond.InIssueComment, "comment", only},
		"pull_request":                {respond.InPullRequest, "pull_request", titled},
		"pull_request_review":         {respond.InReview, "review", only},
		"pull_request_review_comment": {respond.InReviewComment, "comment", map[string][2]string{"body": body, "diff_hunk": {"diff_hunk", ""}}},
		"commit_comment":              {respond.InCommitComment, "comment", map[string][2]string{"body": {"body", ""}}},
		"discussion":                  {respond.InDiscussion, "discussion", titled},
		"discussion_comment":          {respond.InDiscussionComment, "comment", only},
		"release":                     {respond.InRelease, "release", map[string][2]string{"title": {"name", "name"}, "body": body}},
	}
}

func finder() Finder { return Finder{detect.New(detect.Options{})} }

const around = "these words are nobody's business"

// pasted is a text that holds a key in its third line, and the key's fingerprint.
func pasted(t *testing.T, seed int64, env detect.Environment) (text, key, fingerprint string) {
	t.Helper()
	key = detecttest.Key(seed, env)
	text = around + "\n\nCLERK_SECRET_KEY=" + key + "\n"
	found := finder().Scanner.Scan(t.Context(), "", []byte(text))
	if len(found) != 1 {
		t.Fatalf("%d findings in a text with one key", len(found))
	}
	return text, key, found[0].Secret.Fingerprint()
}

func tree(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// child returns the object that m has under a name, made where there is none.
func child(m map[string]any, name string) map[string]any {
	c, ok := m[name].(map[string]any)
	if !ok {
		c = map[string]any{}
		m[name] = c
	}
	return c
}

func encoded(t *testing.T, m map[string]any) []byte {
	t.Helper()
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFindInEveryExample puts a key into each text of each example payload of GitHub's: it is found there, and what is stored of it holds
// neither the key nor a word of the text. As it is, no example holds anything.
func TestFindInEveryExample(t *testing.T) {
	t.Parallel()
	events, err := webhooktest.Events()
	if err != nil {
		t.Fatal(err)
	}
	f, seed, tried := finder(), int64(0), map[string]int{}
	for _, event := range events {
		shape, has := shapes()[event.Name]
		if Has(event.Name) != has {
			t.Errorf("Has(%q) = %v", event.Name, !has)
		}
		for i, example := range event.Examples {
			if found := f.Find(t.Context(), event.Name, example); found != "" {
				t.Errorf("%s, example %d as it is: found %s", event.Name, i, found)
			}
			if p, _ := tree(t, example)["issue"].(map[string]any); event.Name == "issues" && p["pull_request"] != nil {
				continue // the pull request has an event of its own
			}
			for field, names := range shape.fields {
				for _, former := range []bool{false, true} {
					m := tree(t, example)
					action, _ := m["action"].(string)
					if former && (names[1] == "" || action != "edited") {
						continue
					}
					seed++
					text, key, fingerprint := pasted(t, seed, detect.Live)
					object := child(m, shape.object)
					if former {
						child(child(m, "changes"), names[1])["from"] = text
					} else {
						object[names[0]] = text
					}
					name := fmt.Sprintf("%s, example %d (%s), %s, former %v", event.Name, i, action, field, former)
					found := f.Find(t.Context(), event.Name, encoded(t, m))
					for _, secret := range []string{key, key[len(key)-20:], "nobody's"} {
						if strings.Contains(found, secret) {
							t.Errorf("%s: what is stored quotes the text", name)
						}
					}
					list, err := Parse(found)
					if err != nil || len(list) != 1 {
						t.Errorf("%s: found %q (%v)", name, found, err)
						continue
					}
					nodeID, _ := object["node_id"].(string)
					url, _ := object["html_url"].(string)
					one := list[0]
					got := []any{
						one.Leak.Fingerprint, one.Deleted, one.Sighting.Source, one.Sighting.Line, one.Sighting.Text.NodeID, one.Sighting.Text.URL,
						one.Sighting.Text.Field, one.Sighting.Text.Former,
					}
					want := []any{fingerprint, action == "deleted", shape.source, 3, nodeID, url, field, former}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s: (-want +got)\n%s", name, diff)
					}
					if replaced := former && event.Name == "release"; one.Sighting.Text.Gone.IsZero() == replaced {
						t.Errorf("%s: gone at %s", name, one.Sighting.Text.Gone)
					}
					if one.Sighting.Authored.IsZero() || one.Sighting.AuthorName == "" {
						t.Errorf("%s: by %q at %s", name, one.Sighting.AuthorName, one.Sighting.Authored)
					}
					tried[event.Name]++
				}
			}
		}
	}
	for event := range shapes() {
		if tried[event] == 0 && event != "discussion" && event != "discussion_comment" { // tried in TestParseReadsWhatFindWrote too
			t.Errorf("no example of %s was tried", event)
		}
	}
}

// post is an issue comment as an event tells it.
func post(t *testing.T, action, now, before string) []byte {
	t.Helper()
	m := map[string]any{
		"action": action, "installation": map[string]any{"id": 7}, "repository": map[string]any{"id": 9, "name": "shop", "owner": map[string]any{"login": "acme"}},
		"sender": map[string]any{"id": 1, "login": "sam", "type": "User"},
		"issue":  map[string]any{"number": 12},
		"comment": map[string]any{
			"id": 34, "node_id": "IC_34", "html_url": "https://github.example/acme/shop/issues/12#issuecomment-34", "body": now,
			"user": map[string]any{"id": 1, "login": "sam", "type": "User"}, "updated_at": "2026-03-04T05:06:07Z",
		},
	}
	if before != "" {
		m["changes"] = map[string]any{"body": map[string]any{"from": before}}
	}
	return encoded(t, m)
}

// TestWhatAnEditLeaves: a key that the new text holds too is there; one that the old text alone held is in the history of edits.
func TestWhatAnEditLeaves(t *testing.T) {
	t.Parallel()
	stays, _, staying := pasted(t, 1, detect.Live)
	goes, _, going := pasted(t, 2, detect.Live)
	comes, _, coming := pasted(t, 3, detect.Live)
	for name, test := range map[string]struct {
		action, now, before string
		want                map[string]string // fingerprint to what is found of it
	}{
		"written":        {"created", comes, "", map[string]string{coming: "there"}},
		"kept":           {"edited", stays, stays + "!", map[string]string{staying: "there"}},
		"edited out":     {"edited", "(removed)", goes, map[string]string{going: "former"}},
		"all emptied":    {"edited", "", goes, map[string]string{going: "former"}},
		"one for other":  {"edited", comes, goes, map[string]string{coming: "there", going: "former"}},
		"one of two out": {"edited", stays, stays + goes, map[string]string{staying: "there", going: "former"}},
		"twice in one":   {"created", stays + stays, "", map[string]string{staying: "there"}},
		"deleted":        {"deleted", stays, "", map[string]string{staying: "deleted"}},
	} {
		list, err := Parse(finder().Find(t.Context(), "issue_comment", post(t, test.action, test.now, test.before)))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, one := range list {
			what := "there"
			if one.Sighting.Text.Former {
				what = "former"
			}
			if one.Deleted {
				what = "deleted"
			}
			if got[one.Leak.Fingerprint] != "" {
				what = "twice"
			}
			got[one.Leak.Fingerprint] = what
			if at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC); !one.Sighting.Authored.Equal(at) {
				t.Errorf("%s: %s at %s, want the time of the edit", name, what, one.Sighting.Authored)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

// TestParseReadsWhatFindWrote: what is stored between the two loses nothing of what was found.
func TestParseReadsWhatFindWrote(t *testing.T) {
	t.Parallel()
	f := finder()
	for i, env := range []detect.Environment{detect.Live, detect.Test} {
		text, _, _ := pasted(t, int64(10+i), env)
		body := post(t, "created", text+"\n"+detecttest.WebhookSecret(5)+"\n", "")
		event, err := webhook.Decode("issue_comment", body)
		if err != nil {
			t.Fatal(err)
		}
		want := f.In(t.Context(), webhook.Texts(event))
		got, err := Parse(f.Find(t.Context(), "issue_comment", body))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
			t.Errorf("%d found (-in memory +stored)\n%s", len(got), diff)
		}
		where := respond.Text{
			NodeID: "IC_34", ID: 34, Number: 12, URL: "https://github.example/acme/shop/issues/12#issuecomment-34", Field: "body",
		}
		if diff := cmp.Diff(where, got[0].Sighting.Text); diff != "" || got[0].Sighting.AuthorName != "sam" {
			t.Errorf("by %s (-want +got)\n%s", got[0].Sighting.AuthorName, diff)
		}
	}
	if list, err := Parse(""); list != nil || err != nil {
		t.Errorf("nothing is read as %v (%v)", list, err)
	}
	if _, err := Parse(`[{"Leak":`); err == nil {
		t.Error("half of it is read")
	}
}

// TestNothingIsFound: clean texts, events without texts, and what is no event.
func TestNothingIsFound(t *testing.T) {
	t.Parallel()
	text, key, _ := pasted(t, 20, detect.Live)
	for name, test := range map[string]struct{ event, body string }{
		"a clean comment":  {"issue_comment", string(post(t, "created", "The key begins with sk_live_, right?", ""))},
		"masked by hand":   {"issue_comment", string(post(t, "created", strings.Replace(text, key, key[:20]+"**********", 1), ""))},
		"publishable":      {"issue_comment", string(post(t, "created", detecttest.PublishableKey(detect.Live, "clerk.example.com"), ""))},
		"another event":    {"push", string(post(t, "created", text, ""))},
		"no payload":       {"issue_comment", `{"comment":{"body":"` + key + `"`},
		"no such event":    {"star", string(post(t, "created", text, ""))},
		"no text of these": {"issue_comment", `{"action":"created","note":"` + key + `"}`},
	} {
		if found := finder().Find(t.Context(), test.event, []byte(test.body)); found != "" {
			t.Errorf("%s: found %s", name, strings.ReplaceAll(found, key, "(the key)"))
		}
	}
}

// TestTheMostUrgentAreKept: somebody who pastes thousands of test keys hides no production key behind them.
func TestTheMostUrgentAreKept(t *testing.T) {
	t.Parallel()
	const perText, live = 50, 7
	var list []webhook.Text
	seed := int64(1000)
	write := func(env detect.Environment, n int) {
		var b strings.Builder
		for range n {
			seed++
			b.WriteString("CLERK_SECRET_KEY=" + detecttest.Key(seed, env) + "\n")
		}
		list = append(list, webhook.Text{Kind: webhook.TextIssueComment, NodeID: fmt.Sprint("IC_", seed), Field: "body", Content: b.String()})
	}
	for range budget.ScanSightings/perText + 1 {
		write(detect.Test, perText)
	}
	write(detect.Live, live)
	got := finder().In(t.Context(), list)
	if len(got) != budget.ScanSightings {
		t.Errorf("%d are kept, want %d", len(got), budget.ScanSightings)
	}
	for i, one := range got {
		if is := one.Leak.Environment == detect.Live; is != (i < live) {
			t.Errorf("%d of those kept is of %s", i, one.Leak.Environment)
			break
		}
	}
}

// TestAddressesAreGitHubs: what is no address of a web page is not kept, nor what would fill the ledger, nor a key in one.
func TestAddressesAreGitHubs(t *testing.T) {
	t.Parallel()
	text, key, _ := pasted(t, 30, detect.Live)
	for url, want := range map[string]string{
		"https://github.example/acme/shop/issues/1": "https://github.example/acme/shop/issues/1",
		"http://github.internal/acme/shop/issues/1": "http://github.internal/acme/shop/issues/1",
		"javascript:alert(1)":                       "",
		"":                                          "",
		"https://github.example/" + strings.Repeat("a", 2e3): "",
	} {
		got := finder().In(t.Context(), []webhook.Text{{Kind: webhook.TextIssue, URL: url, Field: "body", Content: text}})
		if len(got) != 1 || got[0].Sighting.Text.URL != want {
			t.Errorf("%.60s is kept as %v", url, places(got))
		}
	}
	got := finder().In(t.Context(), []webhook.Text{{
		Kind: webhook.TextRelease, URL: "https://github.example/tag/" + key, Field: "body", Content: text, Author: webhook.Account{Login: key},
	}})
	if len(got) != 1 || strings.Contains(fmt.Sprint(places(got), got[0].Sighting.AuthorName), key) {
		t.Error("an address or a name with a key is kept as it is")
	}
}

func places(list []read.FoundText) (urls []string) {
	for _, one := range list {
		urls = append(urls, one.Sighting.Text.URL)
	}
	return urls
}
