package queue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

// These tests hold riverinternal.go against the River that is installed. Where one fails after an upgrade, River has changed what
// its documentation does not promise.

// Each column that statements name is there, as River's migrations make it.
func TestRiverHasItsColumns(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			for _, statement := range []string{
				`SELECT id, kind, queue, state, attempt, attempted_at, attempted_by, scheduled_at, finalized_at, metadata, args FROM river_job`,
				`SELECT * FROM river_leader`,
			} {
				if err := tx.EachSQL(ctx, func(func(...any) error) error { return nil }, statement); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// Every state that River knows is one that lives or has ended, and SQL that asks for live jobs names those that live.
func TestRiverHasItsStates(t *testing.T) {
	t.Parallel()
	ended := []rivertype.JobState{rivertype.JobStateCancelled, rivertype.JobStateCompleted, rivertype.JobStateDiscarded}
	var live []string
	for _, state := range rivertype.JobStates() {
		if !slices.Contains(ended, state) {
			live = append(live, string(state))
		}
	}
	named := strings.Split(strings.NewReplacer("(", "", ")", "", "'", "", " ", "").Replace(queue.LiveStates), ",")
	slices.Sort(live)
	slices.Sort(named)
	equal(t, "states of jobs that will still do their work", named, live)
}

// jobIDs returns the ids of all jobs of a kind, in the order in which they were queued.
func jobIDs(t *testing.T, s *ledger.Store, kind string) (ids []int64) {
	t.Helper()
	view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
		ids = nil
		return tx.EachSQL(ctx, func(scan func(...any) error) error {
			var id int64
			err := scan(&id)
			ids = append(ids, id)
			return err
		}, `SELECT id FROM river_job WHERE kind = $1 ORDER BY id`, kind)
	})
	return ids
}

// What River's API inserts is what the statements find, and what they change is what the API then works.
func TestStatementsFindWhatRiverInserts(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		know(t, s, respond.Repository{ID: 9, Installation: 7, Owner: "acme", Name: "shop"})
		if _, err := s.Accept(t.Context(), []ledger.Delivery{{GUID: "g", Event: "push"}}); err != nil {
			t.Fatal(err)
		}
		later := time.Now().Add(time.Hour)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return errors.Join(
				tx.Enqueue(ctx, job.Backfill{Installation: 7, Repository: 9}, nil),
				tx.Enqueue(ctx, job.TextHistory{Installation: 7, Repository: 9}, nil),
				tx.Enqueue(ctx, job.Verify{Leak: 3}, &river.InsertOpts{ScheduledAt: later}),
			)
		})
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			got, waits := map[string]int{}, map[string]bool{}
			err := queue.CountJobs(ctx, tx, func(q, kind string, state rivertype.JobState, n int, oldest time.Time) {
				got[q+" "+kind+" "+string(state)] += n
				waits[kind] = !oldest.IsZero()
				if age := time.Since(oldest); waits[kind] && (age < -time.Minute || age > time.Minute) {
					t.Errorf("the oldest %s job was queued %s ago", kind, age)
				}
			})
			equal(t, "jobs", got, map[string]int{"scan delivery available": 1, "backfill backfill available": 1, "backfill text_history available": 1, "respond verify scheduled": 1})
			equal(t, "kinds that wait", waits, map[string]bool{"delivery": true, "backfill": true, "text_history": true, "verify": false})
			if err != nil {
				return err
			}
			c := queue.ConditionsOf(tx.Postgres() != nil)
			for what, want := range map[string]int64{
				"deliveries d WHERE d.guid = 'g' AND " + c.DeliveryLives: 1,
				"repositories r WHERE " + c.BackfillQueued:               1,
				"repositories r WHERE " + c.BackfillRuns:                 0,
				"repositories r WHERE " + c.TextsQueued:                  1,
				"(SELECT 0 AS id) l WHERE " + c.LeakWorks:                0, // the question to Clerk is for later
			} {
				if n, err := rows(ctx, tx, what); n != want || err != nil {
					t.Errorf("%d %s, not %d: %v", n, what, want, err)
				}
			}
			return nil
		})
		ids := jobIDs(t, s, job.Verify{}.Kind())
		states := func(call func(context.Context, *ledger.Tx) error) (before, after rivertype.JobState) {
			update(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
				if before, err = queue.JobState(ctx, tx, ids[0]); err != nil {
					return err
				}
				if err = call(ctx, tx); err != nil {
					return err
				}
				after, err = queue.JobState(ctx, tx, ids[0])
				return err
			})
			return before, after
		}
		// Nobody has tried it, so it was not put aside.
		before, after := states(func(ctx context.Context, tx *ledger.Tx) error { return queue.CallAll(ctx, tx, "") })
		equal(t, "not put aside", []rivertype.JobState{before, after}, []rivertype.JobState{"scheduled", "scheduled"})
		before, after = states(func(ctx context.Context, tx *ledger.Tx) error {
			early, err := queue.CallJobs(ctx, tx, ids, true, "")
			equal(t, "early", len(early), 0)
			return err
		})
		equal(t, "called", []rivertype.JobState{before, after}, []rivertype.JobState{"scheduled", "available"})
	})
}

// A job that River runs is found by its process, called too early, and reclaimed without an attempt; and River has a leader.
func TestStatementsFindWhatRiverRuns(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		rowsRun, finish := make(chan *rivertype.JobRow, 9), make(chan struct{})
		work(t, s, jobs{issue: func(_ context.Context, j *river.Job[job.Issue]) error {
			rowsRun <- j.JobRow
			<-finish
			return nil
		}}, queue.Config{ID: "it"})
		defer close(finish)
		enqueue(t, s, job.Issue{Leak: 1})
		row := receive(t, rowsRun)
		equal(t, "attempted by", row.AttemptedBy[len(row.AttemptedBy)-1], "it")
		process, other := "", "" // SQLite has one process
		if s.DB().Postgres != nil {
			process, other = "it", "another"
		}
		undo := errors.New("undone")
		err := s.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
			early, err := queue.CallJobs(ctx, tx, []int64{row.ID}, true, process)
			equal(t, "early", early, []int64{row.ID})
			if err != nil {
				return err
			}
			if other != "" {
				early, err := queue.CallJobs(ctx, tx, []int64{row.ID}, true, other)
				equal(t, "early to another process", len(early), 0)
				if err != nil {
					return err
				}
				n, err := queue.Reclaim(ctx, tx, other)
				equal(t, "of another process", n, int64(0))
				if err != nil {
					return err
				}
				var id string
				if _, err := tx.ExecSQL(ctx, `DELETE FROM replicas`); err != nil {
					return err
				}
				if _, err := tx.OneSQL(ctx, []any{&id}, queue.RunningElsewhere, 0); err != nil {
					return err
				}
				equal(t, "process that is not registered", id, process)
			}
			n, err := queue.Reclaim(ctx, tx, process)
			equal(t, "reclaimed", n, int64(1))
			if err != nil {
				return err
			}
			state, err := queue.JobState(ctx, tx, row.ID)
			equal(t, "state", state, rivertype.JobStateAvailable)
			var attempt int64
			if _, err := tx.OneSQL(ctx, []any{&attempt}, `SELECT attempt FROM river_job WHERE id = $1`, row.ID); err != nil {
				return err
			}
			equal(t, "attempt", attempt, int64(0))
			return errors.Join(err, undo)
		})
		if !errors.Is(err, undo) {
			t.Fatal(err)
		}
		leaders := func() (n int64) {
			view(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
				n, err = rows(ctx, tx, "river_leader")
				return err
			})
			return n
		}
		for deadline := time.Now().Add(testTimeout); leaders() == 0; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("River has no leader in river_leader")
			}
		}
		err = s.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
			if err := queue.EndLeadership(ctx, tx); err != nil {
				return err
			}
			n, err := rows(ctx, tx, "river_leader")
			equal(t, "leaders", n, int64(0))
			return errors.Join(err, undo)
		})
		if !errors.Is(err, undo) {
			t.Fatal(err)
		}
	})
}

// On SQLite River takes the driver's pilot and gives it the function that wakes its queues: a client that looks for jobs once an
// hour has the next one at once.
func TestRiverWakesByThePilot(t *testing.T) {
	t.Parallel()
	s := ledgertest.Open(t, ledger.Options{URL: ledgertest.SQLite(t)})
	done := make(chan int64)
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(_ context.Context, j *river.Job[job.Issue]) error {
		done <- j.Args.Leak
		return nil
	}))
	run, stop, wake, err := queue.WokenClient(s.DB().SQLite, &river.Config{
		Workers: workers, Queues: map[string]river.QueueConfig{job.QueueRespond: {MaxWorkers: 4}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := run(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop(context.WithoutCancel(t.Context())) })
	s.Attach(&ledger.Process{Wake: wake})
	for leak := range int64(20) {
		enqueue(t, s, job.Issue{Leak: leak})
		equal(t, "woken for", receive(t, done), leak)
	}
}

// Whoever works the queue in this process is woken by what is committed, for the queues that have new jobs, and by nothing else.
func TestCommitsWake(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		var woken []string
		s.Attach(&ledger.Process{Wake: func(queues []string) { woken = append(woken, queues...) }})
		undo := errors.New("undone")
		err := s.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
			return errors.Join(tx.Enqueue(ctx, job.Issue{Leak: 1}, nil), undo)
		})
		if !errors.Is(err, undo) {
			t.Fatal(err)
		}
		equal(t, "woken by what was not committed", len(woken), 0)
		enqueue(t, s, job.Issue{Leak: 1})
		enqueue(t, s, job.Backfill{Installation: 7, Repository: 9})
		if _, err := s.Accept(t.Context(), []ledger.Delivery{{GUID: "g", Event: "push"}}); err != nil {
			t.Fatal(err)
		}
		equal(t, "woken", woken, []string{job.QueueRespond, job.QueueBackfill, job.QueueScan})
		s.Attach(nil)
		enqueue(t, s, job.Issue{Leak: 2})
		equal(t, "woken without a worker", len(woken), 3)
	})
}

// TestLeakWorks: an effect that waits, until its turn comes or GitHub lets it, is being done; so is a question that was taken and put
// aside. A question for later is not.
func TestLeakWorks(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		later := &river.InsertOpts{ScheduledAt: time.Now().Add(time.Hour)}
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return errors.Join(
				tx.Enqueue(ctx, job.Verify{Leak: 1}, later), tx.Enqueue(ctx, job.Verify{Leak: 2}, later), tx.Enqueue(ctx, job.Verify{Leak: 3}, nil),
				tx.Enqueue(ctx, job.Effects{Leak: 4}, later), tx.Enqueue(ctx, job.Effects{Leak: 5}, nil), tx.Enqueue(ctx, job.Effects{Leak: 6}, nil),
			)
		})
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			set := func(kind string, leak int, what string) error {
				arg := `json_extract(args, '$.leak')`
				if tx.Postgres() != nil {
					arg = `CAST(args->>'leak' AS BIGINT)`
				}
				_, err := tx.ExecSQL(ctx, `UPDATE river_job SET `+what+` WHERE kind = $1 AND `+arg+` = $2`, kind, leak)
				return err
			}
			err := errors.Join(set("verify", 2, `attempted_at = created_at`), set("effects", 6, `state = 'completed', finalized_at = created_at`))
			for leak, want := range map[int64]bool{1: false, 2: true, 3: true, 4: true, 5: true, 6: false} {
				n, err2 := rows(ctx, tx, fmt.Sprintf("(SELECT %d AS id) l WHERE %s", leak, queue.ConditionsOf(tx.Postgres() != nil).LeakWorks))
				equal(t, fmt.Sprintf("something is done about leak %d", leak), n == 1, want)
				err = errors.Join(err, err2)
			}
			return err
		})
	})
}
