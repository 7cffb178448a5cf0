package ledger_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// histories knows repositories 1 to 5 of installation 7 and 6 of installation 8; the history of 1 has been read.
func histories(t *testing.T, s *ledger.Store) {
	t.Helper()
	for id := range int64(6) {
		r := respond.Repository{ID: id + 1, Installation: 7, Owner: "acme", Name: "shop"}
		if r.ID == 1 {
			r.Backfilled = start()
		}
		if r.ID == 6 {
			r.Installation = 8
		}
		know(t, s, r)
	}
}

func begin(t *testing.T, s *ledger.Store, repository int64) (l ledger.Look) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
		l, err = tx.BeginLook(ctx, repository)
		return err
	})
	return l
}

func tell(t *testing.T, s *ledger.Store, l ledger.Look) {
	t.Helper()
	if err := s.TellLook(t.Context(), l); err != nil {
		t.Fatal(err)
	}
}

func backfill(t *testing.T, s *ledger.Store, installation int64, limit int) (b ledger.Backfill, looks []ledger.Look) {
	t.Helper()
	view(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
		b, err = tx.Backfill(ctx, installation, limit)
		return err
	})
	for _, l := range b.Looks {
		if l.Repository.ID != l.Look.Repository || l.Repository.Owner != "acme" || l.Repository.Installation == 0 {
			t.Errorf("a look at %d is given with repository %+v", l.Look.Repository, l.Repository)
		}
		looks = append(looks, l.Look)
	}
	b.Looks = nil
	return b, looks
}

// TestBackfill takes looks through their lives, with jobs that really run: only they are shown as running.
func TestBackfill(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		histories(t, s)
		started, finish := make(chan int64), make(chan struct{})
		work(t, s, jobs{look: func(_ context.Context, j *river.Job[job.FirstLook]) error {
			started <- j.Args.Repository
			<-finish
			return nil
		}}, ledger.QueueConfig{})
		b, looks := backfill(t, s, 0, 10)
		equal(t, "before any", b, ledger.Backfill{Repositories: 6, Looked: 1, Waiting: 5})
		equal(t, "looks before any", len(looks), 0)

		// 2 is being read; 1 again; 3 failed and waits; 4 was given up; 5 waits for its first attempt, 6 elsewhere.
		enqueue(t, s, job.FirstLook{Installation: 7, Repository: 2})
		equal(t, "started", receive(t, started), int64(2))
		enqueue(t, s, job.FirstLook{Installation: 7, Repository: 1})
		equal(t, "started", receive(t, started), int64(1))
		two := begin(t, s, 2)
		equal(t, "begun", two, ledger.Look{Repository: 2, Phase: ledger.LookArriving, Attempt: 1, Begun: start(), Told: start()})
		clock.now = start().Add(time.Minute)
		two.Phase, two.Objects, two.Total, two.Bytes, two.Told = ledger.LookReading, 25, 1<<30, 1<<41, clock.now
		tell(t, s, two)
		one := begin(t, s, 1)
		begin(t, s, 3)
		begin(t, s, 3)
		begin(t, s, 4)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return errors.Join(tx.PauseLook(ctx, 3, "GitHub answered 502"), tx.GiveUpLook(ctx, 4, "no permission", true))
		})
		three := ledger.Look{
			Repository: 3, Phase: ledger.LookWaiting, Attempt: 2, Begun: clock.now, Told: clock.now, Reason: "GitHub answered 502",
		}
		four := ledger.Look{
			Repository: 4, Phase: ledger.LookGivenUp, Attempt: 1, Begun: clock.now, Told: clock.now, Reason: "no permission", Deadly: true,
		}
		b, looks = backfill(t, s, 7, 10)
		equal(t, "in the middle", b, ledger.Backfill{Repositories: 5, Reading: 2, Waiting: 2, GivenUp: 1})
		equal(t, "looks in the middle", looks, []ledger.Look{two, one, four, three})
		b, looks = backfill(t, s, 0, 1)
		equal(t, "everywhere", b, ledger.Backfill{Repositories: 6, Reading: 2, Waiting: 3, GivenUp: 1})
		equal(t, "looks under a limit", looks, []ledger.Look{two})
		b, looks = backfill(t, s, 8, 10)
		equal(t, "elsewhere", b, ledger.Backfill{Repositories: 1, Waiting: 1})
		equal(t, "looks elsewhere", len(looks), 0)
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			given, err := tx.GivenUpLooks(ctx, 7)
			equal(t, "given up", given, map[int64]ledger.Look{4: four})
			return err
		})

		// The jobs end, and nobody has said what became of the looks, as after a kill: their figures count for nothing.
		close(finish)
		two.Phase, two.Objects, two.Total, two.Bytes = ledger.LookWaiting, 0, 0, 0
		one.Phase = ledger.LookWaiting
		for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
			if b, looks = backfill(t, s, 7, 10); b.Reading == 0 || time.Now().After(deadline) {
				break
			}
		}
		equal(t, "cut off", b, ledger.Backfill{Repositories: 5, Looked: 1, Waiting: 3, GivenUp: 1})
		equal(t, "looks that were cut off", looks, []ledger.Look{four, two, one, three})
	})
}

func TestLooksBeginAnewAndEnd(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		histories(t, s)
		look := func() (l ledger.Look, n int) {
			_, looks := backfill(t, s, 0, 10)
			if len(looks) == 0 {
				return l, 0
			}
			return looks[0], len(looks)
		}
		late := begin(t, s, 2)
		late.Objects, late.Total = 10, 20
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.GiveUpLook(ctx, 2, "because", true) })
		tell(t, s, late)
		if l, _ := look(); l.Phase != ledger.LookGivenUp || l.Objects != 0 {
			t.Errorf("told after it was given up: %+v", l)
		}
		clock.now = start().Add(time.Hour)
		again := begin(t, s, 2)
		tell(t, s, late)
		if l, n := look(); n != 1 || l.Attempt != 2 || !l.Begun.Equal(clock.now) || !l.Told.Equal(clock.now) || l.Reason != "" || l.Deadly {
			t.Errorf("begun anew: %+v", l)
		}
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return errors.Join(tx.EndLook(ctx, 2), tx.EndLook(ctx, 3))
		})
		tell(t, s, again)
		if l, n := look(); n != 0 {
			t.Errorf("told after its end: %+v", l)
		}
		equal(t, "attempt after the end", begin(t, s, 2).Attempt, 1)

		// What is forgotten takes its look with it, and nothing brings it back.
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.RemoveRepository(ctx, 2) })
		for name, write := range map[string]func(context.Context, *ledger.Tx) error{
			"begin":   func(ctx context.Context, tx *ledger.Tx) error { _, err := tx.BeginLook(ctx, 2); return err },
			"pause":   func(ctx context.Context, tx *ledger.Tx) error { return tx.PauseLook(ctx, 2, "x") },
			"give up": func(ctx context.Context, tx *ledger.Tx) error { return tx.GiveUpLook(ctx, 2, "x", false) },
		} {
			if err := s.Update(t.Context(), write); !errors.Is(err, ledger.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, n := look(); n != 0 {
			t.Errorf("%d looks at what is forgotten", n)
		}
	})
}

func TestShare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		look  ledger.Look
		share float64
		known bool
	}{
		{ledger.Look{Phase: ledger.LookArriving}, 0, false},
		{ledger.Look{Phase: ledger.LookArriving, Total: 8, Bytes: 100}, 0, false}, // of bytes nobody knows the number
		{ledger.Look{Phase: ledger.LookArriving, Total: 8, Objects: 2}, 0.25, true},
		{ledger.Look{Phase: ledger.LookReading, Total: 8}, 0, true},
		{ledger.Look{Phase: ledger.LookReading, Total: 8, Objects: 9}, 1, true},
	} {
		if share, known := c.look.Share(); share != c.share || known != c.known {
			t.Errorf("%+v: %v, %v", c.look, share, known)
		}
	}
}
