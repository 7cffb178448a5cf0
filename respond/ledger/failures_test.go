package ledger_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// A full disk is named as such, makes the store not ready, and passes.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := ledgertest.Open(t, ledger.Options{URL: ledgertest.SQLite(t)})
	update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.Exec(ctx, "PRAGMA max_page_count = 1") })
	write := func() error {
		noise := make([]byte, 1<<20) // is not packed
		_, _ = rand.Read(noise)
		_, err := s.Accept(t.Context(), []ledger.Delivery{{GUID: "1", Event: "push", Body: noise}})
		return err
	}
	if err := write(); !errors.Is(err, ledger.ErrFull) || !errors.Is(err, ledger.ErrUnavailable) {
		t.Fatalf("on a full disk: %v", err)
	}
	if err := s.Ping(t.Context()); !errors.Is(err, ledger.ErrFull) {
		t.Errorf("ping: %v", err)
	}
	update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.Exec(ctx, "PRAGMA max_page_count = 1000000") })
	if err := s.Ping(t.Context()); err != nil { // no write is needed to see that there is space again
		t.Errorf("ping, with space again: %v", err)
	}
	if err := write(); err != nil {
		t.Error(err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// Little space left is not ready before anything has failed.
func TestLittleSpace(t *testing.T) {
	t.Parallel()
	s := ledgertest.Open(t, ledger.Options{URL: ledgertest.SQLite(t)})
	s.SetSpace(63 << 20)
	if err := s.Ping(t.Context()); !errors.Is(err, ledger.ErrFull) || !strings.Contains(err.Error(), "63 MiB") {
		t.Errorf("ping: %v", err)
	}
	s.SetSpace(64 << 20)
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}
