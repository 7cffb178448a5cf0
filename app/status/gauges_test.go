package status

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// bench is a ledger with a clock that is set by hand.
type bench struct {
	t     *testing.T
	store *ledger.Store
	clock time.Time
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, clock: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	b.store = ledgertest.Open(t, ledger.Options{URL: ledgertest.SQLite(t), Now: b.now})
	return b
}

func (b *bench) now() time.Time { return b.clock }

func (b *bench) counter() *Counter { return NewCounter(ledger.Scope[Tx](b.store), b.now) }

func (b *bench) update(do func(context.Context, *ledger.Tx) error) {
	b.t.Helper()
	if err := b.store.Update(b.t.Context(), do); err != nil {
		b.t.Fatal(err)
	}
}

// shop is a repository with an open leak, and a job that waits.
func (b *bench) shop() {
	b.t.Helper()
	b.update(func(ctx context.Context, tx *ledger.Tx) error {
		if err := tx.UpsertInstallation(ctx, respond.Installation{ID: 7, Account: "acme"}, tx.Now()); err != nil {
			return err
		}
		if err := tx.UpsertRepository(ctx, respond.Repository{ID: 9, Installation: 7, Owner: "acme", Name: "shop"}); err != nil {
			return err
		}
		_, err := tx.RecordScan(ctx, respond.Scan{Repository: 9, Head: "1111111111111111111111111111111111111111"}, []respond.Observation{{
			Leak: respond.Leak{Fingerprint: "f", Kind: "secret_key", Environment: "live", Severity: "critical", Confidence: "high"},
		}})
		if err != nil {
			return err
		}
		return tx.Enqueue(ctx, job.Issue{Leak: 1}, nil)
	})
}

func TestGauges(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	registry := prometheus.NewRegistry()
	registry.MustRegister(NewGauges(b.counter(), slog.New(slog.DiscardHandler)))
	gauges := func() (list []string) {
		t.Helper()
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				if m.GetGauge().GetValue() == 0 {
					continue
				}
				var labels []string
				for _, l := range m.GetLabel() {
					labels = append(labels, l.GetValue())
				}
				line := fmt.Sprintf("%s %s", f.GetName(), strings.Join(labels, " "))
				if !strings.HasSuffix(f.GetName(), "_timestamp_seconds") {
					line += fmt.Sprintf(" %v", m.GetGauge().GetValue())
				}
				list = append(list, line)
			}
		}
		return list
	}
	want := func(what string, lines ...string) {
		t.Helper()
		if got := gauges(); !slices.Equal(got, lines) {
			t.Errorf("%s: %q, want %q", what, got, lines)
		}
	}
	want("at first")
	b.shop()
	want("counted again at once")
	b.clock = b.clock.Add(countEvery)
	want("later", "rekey_open_leaks live secret_key critical 1", "rekey_queue_jobs issue waiting 1",
		"rekey_queue_oldest_job_timestamp_seconds issue", "rekey_repositories waiting 1")
	// What the database does not tell is left out; it takes nothing else with it.
	b.clock = b.clock.Add(countEvery)
	b.update(func(ctx context.Context, tx *ledger.Tx) error {
		_, err := tx.ExecSQL(ctx, "ALTER TABLE leaks RENAME TO gone")
		return err
	})
	want("without a database")
}
