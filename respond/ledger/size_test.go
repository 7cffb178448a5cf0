package ledger_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// A SQLite file does not grow while as much is deleted as is written: months of deliveries, in seconds.
func TestFileStaysBounded(t *testing.T) {
	t.Parallel()
	url := ledgertest.SQLite(t)
	s, clock := open(t, url)
	path := strings.TrimPrefix(url, "sqlite://")
	const months, deliveries = 8, 150
	var second int64
	for month := range months {
		for first := 0; first < deliveries; first += 50 {
			var list []ledger.Delivery
			for i := range 50 {
				body := make([]byte, 8<<10) // is not packed
				_, _ = rand.Read(body)
				list = append(list, ledger.Delivery{GUID: fmt.Sprint(month, " ", first+i), Event: "push", Body: body, Received: clock.Time})
			}
			if _, err := s.Accept(t.Context(), list); err != nil {
				t.Fatal(err)
			}
		}
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return tx.Exec(ctx, `UPDATE river_job SET state = 'completed', finalized_at = datetime('now', '-2 hours')`)
		})
		clock.Time = clock.Time.Add(31 * day)
		s.Prune(t.Context(), ledger.DefaultRetention)
		if n := counted(t, s); n["deliveries"] != 0 || n["river_job"] != 0 {
			t.Fatalf("left: %v", n)
		}
		if err := s.EmptyWAL(t.Context()); err != nil {
			t.Fatal(err)
		}
		if month == 1 {
			second = fileSize(t, path)
		}
	}
	if last := fileSize(t, path); last > second+second/10 {
		t.Errorf("the file had %d bytes after two months, and has %d after %d", second, last, months)
	}
}

// The write-ahead log is emptied though somebody reads at any time: readers that overlap cannot keep it for ever.
func TestLogStaysBounded(t *testing.T) {
	t.Parallel()
	url := ledgertest.SQLite(t)
	s, _ := open(t, url)
	log := strings.TrimPrefix(url, "sqlite://") + "-wal"
	const limit = 1 << 20
	s.WatchWAL(limit, 10*time.Millisecond)
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	defer readers.Wait()
	defer stop()
	for range 3 {
		readers.Go(func() {
			for ctx.Err() == nil {
				_ = s.View(ctx, func(ctx context.Context, tx *ledger.Tx) error {
					_, err := tx.Count(ctx, "deliveries")
					time.Sleep(3 * time.Millisecond) // a reader that takes its time: nothing is waited for
					return err
				})
			}
		})
	}
	largest := int64(0)
	for i := range 400 {
		body := make([]byte, 64<<10)
		_, _ = rand.Read(body)
		if _, err := s.Accept(t.Context(), []ledger.Delivery{{GUID: fmt.Sprint(i), Event: "push", Body: body}}); err != nil {
			t.Fatal(err)
		}
		largest = max(largest, fileSize(t, log))
	}
	for deadline := time.Now().Add(testTimeout); fileSize(t, log) > limit; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the log has %d bytes, and is not emptied while others read", fileSize(t, log))
		}
	}
	t.Logf("largest log: %d bytes", largest)
}
