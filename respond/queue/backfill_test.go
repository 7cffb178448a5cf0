package queue_test

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
	"github.com/rekey-app/rekey/respond/queue"
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

func begin(t *testing.T, s *ledger.Store, repository int64) (l ledger.Backfill) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
		l, err = tx.StartBackfill(ctx, repository)
		return err
	})
	return l
}

func saveProgress(t *testing.T, s *ledger.Store, l ledger.Backfill) {
	t.Helper()
	if err := s.SaveProgress(t.Context(), l); err != nil {
		t.Fatal(err)
	}
}

func backfill(t *testing.T, s *ledger.Store, installation int64, limit int) (b ledger.Backfills, runs []ledger.Backfill) {
	t.Helper()
	view(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
		b, err = tx.Backfills(ctx, installation, limit)
		return err
	})
	for _, l := range b.List {
		if l.Repository.ID != l.Backfill.Repository || l.Repository.Owner != "acme" || l.Repository.Installation == 0 {
			t.Errorf("a backfill of %d is given with repository %+v", l.Backfill.Repository, l.Repository)
		}
		runs = append(runs, l.Backfill)
	}
	b.List = nil
	return b, runs
}

// TestBackfill takes backfills through their lives, with jobs that really run: only they are shown as running.
func TestBackfill(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		histories(t, s)
		started, finish := make(chan int64), make(chan struct{})
		work(t, s, jobs{backfill: func(_ context.Context, j *river.Job[job.Backfill]) error {
			started <- j.Args.Repository
			<-finish
			return nil
		}}, queue.Config{})
		b, runs := backfill(t, s, 0, 10)
		equal(t, "before any", b, ledger.Backfills{Repositories: 6, Done: 1, Waiting: 5})
		equal(t, "backfills before any", len(runs), 0)

		// 2 is being read; 1 again; 3 failed and waits; 4 was given up; 5 waits for its first attempt, 6 elsewhere.
		enqueue(t, s, job.Backfill{Installation: 7, Repository: 2})
		equal(t, "started", receive(t, started), int64(2))
		enqueue(t, s, job.Backfill{Installation: 7, Repository: 1})
		equal(t, "started", receive(t, started), int64(1))
		two := begin(t, s, 2)
		equal(t, "begun", two, ledger.Backfill{Repository: 2, Phase: ledger.BackfillArriving, Attempt: 1, Started: start(), Updated: start()})
		clock.Time = start().Add(time.Minute)
		two.Phase, two.Objects, two.Total, two.Bytes, two.Updated = ledger.BackfillReading, 25, 1<<30, 1<<41, clock.Time
		saveProgress(t, s, two)
		one := begin(t, s, 1)
		begin(t, s, 3)
		begin(t, s, 3)
		begin(t, s, 4)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return errors.Join(tx.PauseBackfill(ctx, 3, "GitHub answered 502"), tx.GiveUpBackfill(ctx, 4, "no permission", true))
		})
		three := ledger.Backfill{
			Repository: 3, Phase: ledger.BackfillWaiting, Attempt: 2, Started: clock.Time, Updated: clock.Time, Reason: "GitHub answered 502",
		}
		four := ledger.Backfill{
			Repository: 4, Phase: ledger.BackfillGivenUp, Attempt: 1, Started: clock.Time, Updated: clock.Time, Reason: "no permission", Crashed: true,
		}
		b, runs = backfill(t, s, 7, 10)
		equal(t, "in the middle", b, ledger.Backfills{Repositories: 5, Reading: 2, Waiting: 2, GivenUp: 1})
		equal(t, "backfills in the middle", runs, []ledger.Backfill{two, one, four, three})
		b, runs = backfill(t, s, 0, 1)
		equal(t, "everywhere", b, ledger.Backfills{Repositories: 6, Reading: 2, Waiting: 3, GivenUp: 1})
		equal(t, "backfills under a limit", runs, []ledger.Backfill{two})
		b, runs = backfill(t, s, 8, 10)
		equal(t, "elsewhere", b, ledger.Backfills{Repositories: 1, Waiting: 1})
		equal(t, "backfills elsewhere", len(runs), 0)
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			given, err := tx.GivenUpBackfills(ctx, 7)
			equal(t, "given up", given, map[int64]ledger.Backfill{4: four})
			return err
		})

		// The jobs end, and nobody has said what became of the backfills, as after a kill: their figures count for nothing.
		close(finish)
		two.Phase, two.Objects, two.Total, two.Bytes = ledger.BackfillWaiting, 0, 0, 0
		one.Phase = ledger.BackfillWaiting
		for deadline := time.Now().Add(testTimeout); ; time.Sleep(5 * time.Millisecond) {
			if b, runs = backfill(t, s, 7, 10); b.Reading == 0 || time.Now().After(deadline) {
				break
			}
		}
		equal(t, "cut off", b, ledger.Backfills{Repositories: 5, Done: 1, Waiting: 3, GivenUp: 1})
		equal(t, "backfills that were cut off", runs, []ledger.Backfill{four, two, one, three})
	})
}

func TestLooksBeginAnewAndEnd(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		histories(t, s)
		run := func() (l ledger.Backfill, n int) {
			_, runs := backfill(t, s, 0, 10)
			if len(runs) == 0 {
				return l, 0
			}
			return runs[0], len(runs)
		}
		late := begin(t, s, 2)
		late.Objects, late.Total = 10, 20
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.GiveUpBackfill(ctx, 2, "because", true) })
		saveProgress(t, s, late)
		if l, _ := run(); l.Phase != ledger.BackfillGivenUp || l.Objects != 0 {
			t.Errorf("told after it was given up: %+v", l)
		}
		clock.Time = start().Add(time.Hour)
		again := begin(t, s, 2)
		saveProgress(t, s, late)
		if l, n := run(); n != 1 || l.Attempt != 2 || !l.Started.Equal(clock.Time) || !l.Updated.Equal(clock.Time) || l.Reason != "" || l.Crashed {
			t.Errorf("begun anew: %+v", l)
		}
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return errors.Join(tx.EndBackfill(ctx, 2), tx.EndBackfill(ctx, 3))
		})
		saveProgress(t, s, again)
		if l, n := run(); n != 0 {
			t.Errorf("told after its end: %+v", l)
		}
		equal(t, "attempt after the end", begin(t, s, 2).Attempt, 1)

		// What is forgotten takes its backfill with it, and nothing brings it back.
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.RemoveRepository(ctx, 2) })
		for name, write := range map[string]func(context.Context, *ledger.Tx) error{
			"begin":   func(ctx context.Context, tx *ledger.Tx) error { _, err := tx.StartBackfill(ctx, 2); return err },
			"pause":   func(ctx context.Context, tx *ledger.Tx) error { return tx.PauseBackfill(ctx, 2, "x") },
			"give up": func(ctx context.Context, tx *ledger.Tx) error { return tx.GiveUpBackfill(ctx, 2, "x", false) },
		} {
			if err := s.Update(t.Context(), write); !errors.Is(err, ledger.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, n := run(); n != 0 {
			t.Errorf("%d backfills of what is forgotten", n)
		}
	})
}

func TestShare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		run   ledger.Backfill
		share float64
		known bool
	}{
		{ledger.Backfill{Phase: ledger.BackfillArriving}, 0, false},
		{ledger.Backfill{Phase: ledger.BackfillArriving, Total: 8, Bytes: 100}, 0, false}, // of bytes nobody knows the number
		{ledger.Backfill{Phase: ledger.BackfillArriving, Total: 8, Objects: 2}, 0.25, true},
		{ledger.Backfill{Phase: ledger.BackfillReading, Total: 8}, 0, true},
		{ledger.Backfill{Phase: ledger.BackfillReading, Total: 8, Objects: 9}, 1, true},
	} {
		if share, known := c.run.Share(); share != c.share || known != c.known {
			t.Errorf("%+v: %v, %v", c.run, share, known)
		}
	}
}
