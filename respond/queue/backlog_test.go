package queue_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

// pushes are deliveries of pushes of an installation to one branch each of some repositories, in batches as intake writes them.
func acceptPushes(t *testing.T, s *ledger.Store, installation int64, from, n, repositories int) {
	t.Helper()
	for chunk := range slices.Chunk(slices.Collect(func(yield func(int) bool) {
		for i := from; i < from+n && yield(i); i++ {
		}
	}), 256) {
		list := make([]ledger.Delivery, len(chunk))
		for i, number := range chunk {
			repository := installation*1000 + int64(number%repositories)
			list[i] = ledger.Delivery{
				GUID: fmt.Sprintf("%d-%06d", installation, number), Event: "push", Installation: installation, Repository: repository,
				Lane: fmt.Sprintf("ref main of %d", repository), Body: []byte("{}"), Received: start(),
			}
		}
		if _, err := s.Accept(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAFloodKeepsNobodyWaiting lets a push come behind thousands of another installation: the queue hands it out at once, and not
// after these. Jobs are counted, not time.
func TestAFloodKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	flood := 10_000
	if testing.Short() {
		flood = 2_000
	}
	const before = 150 // what is handed out at once
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		acceptPushes(t, s, 1, 0, flood, 25)
		acceptPushes(t, s, 2, 0, 1, 1)
		handedOut := make(chan int64, 1)
		work(t, s, jobs{delivery: func(_ context.Context, j *river.Job[job.Delivery]) error {
			if j.Args.Installation == 1 {
				return nil
			}
			return s.View(context.Background(), func(ctx context.Context, tx *ledger.Tx) error {
				var n int64
				_, err := tx.OneSQL(ctx, []any{&n}, `SELECT count(*) FROM river_job
					WHERE attempted_at <= (SELECT attempted_at FROM river_job WHERE id = $1)`, j.ID)
				handedOut <- n
				return err
			})
		}}, queue.Config{})
		if n := receive(t, handedOut); n > before {
			t.Errorf("%d jobs of %d were handed out before the only one of another installation", n, flood)
		}
	})
}

// TestAFloodKeepsItsOrder pushes to three branches of one installation while what was pushed before is worked: those of a branch
// start in their order. Its clock goes slowly, as others of a branch wait for a job that the queue has handed out only for a moment, within
// which a busy machine may not bring it.
func TestAFloodKeepsItsOrder(t *testing.T) {
	t.Parallel()
	const flood, later = 300, 60
	ledgertest.Each(t, func(t *testing.T, url string) {
		begin := time.Now()
		s := ledgertest.Open(t, ledger.Options{URL: url, Now: func() time.Time { return begin.Add(time.Since(begin) / 10) }})
		acceptPushes(t, s, 1, 0, flood, 3)
		var mu sync.Mutex
		begun := map[int64][]string{} // GUIDs by repository
		all := make(chan struct{}, flood+later)
		work(t, s, jobs{delivery: func(_ context.Context, j *river.Job[job.Delivery]) error {
			mu.Lock()
			begun[j.Args.Repository] = append(begun[j.Args.Repository], j.Args.GUID)
			mu.Unlock()
			all <- struct{}{}
			return nil
		}}, queue.Config{})
		for n := range flood + later {
			if n < later {
				acceptPushes(t, s, 1, flood+n, 1, 3)
			}
			select {
			case <-all:
			case <-time.After(testTimeout):
				t.Fatalf("%d of %d jobs started", n, flood+later)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		for repository, guids := range begun {
			if !slices.IsSorted(guids) {
				t.Errorf("repository %d: started in the order %v", repository, guids)
			}
		}
	})
}

// TestBacklogPriorities holds what priority deliveries get, within a batch and from one batch to the next.
func TestBacklogPriorities(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		for from := 0; from < 400; from += 1 + from%53 {
			acceptPushes(t, s, 1, from, 1+from%53, 3)
		}
		acceptPushes(t, s, 2, 0, 5, 3)
		got := map[string]int64{}
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			for _, which := range []string{"1-%", "2-%"} {
				for priority := range 4 {
					var err error
					name := fmt.Sprint(which[:1], " at ", priority+1)
					if got[name], err = rows(ctx, tx, fmt.Sprintf(`river_job j JOIN deliveries d ON `+queue.GUIDOf(tx.Postgres() != nil)+` = d.guid
						WHERE d.guid LIKE '%s' AND j.priority = %d`, which, priority+1)); err != nil {
						return err
					}
				}
			}
			return nil
		})
		var total int64
		for priority := range 4 {
			total += got[fmt.Sprint("1 at ", priority+1)]
		}
		want := map[string]int64{"1 at 1": 4, "1 at 2": 32, "1 at 3": 256, "1 at 4": total - 292, "2 at 1": 4, "2 at 2": 1, "2 at 3": 0, "2 at 4": 0}
		equal(t, "jobs by installation and priority", got, want)
	})
}

// TestQueueReadsOnlyWhatItAsksFor asks SQLite how it runs the statements that run for each delivery and each call: by an index, and
// not over all jobs that wait.
func TestQueueReadsOnlyWhatItAsksFor(t *testing.T) {
	t.Parallel()
	s := ledgertest.Open(t, ledger.Options{URL: ledgertest.SQLite(t)})
	for statement, by := range map[string]string{
		queue.CallStatement("1", "$1, $2", "1"): "USING INTEGER PRIMARY KEY",
		queue.BacklogStatement(false):           "USING INDEX river_job_backlog",
	} {
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return tx.EachSQL(ctx, func(scan func(...any) error) error {
				var ignored int
				var step string
				err := scan(&ignored, &ignored, &ignored, &step)
				if strings.Contains(step, "river_job") && !strings.Contains(step, by) || strings.Contains(step, "SCAN j ") {
					t.Errorf("%s\n%s", step, statement)
				}
				return err
			}, "EXPLAIN QUERY PLAN "+statement, 1, 2)
		})
	}
}
