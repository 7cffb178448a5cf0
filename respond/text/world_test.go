package text

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// world is a leak with its issue, its check and its key, and performs what is decided, as the runner does: each key once.
type world struct {
	t         *rapid.T
	f         respond.LeakFacts
	now       time.Time
	issueOpen bool
	keyAlive  bool
	checkRed  bool
	performed map[string]bool
	asks      []respond.Verification
	words     int
}

func (w *world) perform(d respond.Decision) {
	for _, c := range d.Changes {
		if c.Moved() && c.From != w.f.Leak.State {
			w.t.Fatalf("a change from %s, and the leak is %s", c.From, w.f.Leak.State)
		}
		w.f.Leak = c.ApplyTo(w.f.Leak)
	}
	for _, a := range d.Actions {
		if a.Do != respond.UpdateCheck && a.Do != respond.EditIssue {
			if w.performed[a.Key] {
				continue
			}
			w.performed[a.Key] = true
		}
		switch a.Do {
		case respond.UpdateCheck:
			run, _ := Check(facts(at(w.f.Leak, sighting(1, ".env", 1), true)))
			w.checkRed = run.Conclusion == "failure"
		case respond.CloseIssue:
			w.issueOpen = false
		case respond.ReopenIssue:
			w.issueOpen = true
		case respond.AskClerk:
			w.asks = append(w.asks, a.Verification)
		}
	}
}

func (w *world) say(kind respond.CommandKind, role respond.Role) {
	w.words++
	word := respond.Command{Kind: kind, Reason: "why not", By: "ada", Role: role, ID: fmt.Sprint(w.words), At: w.now}
	d := respond.Apply(w.f, word)
	w.perform(d)
	w.perform(respond.Decision{Actions: d.Actions}) // killed half-way, and done again
}

// TestWholeLife lets people, Clerk and the key's owner do anything in any order, and wants issue, check and state to agree
// whenever no question is open, and a dead leak to be dead for a reason.
func TestWholeLife(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]detect.Kind{detect.SecretKey, detect.WebhookSecret}).Draw(t, "kind")
		p := respond.DefaultPolicy()
		p.Verify = rapid.SampledFrom([]respond.Verify{respond.VerifyNever, respond.VerifyOnRequest, respond.VerifyWatch}).Draw(t, "verify")
		w := &world{
			t: t, f: respond.LeakFacts{Repository: shop, Leak: with(leak(kind, detect.Live, 1), filed), Heads: []string{head}, Policy: p},
			now: monday, issueOpen: true, keyAlive: true, checkRed: true, performed: map[string]bool{},
		}
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			w.now = w.now.Add(time.Minute)
			role := rapid.SampledFrom([]respond.Role{"admin", "write", "triage"}).Draw(t, "role")
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				w.say(respond.CommandRotated, role)
			case 1:
				w.say(respond.CommandIgnore, role)
			case 2:
				w.say(respond.CommandReopen, role)
			case 3:
				if w.issueOpen {
					w.issueOpen = false
					w.say(respond.CommandClosed, role)
				}
			case 4:
				if !w.issueOpen {
					w.issueOpen = true
					w.say(respond.CommandReopened, role)
				}
			case 5:
				w.keyAlive = false
			default:
				w.answer()
			}
			if len(w.asks) > 0 {
				continue
			}
			if open := w.f.Leak.State == respond.Open; open != w.issueOpen || open != w.checkRed {
				t.Fatalf("the leak is %s, issue open %t, check red %t", w.f.Leak.State, w.issueOpen, w.checkRed)
			}
		}
		if w.f.Leak.State == respond.Revoked && w.keyAlive {
			t.Fatal("revoked, and the key is alive")
		}
		if p.Verify == respond.VerifyNever && w.f.Leak.Verdict != "" {
			t.Fatal("Clerk was asked against the policy")
		}
	})
}

// answer lets Clerk answer the oldest question.
func (w *world) answer() {
	if len(w.asks) == 0 {
		return
	}
	q := w.asks[0]
	w.asks = w.asks[1:]
	a := respond.Answer{State: respond.KeyRevoked}
	switch {
	case rapid.IntRange(0, 3).Draw(w.t, "unknown") == 0:
		a = respond.Answer{State: respond.KeyUnknown, Detail: "Clerk answered 503"}
	case w.keyAlive:
		a = respond.Answer{State: respond.KeyAlive, InstanceID: "ins_2abc"}
	}
	w.perform(respond.Learn(w.f, q, a, w.now))
}
