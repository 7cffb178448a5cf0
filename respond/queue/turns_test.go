package queue_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

// started notes which deliveries start, by GUID, and how many run at once for each installation.
type started struct {
	mu   sync.Mutex
	ids  []string
	now  map[int64]int
	most map[int64]int
}

func (s *started) run(_ context.Context, j *river.Job[job.Delivery]) error {
	s.mu.Lock()
	s.ids = append(s.ids, j.Args.GUID)
	s.now[j.Args.Installation]++
	s.most[j.Args.Installation] = max(s.most[j.Args.Installation], s.now[j.Args.Installation])
	s.mu.Unlock()
	time.Sleep(3 * time.Millisecond) // so that others come meanwhile
	s.mu.Lock()
	s.now[j.Args.Installation]--
	s.mu.Unlock()
	return nil
}

func newStarted() *started { return &started{now: map[int64]int{}, most: map[int64]int{}} }

func (s *started) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ids)
}

// TestTurns lets a flood of one installation and a few deliveries of another through the queue, with two processes on
// PostgreSQL. Each job runs once and soon: one that was forgotten would come minutes later. No installation has more than half
// of the slots of each process.
func TestTurns(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		stores := []*ledger.Store{s}
		if s.DB().Postgres != nil {
			stores = append(stores, ledgertest.Open(t, ledger.Options{URL: url}))
		}
		var flood []ledger.Delivery
		n := 200
		if testing.Short() {
			n = 60
		}
		for i := range n {
			flood = append(flood, ledger.Delivery{
				GUID: fmt.Sprintf("a%03d", i), Event: "push", Installation: 1, Repository: int64(i % 5), Body: []byte("{}"), Received: start(),
			})
		}
		var few []ledger.Delivery
		for i := range 4 {
			few = append(few, ledger.Delivery{GUID: fmt.Sprintf("b%d", i), Event: "push", Installation: 2, Repository: 99, Body: []byte("{}"), Received: start()})
		}
		for _, list := range [][]ledger.Delivery{flood, few} {
			if _, err := s.Accept(t.Context(), list); err != nil {
				t.Fatal(err)
			}
		}
		var seen []*started
		for _, s := range stores {
			one := newStarted()
			seen = append(seen, one)
			work(t, s, jobs{delivery: one.run}, queue.Config{Scan: 4})
		}
		all := func() (n int) {
			for _, one := range seen {
				n += one.count()
			}
			return n
		}
		for deadline := time.Now().Add(testTimeout); all() < len(flood)+len(few); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d of %d jobs started", all(), len(flood)+len(few))
			}
		}
		time.Sleep(50 * time.Millisecond)
		var ids []string
		for _, one := range seen {
			ids = append(ids, one.ids...)
			if one.most[1] > 2 {
				t.Errorf("the flood held %d of 4 slots", one.most[1])
			}
		}
		slices.Sort(ids)
		if n := len(slices.Compact(ids)); n != len(flood)+len(few) || all() != n {
			t.Errorf("%d jobs started %d times", n, all())
		}
	})
}

// TestPutAsideJobsComeAtOnceAfterAStop stops a process in the middle of a flood: the next one works what was put aside at once.
func TestPutAsideJobsComeAtOnceAfterAStop(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url})
		var flood []ledger.Delivery
		for i := range 60 {
			flood = append(flood, ledger.Delivery{
				GUID: fmt.Sprintf("a%03d", i), Event: "push", Installation: 1, Repository: int64(i), Body: []byte("{}"), Received: start(),
			})
		}
		if _, err := s.Accept(t.Context(), flood); err != nil {
			t.Fatal(err)
		}
		first, release := newStarted(), make(chan struct{})
		r := work(t, s, jobs{delivery: func(ctx context.Context, j *river.Job[job.Delivery]) error {
			err := first.run(ctx, j)
			<-release
			return err
		}}, queue.Config{Scan: 4})
		aside := func() (n int) {
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				stats, err := tx.Stats(ctx)
				n = stats.Waiting[job.QueueScan]
				return err
			})
			return n
		}
		for deadline := time.Now().Add(testTimeout); aside() < 40; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d put aside", aside())
			}
		}
		close(release)
		if err := r.worker.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		done := first.count()
		second := newStarted()
		work(t, s, jobs{delivery: second.run}, queue.Config{Scan: 4})
		for deadline := time.Now().Add(testTimeout); done+second.count() < len(flood); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d of %d jobs started", done+second.count(), len(flood))
			}
		}
	})
}
