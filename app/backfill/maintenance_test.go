package backfill

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// leases are those of processes on one ledger.
type leases struct {
	mu    sync.Mutex
	owner string
	until time.Time
}

func (l *leases) TakeLease(_ context.Context, _, owner string, last time.Duration) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.owner != owner && time.Now().Before(l.until) {
		return false, nil
	}
	l.owner, l.until = owner, time.Now().Add(last)
	return true, nil
}

func (l *leases) EndLease(_ context.Context, _, owner string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.owner == owner {
		l.until = time.Time{}
	}
	return nil
}

// TestOneProcessMaintains: of several processes one does the rounds, and another does them soon after it has ended. One that has no
// others does them all.
func TestOneProcessMaintains(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shared := &leases{}
		var done [4]atomic.Int32
		rounds := func() (list [4]int) {
			for i := range done {
				list[i] = int(done[i].Load())
			}
			return list
		}
		var stops [4]context.CancelFunc
		for i, leases := range []Leases{shared, shared, shared, nil} {
			ctx, stop := context.WithCancel(t.Context())
			stops[i] = stop
			w := &Worker{Leases: leases, Owner: string(rune('a' + i)), Log: slog.New(slog.DiscardHandler)}
			go w.lead(ctx, func(context.Context) { done[i].Add(1) })
			synctest.Wait()
		}
		time.Sleep(4*maintainEvery + time.Second)
		synctest.Wait()
		if got, want := rounds(), [4]int{5, 0, 0, 5}; got != want {
			t.Errorf("rounds: %v, want %v", got, want)
		}
		stops[0]()
		time.Sleep(maintainEvery)
		synctest.Wait()
		if got := rounds(); got[0] != 5 || got[1]+got[2] != 1 {
			t.Errorf("rounds, one after the first has ended: %v", got)
		}
		for _, stop := range stops {
			stop()
		}
		synctest.Wait()
	})
}
