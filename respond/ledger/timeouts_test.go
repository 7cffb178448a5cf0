package ledger_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// testTimeout is how long tests wait for what must come. Nothing is measured by it.
const testTimeout = 30 * time.Second

// Every statement, and every wait for a connection, ends in time.
func TestStatementsEndInTime(t *testing.T) {
	t.Parallel()
	database := ledgertest.Postgres(t)
	s := ledgertest.Open(t, ledger.Options{URL: database, StatementTimeout: 2 * time.Second})
	sleep := func(ctx context.Context, tx *ledger.Tx) error { return tx.Exec(ctx, `SELECT pg_sleep(60)`) }
	begun := time.Now()
	if err := s.Update(t.Context(), sleep); err == nil {
		t.Error("a statement of a minute has no limit")
	}
	if err := s.View(t.Context(), sleep); err == nil {
		t.Error("a statement of a minute has no limit")
	}
	// All connections are taken.
	hold, held := make(chan struct{}), make(chan struct{}, 16)
	var holders sync.WaitGroup
	defer holders.Wait()
	defer close(hold)
	for range 16 {
		holders.Go(func() {
			for got := false; !got && t.Context().Err() == nil; { // connecting has a limit too
				_ = s.View(t.Context(), func(context.Context, *ledger.Tx) error {
					got = true
					held <- struct{}{}
					<-hold
					return nil
				})
			}
		})
	}
	for range 16 {
		<-held
	}
	if err := s.View(t.Context(), func(context.Context, *ledger.Tx) error { return nil }); err == nil {
		t.Error("a wait for a connection has no limit")
	}
	if spent := time.Since(begun); spent > 50*time.Second {
		t.Errorf("it took %s", spent)
	}
}
