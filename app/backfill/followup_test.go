package backfill

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// keysOf are files with production keys, and a policy that files an issue for each at once.
func keysOf(n int) map[string]string {
	files := map[string]string{respond.PolicyPath: "remind: {quiet: off}\nissues: {max_per_hour: 100}\n"}
	for i := range n {
		files[fmt.Sprintf("%d.env", i)] = "CLERK_SECRET_KEY=" + detecttest.Key(int64(930+i), detect.Live) + "\n"
	}
	return files
}

// reminders counts the comments that remind, by issue.
func reminders(r *githubtest.Repository) (of []int) {
	for _, i := range r.Issues() {
		n := 0
		for _, c := range i.Comments {
			if strings.Contains(c.Body, "**Open for") {
				n++
			}
		}
		of = append(of, n)
	}
	slices.Sort(of)
	return of
}

func (b *bench) toFollowUp() (n int) {
	b.t.Helper()
	err := b.store.View(b.t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
		due, err := tx.LeaksToFollowUp(ctx, 1000)
		n = len(due)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

// TestRemindersAreSpread: in a round ten reminders of a repository are sent, the others wait their turn; and however many processes do
// the round at once, each is sent once.
func TestRemindersAreSpread(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	shop, _ := b.shop(keysOf(13))
	round := func() {
		t.Helper()
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if err := b.worker.followUp(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		b.idle()
		if n := b.toFollowUp(); n != 0 {
			t.Errorf("%d leaks are left for the next round", n)
		}
	}
	b.later.Store(int64(25 * time.Hour))
	if n := b.toFollowUp(); n != 13 {
		t.Fatalf("%d leaks to follow up", n)
	}
	round()
	first := reminders(shop)
	sent := 0
	for _, n := range first {
		sent += n
	}
	if len(first) != 13 || first[len(first)-1] > 1 || sent < maxReminders {
		t.Errorf("after a round: %v", first)
	}
	round()
	if again := reminders(shop); !slices.Equal(first, again) {
		t.Errorf("after another one: %v, before: %v", again, first)
	}
	b.later.Add(int64(followUpPause))
	round()
	if last := reminders(shop); last[0] != 1 || last[12] != 1 {
		t.Errorf("an hour later: %v", last)
	}
}

// TestOneRoundOfOneProcess: ten of a repository, no more.
func TestOneRoundOfOneProcess(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	shop, _ := b.shop(keysOf(13))
	b.later.Store(int64(25 * time.Hour))
	if err := b.worker.followUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.idle()
	if of := reminders(shop); of[2] != 0 || of[3] != 1 || of[12] != 1 {
		t.Errorf("%v", of)
	}
}

// TestWhatCannotBeFollowedUpKeepsNothingWaiting: where GitHub doesn't give a repository's policy, its leaks are left alone for an hour.
func TestWhatCannotBeFollowedUpKeepsNothingWaiting(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	shop, _ := b.shop(keysOf(3))
	b.later.Store(int64(25 * time.Hour))
	asked := 0
	var mu sync.Mutex
	b.github.Inject(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		mu.Lock()
		defer mu.Unlock()
		asked++
		http.Error(w, "no", http.StatusBadGateway)
	})
	if err := b.worker.followUp(t.Context()); err == nil {
		t.Error("no error")
	}
	if n := b.toFollowUp(); n != 0 {
		t.Errorf("%d leaks are tried again at once", n)
	}
	mu.Lock()
	if asked > 3 {
		t.Errorf("GitHub was asked %d times about one repository", asked)
	}
	mu.Unlock()
	b.github.Inject(nil)
	b.later.Add(int64(followUpPause))
	if err := b.worker.followUp(t.Context()); err != nil {
		t.Error(err)
	}
	b.idle()
	if of := reminders(shop); !slices.Equal(of, []int{1, 1, 1}) {
		t.Errorf("%v", of)
	}
}

// TestALateReminderIsNotSent: what was decided on and has waited, as GitHub was away say, is not sent once the leak is snoozed.
func TestALateReminderIsNotSent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	shop, _ := b.shop(keysOf(1))
	b.later.Store(int64(25 * time.Hour))
	// Decided, and snoozed in the same moment, before the queue has its turn: one transaction makes sure of it.
	err := b.store.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
		due, err := tx.LeaksToFollowUp(ctx, 1)
		if err != nil {
			return err
		}
		p := respond.DefaultPolicy()
		p.Remind.Quiet = respond.QuietHours{}
		until := tx.Now().Add(time.Hour)
		err = b.worker.Recorder.Decide(ctx, tx, due[0].ID, p, func(f respond.LeakFacts) respond.Decision { return respond.FollowUp(f, tx.Now()) })
		if err != nil {
			return err
		}
		return b.worker.Recorder.Apply(ctx, tx, respond.Decision{Changes: []respond.Change{
			{Leak: due[0].ID, At: tx.Now(), By: "ada", From: respond.Open, To: respond.Open, Snooze: &until},
		}}, p)
	})
	if err != nil {
		t.Fatal(err)
	}
	b.idle()
	if of := reminders(shop); !slices.Equal(of, []int{0}) {
		t.Errorf("%v", of)
	}
	b.later.Add(int64(3 * 24 * time.Hour))
	if err := b.worker.followUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.idle()
	if of := reminders(shop); !slices.Equal(of, []int{1}) {
		t.Errorf("after the next one: %v", of)
	}
}
