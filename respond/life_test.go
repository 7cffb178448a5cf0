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
	say := func(by, role, id string) string {
		return respond.Hear(f, respond.Word{Said: respond.SaidIgnore, Reason: "x", By: by, Role: role, ID: id, At: monday}).Actions[0].Key
	}
	if say("eve", "read", "1") != say("eve", "read", "2") {
		t.Error("the same stranger gets a second line")
	}
	if say("eve", "read", "1") == say("mallory", "read", "1") {
		t.Error("another stranger gets none")
	}
}

func TestMayHear(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		login, kind string
		want        bool
	}{{"ada", "User", true}, {"rekey[bot]", "Bot", false}, {"rekey[bot]", "User", false}, {"", "User", false}} {
		if got := respond.MayHear(tt.login, tt.kind); got != tt.want {
			t.Errorf("MayHear(%q, %q) = %t", tt.login, tt.kind, got)
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
func TestAWordHeardTwiceIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	for _, said := range []respond.Said{respond.SaidIgnore, respond.SaidReopen, respond.SaidStatus, respond.SaidHelp} {
		f := respond.LeakFacts{Repository: shop, Leak: with(leak(detect.SecretKey, detect.Test, 1), filed), Policy: respond.DefaultPolicy()}
		if said == respond.SaidReopen {
			f.Leak.State = respond.Ignored
		}
		word := respond.Word{Said: said, Reason: "x", By: "ada", Role: "admin", ID: "comment:5", At: monday}
		keys := map[string]bool{}
		comments := 0
		for range 2 {
			d := respond.Hear(f, word)
			for _, c := range d.Changes {
				f.Leak = respond.Apply(f.Leak, c)
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
