package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/queue"
)

// stored makes a database in a directory as a server has it, with something of acme and of umbrella in it, and keeps it open until
// the script ends: stored DIR.
func stored(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: stored DIR")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	ctx := context.Background()
	s, err := queue.OpenStore(ctx, ledger.Options{URL: filepath.Join(dir, "rekey.db")})
	ts.Check(err)
	ts.Defer(func() { ts.Check(s.Close()) })
	ts.Check(s.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		var errs []error
		for i, account := range []string{"acme", "umbrella"} {
			id := int64(i + 1)
			errs = append(errs, tx.UpsertRepository(ctx, respond.Repository{ID: id, Installation: 10 * id, Owner: account, Name: "shop"}))
			if account == "umbrella" {
				errs = append(errs, tx.RemoveInstallation(ctx, 10*id))
			}
			_, err := tx.RecordScan(ctx, respond.Scan{Repository: id, Head: "a", Trigger: respond.TriggerPush},
				[]respond.Observation{{Leak: respond.Leak{Fingerprint: "f"}}})
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	}))
	ts.Check(s.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		// Of the other installation only its number is known: it goes by the name of its repositories' owner.
		return tx.UpsertInstallation(ctx, respond.Installation{ID: 10, Account: "acme"}, time.Time{})
	}))
}

// Only the name itself confirms.
func TestForgettingIsConfirmed(t *testing.T) {
	t.Parallel()
	for answer, confirmed := range map[string]bool{
		"acme\n": true, "ACME\r\n": true, "acme": true, "": false, "\n": false, "y\n": false, "yes\n": false, "umbrella\n": false,
	} {
		var asked strings.Builder
		err := ask(strings.NewReader(answer), &asked, "acme", ledger.Holding{Installations: 1, Repositories: 1, Leaks: 2})
		if (err == nil) != confirmed {
			t.Errorf("%q: %v", answer, err)
		}
		if !strings.Contains(asked.String(), "1 repository and 2 leaks of acme") {
			t.Errorf("asked: %s", asked.String())
		}
	}
	if err := ask(io.MultiReader(), io.Discard, "acme", ledger.Holding{}); err == nil {
		t.Error("confirmed by nobody")
	}
}
