package backfill

import (
	"context"
	"log/slog"
	"sync"
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
		var rounds [4]int
		var stops [4]context.CancelFunc
		for i, leases := range []Leases{shared, shared, shared, nil} {
			ctx, stop := context.WithCancel(t.Context())
			stops[i] = stop
			w := &Worker{Leases: leases, Owner: string(rune('a' + i)), Log: slog.New(slog.DiscardHandler)}
			go w.lead(ctx, func(context.Context) { rounds[i]++ })
			synctest.Wait()
		}
		time.Sleep(4*maintainEvery + time.Second)
		synctest.Wait()
		if want := [4]int{5, 0, 0, 5}; rounds != want {
			t.Errorf("rounds: %v, want %v", rounds, want)
		}
		stops[0]()
		time.Sleep(maintainEvery)
		synctest.Wait()
		if rounds[0] != 5 || rounds[1]+rounds[2] != 1 {
			t.Errorf("rounds, one after the first has ended: %v", rounds)
		}
		for _, stop := range stops {
			stop()
		}
		synctest.Wait()
	})
}
