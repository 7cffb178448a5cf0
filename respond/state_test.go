package respond_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/respondtest"
)

func TestLife(t *testing.T) {
	t.Parallel()
	for _, tt := range respondtest.Cases() {
		t.Run(tt.Name, func(t *testing.T) {
			t.Parallel()
			d := tt.Decide()
			if diff := cmp.Diff(tt.Want, told(d)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(d, tt.Decide()); diff != "" {
				t.Errorf("decided twice, the second time otherwise: %s", diff)
			}
			keys := map[string]bool{}
			for _, a := range d.Actions {
				if keys[a.Key] {
					t.Errorf("two actions under the key %q", a.Key)
				}
				keys[a.Key] = true
				if (a.Do == respond.Comment) != (a.Reply.Kind != "") || a.Body != "" {
					t.Errorf("%s says %q, %q", a.Do, a.Reply.Kind, a.Body)
				}
			}
		})
	}
}

func TestOneLineForEachStranger(t *testing.T) {
	t.Parallel()
	f := respond.LeakFacts{Repository: shop, Leak: with(leak(detect.SecretKey, detect.Live, 1), filed), Policy: respond.DefaultPolicy()}
	say := func(by string, role respond.Role, id string) string {
		return respond.Apply(f, respond.Command{Kind: respond.CommandIgnore, Reason: "x", By: by, Role: role, ID: id, At: monday}).Actions[0].Key
	}
	if say("eve", "read", "1") != say("eve", "read", "2") {
		t.Error("the same stranger gets a second line")
	}
	if say("eve", "read", "1") == say("mallory", "read", "1") {
		t.Error("another stranger gets none")
	}
}

func TestIsPerson(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		login, kind string
		want        bool
	}{{"ada", "User", true}, {"rekey[bot]", "Bot", false}, {"rekey[bot]", "User", false}, {"", "User", false}} {
		if got := respond.IsPerson(tt.login, tt.kind); got != tt.want {
			t.Errorf("IsPerson(%q, %q) = %t", tt.login, tt.kind, got)
		}
	}
}

func TestPausesGrow(t *testing.T) {
	t.Parallel()
	if got := respond.AskPause(0, 0); got != time.Minute {
		t.Errorf("first pause %s", got)
	}
	if got := respond.AskPause(100, 0); got != 2*time.Hour {
		t.Errorf("last pause %s", got)
	}
	if got := respond.AskPause(0, 5*time.Hour); got != 5*time.Hour {
		t.Errorf("Clerk wished for 5 h, got %s", got)
	}
	if got := respond.WatchPause(1000); got != 24*time.Hour {
		t.Errorf("last pause of watching %s", got)
	}
}

// TestAWordHeardTwiceIsAnsweredOnce: a delivery may be worked on again after its word has taken effect.
func TestACommandAppliedTwiceIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	for _, said := range []respond.CommandKind{respond.CommandIgnore, respond.CommandReopen, respond.CommandStatus, respond.CommandHelp} {
		f := respond.LeakFacts{Repository: shop, Leak: with(leak(detect.SecretKey, detect.Test, 1), filed), Policy: respond.DefaultPolicy()}
		if said == respond.CommandReopen {
			f.Leak.State = respond.Ignored
		}
		word := respond.Command{Kind: said, Reason: "x", By: "ada", Role: "admin", ID: "comment:5", At: monday}
		keys := map[string]bool{}
		comments := 0
		for range 2 {
			d := respond.Apply(f, word)
			for _, c := range d.Changes {
				f.Leak = c.ApplyTo(f.Leak)
			}
			for _, a := range d.Actions {
				if a.Do == respond.Comment && !keys[a.Key] {
					comments++
				}
				keys[a.Key] = true
			}
		}
		if comments != 1 {
			t.Errorf("%s heard twice is answered %d times", said, comments)
		}
	}
}
