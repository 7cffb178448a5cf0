package text

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// searchable are words that somebody who looks for living keys would search issues for.
var searchable = regexp.MustCompile(`(?i)clerk|secret|key|leak|credential|token|sk_|rotat|revok|compromis|production|webhook`)

// revealing is what a stranger could use: places, people, commits, instances, parts of keys, and whether it works.
func revealing(l respond.Leak) []string {
	words := []string{"apps/web", ".env", introduced, short(introduced), "Ada", "refs/", "scripts/", "ins_2abc", "dashboard", "works", "accepts", "alive", "production", "development"}
	if l.Instance != "" {
		words = append(words, l.Instance)
	}
	prefix, end, _ := strings.Cut(l.Redacted, "…")
	return append(words, prefix, "…"+end)
}

func reveals(t interface {
	Helper()
	Errorf(string, ...any)
}, what, text string, words []string,
) {
	t.Helper()
	for _, word := range words {
		if word != "" && strings.Contains(text, word) {
			t.Errorf("%s tells %q:\n%s", what, word, text)
		}
	}
}

func TestPublicIssuesShowStrangersNothing(t *testing.T) {
	t.Parallel()
	var first string
	for _, kind := range []detect.Kind{detect.SecretKey, detect.WebhookSecret, detect.ClaimURL} {
		for _, state := range []respond.State{respond.Open, respond.Ignored, respond.Resolved} {
			for _, answer := range []respond.Verdict{"", respond.KeyAlive, respond.KeyUnknown, respond.KeyFenced} {
				l := leak(kind, detect.Live, 1)
				l.State, l.Verdict, l.VerifiedAt, l.InstanceID, l.ClosedBy = state, answer, monday, "ins_2abc", "ada"
				f := issueFacts(l, sighting(1, "apps/web/.env", 3))
				f.Private, f.Repository.Private = false, false
				f.History = []respond.Event{{At: monday, By: "Clerk", To: respond.Open, Reason: "Clerk still accepts the key"}}
				got := Issue(t.Context(), f)
				text := got.Title + "\n" + got.Body
				if found := searchable.FindString(text); found != "" {
					t.Errorf("%s, %s: a search for %q finds it:\n%s", kind, state, found, text)
				}
				reveals(t, "the issue", text, revealing(l))
				if slices.Contains(got.Labels, respond.DefaultLabel) || slices.Contains(got.Assignees, "ada") {
					t.Errorf("labels %v, assignees %v", got.Labels, got.Assignees)
				}
				if state == respond.Open && kind == detect.SecretKey {
					if first == "" {
						first = text
					}
					if text != first {
						t.Errorf("the answer %q shows in the issue", answer)
					}
				}
			}
		}
	}
	// Where the policy says so, and once the key is revoked, it is told; and always in private.
	l := leak(detect.SecretKey, detect.Live, 1)
	open := issueFacts(l, sighting(1, "apps/web/.env", 3))
	open.Private = false
	open.Policy.Public.Details = true
	dead := issueFacts(with(l, revoked), sighting(1, "apps/web/.env", 3))
	dead.Private = false
	for _, f := range []IssueFacts{open, dead, issueFacts(l)} {
		if text := Issue(t.Context(), f).Title; !strings.Contains(text, l.Redacted) {
			t.Errorf("title %q", text)
		}
	}
	if text := Issue(t.Context(), open).Body; !strings.Contains(text, "apps/web/.env") {
		t.Errorf("public.details tells no place:\n%s", text)
	}
}

func TestPublicChecksShowStrangersNothing(t *testing.T) {
	t.Parallel()
	for name, f := range checkCases() {
		f.Repository.Private = false
		run, annotated := Check(f)
		if strings.Contains(name, "policy") && f.PolicyFile.Message != "" || name == "failed-scan" || name == "unread" || len(f.Sightings) == 0 {
			continue
		}
		l := f.Sightings[0].Leak
		if name == "public-closed" || f.Policy.Public.Details {
			continue // their goldens are read by people
		}
		if l.State == respond.Revoked {
			if !strings.Contains(run.Summary, l.Redacted) {
				t.Errorf("%s: the details of a revoked key are not told:\n%s", name, run.Summary)
			}
			continue
		}
		reveals(t, name, run.Title+"\n"+run.Summary, revealing(l))
		if len(annotated) != 0 || len(run.Annotations) != 0 {
			t.Errorf("%s: %d annotations", name, len(run.Annotations))
		}
		f.Policy.Public.Details = true
		if run, _ := Check(f); !strings.Contains(run.Summary, l.Redacted) && len(f.Sightings) > 0 && run.Conclusion == "failure" {
			t.Errorf("%s: public.details tells nothing:\n%s", name, run.Summary)
		}
	}
}

// TestPublicCommentsDoNotSayWhetherTheKeyWorks lets people and Clerk say anything, and wants comments in public that are the
// same for a key that works and for one of which Clerk says nothing.
func TestPublicCommentsDoNotSayWhetherTheKeyWorks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		env := rapid.SampledFrom([]detect.Environment{detect.Live, detect.Test}).Draw(t, "environment")
		f := respond.LeakFacts{Repository: shop, Leak: with(leak(detect.SecretKey, env, 1), filed), Policy: respond.DefaultPolicy(), Hidden: true}
		f.Leak.State = rapid.SampledFrom([]respond.State{respond.Open, respond.Ignored, respond.Resolved}).Draw(t, "state")
		word := respond.Command{
			Kind: rapid.SampledFrom([]respond.CommandKind{respond.CommandRotated, respond.CommandIgnore, respond.CommandReopen, respond.CommandStatus, respond.CommandHelp, respond.CommandClosed, respond.CommandReopened}).Draw(t, "said"),
			Role: rapid.SampledFrom([]respond.Role{"write", "admin", "read"}).Draw(t, "role"), By: "grace", ID: "1", At: monday, Reason: "because",
		}
		for _, a := range respond.Apply(f, word).Actions {
			reveals(t, "the comment", commentOf(a), revealing(f.Leak))
			if found := regexp.MustCompile(`(?i)clerk|sk_|secret`).FindString(commentOf(a)); found != "" {
				t.Fatalf("%q in %q", found, commentOf(a))
			}
		}
		why := rapid.SampledFrom([]respond.Why{respond.Rotated, respond.Closed}).Draw(t, "why")
		comment := func(s respond.Verdict) string {
			f := f
			f.Leak.State = respond.Open
			d := respond.Learn(f, respond.Verification{Why: why, By: "grace", Role: "write", Command: "1"}, respond.Answer{State: s, Detail: "Clerk answered 503"}, monday.Add(time.Hour))
			var texts []string
			for _, a := range d.Actions {
				if a.Do == respond.Comment || a.Do == respond.ReopenIssue || a.Do == respond.CloseIssue {
					texts = append(texts, fmt.Sprint(a.Do, " ", commentOf(a)))
				}
			}
			return strings.Join(texts, "\n")
		}
		if alive, unknown := comment(respond.KeyAlive), comment(respond.KeyUnknown); alive != unknown {
			t.Fatalf("a key that works:\n%s\none of which nothing is known:\n%s", alive, unknown)
		}
	})
}
