package deliver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// TestADeliveryThatIsGivenUpWaitsNoMore: whatever part of a delivery fails for good, it does not count as waiting for ever.
func TestADeliveryThatIsGivenUpWaitsNoMore(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	store := ledgertest.Open(t, ledger.Options{URL: ledgertest.SQLite(t), Now: func() time.Time { return now }})
	w := &Worker{Store: ledger.Scope[Tx](store), Now: func() time.Time { return now }}
	temporary, final := errors.New("connection reset"), outcome.Final("GitHub says no")
	for _, c := range []struct {
		guid    string
		err     error
		attempt int
		finish  bool
	}{
		{"temporary", temporary, 1, false},
		{"temporary-too-often", temporary, 1000, true},
		{"final", final, 1, true},
	} {
		if _, err := store.Accept(t.Context(), []ledger.Delivery{{GUID: c.guid, Event: "issue_comment", Body: []byte("{}"), Received: now}}); err != nil {
			t.Fatal(err)
		}
		j := &river.Job[job.Delivery]{
			JobRow: &rivertype.JobRow{Attempt: c.attempt, MaxAttempts: 20, CreatedAt: now}, Args: job.Delivery{GUID: c.guid},
		}
		if err := w.end(t.Context(), j, c.err); !errors.Is(err, c.err) {
			t.Errorf("%s: %v", c.guid, err)
		}
		var d ledger.Delivery
		err := store.View(t.Context(), func(ctx context.Context, tx *ledger.Tx) (err error) {
			d, err = tx.Delivery(ctx, c.guid)
			return err
		})
		if err != nil || d.Finished.IsZero() == c.finish {
			t.Errorf("%s: finished %v, %v", c.guid, d.Finished, err)
		}
	}
}

// TestAScanOutOfReach: where the App isn't installed nobody sees a check run, and none is tried; that the scan was given up is no error of
// ours, since GitHub's log may have what is other Apps'.
func TestAScanOutOfReach(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	store := ledgertest.Open(t, ledger.Options{URL: ledgertest.SQLite(t), Now: func() time.Time { return now }})
	var log bytes.Buffer
	w := &Worker{
		Store: ledger.Scope[Tx](store), Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(&log, nil)), // and no Publish
	}
	d := ledger.Delivery{GUID: "g", Event: "push", Body: []byte("{}"), Received: now}
	if _, err := store.Accept(t.Context(), []ledger.Delivery{d}); err != nil {
		t.Fatal(err)
	}
	j := &river.Job[job.Delivery]{JobRow: &rivertype.JobRow{Attempt: 20, MaxAttempts: 20, CreatedAt: now.Add(-time.Hour)}, Args: job.Delivery{GUID: d.GUID}}
	err := w.giveUpScan(t.Context(), j, d, &read.Task{Repository: repositoryOf(webhook.Common{Repository: shop})}, fmt.Errorf("reading: %w", github.ErrUninstalled))
	if !errors.Is(err, outcome.ErrGivenUp) {
		t.Errorf("%v", err)
	}
	if text := log.String(); strings.Contains(text, "level=ERROR") || !strings.Contains(text, "level=WARN") {
		t.Errorf("the log: %s", text)
	}
	err = store.View(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
		got, err := tx.Delivery(ctx, d.GUID)
		if !got.GivenUp {
			t.Errorf("%+v", got)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestWhatIsGoneLeavesNoDeliveryUnfinished: a leak or a repository may go between the decision and its transaction. The job ends, and
// nobody would come back to the delivery.
func TestWhatIsGoneLeavesNoDeliveryUnfinished(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	store := ledgertest.Open(t, ledger.Options{URL: ledgertest.SQLite(t), Now: func() time.Time { return now }})
	w := &Worker{Store: ledger.Scope[Tx](store), Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
	d := ledger.Delivery{GUID: "a", Event: "issue_comment", Body: []byte("{}"), Received: now}
	if _, err := store.Accept(t.Context(), []ledger.Delivery{d}); err != nil {
		t.Fatal(err)
	}
	err := w.finishWith(t.Context(), d, "applied", func(ctx context.Context, tx Tx) error {
		_, err := tx.Repository(ctx, 1)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = store.View(t.Context(), func(ctx context.Context, tx *ledger.Tx) (err error) {
		d, err = tx.Delivery(ctx, "a")
		return err
	})
	if err != nil || d.Finished.IsZero() || d.Outcome != goneMeanwhile {
		t.Errorf("finished %v as %q: %v", d.Finished, d.Outcome, err)
	}
}
