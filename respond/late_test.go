package respond_test

import (
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// TestLateCommands: a command that comes after the leak's state has changed again does nothing, whatever it is; one that was only
// overtaken by moments is answered as ever.
func TestLateCommands(t *testing.T) {
	t.Parallel()
	changed := monday.Add(time.Hour)
	for _, kind := range []respond.CommandKind{
		respond.CommandRotated, respond.CommandClosed, respond.CommandIgnore, respond.CommandReopen, respond.CommandReopened, respond.CommandTriage,
		respond.CommandStatus, respond.CommandHelp,
	} {
		for _, state := range []respond.State{respond.Open, respond.Resolved, respond.Ignored} {
			l := with(leak(detect.SecretKey, detect.Live, 1), filed)
			l.State = state
			f := respond.LeakFacts{Repository: shop, Leak: l, Heads: []string{head}, Policy: respond.DefaultPolicy(), Moved: changed}
			say := func(at time.Time) int {
				d := respond.Apply(f, respond.Command{Kind: kind, Reason: "x", By: "ada", Role: "admin", ID: "1", At: at})
				return len(d.Changes) + len(d.Actions)
			}
			if n := say(monday); n != 0 {
				t.Errorf("%s of a leak that is %s by now: %d changes and actions", kind, state, n)
			}
			if n, of := say(changed.Add(-30*time.Second)), say(changed.Add(time.Hour)); n != of {
				t.Errorf("%s of a leak that is %s, overtaken by moments: %d changes and actions instead of %d", kind, state, n, of)
			}
		}
	}
	l := with(leak(detect.SecretKey, detect.Live, 1), filed)
	never := respond.LeakFacts{Repository: shop, Leak: l, Policy: respond.DefaultPolicy()}
	if d := respond.Apply(never, respond.Command{Kind: respond.CommandIgnore, Reason: "x", By: "ada", Role: "admin", ID: "1", At: monday}); len(d.Changes) == 0 {
		t.Error("a late command about a leak that has not changed since does nothing")
	}
}

// TestLatePushes: what was pushed before a leak was closed does not reopen it, whenever it is read; what was pushed after does.
func TestLatePushes(t *testing.T) {
	t.Parallel()
	closed := monday.Add(time.Hour)
	for name, close := range map[string]func(*respond.Leak){
		"resolved": func(l *respond.Leak) { l.State, l.ClosedBy = respond.Resolved, "ada" },
		"ignored":  func(l *respond.Leak) { l.State, l.ClosedBy = respond.Ignored, respond.Self },
	} {
		l := with(leak(detect.SecretKey, detect.Test, 1), filed)
		close(&l)
		l.Closed = closed
		seen := respond.Seen{Leak: l, Sightings: []respond.Sighting{sighting(1, "b.env", 1)}}
		for received, want := range map[time.Time]bool{monday: false, closed.Add(time.Minute): true, {}: true} {
			f := respond.ScanFacts{Repository: shop, Scan: pushScan(), Seen: []respond.Seen{seen}, Policy: respond.DefaultPolicy(), Received: received, Now: closed.Add(48 * time.Hour)}
			if to, _, moves := f.Moves(seen); moves != want || moves && to != respond.Open {
				t.Errorf("%s, pushed %s: moves %v to %s", name, received, moves, to)
			}
		}
	}
}
