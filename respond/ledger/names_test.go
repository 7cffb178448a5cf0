package ledger_test

import (
	"context"
	"testing"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

// before016 undoes all migrations from 16 on, and what is called otherwise since.
var before016 = []string{
	"DROP INDEX repositories_removed",
	"DROP INDEX notices_repository",
	"DROP INDEX tips_sha",
	"ALTER TABLE repositories DROP COLUMN removed",
	"ALTER TABLE leaks DROP COLUMN files_ref",
	"ALTER TABLE installations DROP COLUMN removed",
	"UPDATE river_job SET kind = 'first_look' WHERE kind = 'backfill'",
	"UPDATE river_job SET kind = 'ask' WHERE kind = 'verify'",
	"UPDATE keyed_jobs SET kind = 'first_look' WHERE kind = 'backfill'",
	"UPDATE scans SET event = 'first_look' WHERE event = 'backfill'",
	"UPDATE actions SET key = 'word:7:comment:5' WHERE key = 'command:7:comment:5'",
	"ALTER TABLE repositories RENAME COLUMN backfilled TO first_looked",
	"ALTER TABLE backfills RENAME COLUMN crashed TO deadly",
	"ALTER TABLE backfills RENAME COLUMN updated TO told",
	"ALTER TABLE backfills RENAME COLUMN started TO begun",
	"ALTER TABLE backfills RENAME TO looks",
	"DROP TABLE missed", "DROP TABLE leases",
	"DROP INDEX deliveries_uninstalled", "DROP INDEX tips_deleted",
	"ALTER TABLE deliveries DROP COLUMN recovered",
	"ALTER TABLE installations DROP COLUMN as_of", "ALTER TABLE repositories DROP COLUMN as_of", "ALTER TABLE tips DROP COLUMN as_of",
	"DELETE FROM ledger_versions WHERE version >= 16",
	"DELETE FROM ledger_checksums WHERE version >= 16",
}

// TestWhatWaitsIsRenamed opens a database of before backfills, verifications and commands were called so: what waits in its queue
// is done, and what was done is not done again.
func TestWhatWaitsIsRenamed(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, err := queue.OpenStore(t.Context(), ledger.Options{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			if err := tx.UpsertRepository(ctx, respond.Repository{ID: 7, Installation: 1, Owner: "acme", Name: "shop"}); err != nil {
				return err
			}
			if _, err := tx.StartBackfill(ctx, 7); err != nil {
				return err
			}
			if _, err := tx.RecordScan(ctx, respond.Scan{Repository: 7, Head: "a", Trigger: respond.TriggerBackfill}, nil); err != nil {
				return err
			}
			if err := tx.Enqueue(ctx, job.Backfill{Installation: 1, Repository: 7}, nil); err != nil {
				return err
			}
			if err := tx.Enqueue(ctx, job.Verify{Leak: 3}, nil); err != nil {
				return err
			}
			once, err := tx.BeginOnce(ctx, "command:7:comment:5", ledger.Lease{Owner: "a"})
			if err != nil {
				return err
			}
			return tx.FinishAction(ctx, once, "done")
		})
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			for _, statement := range before016 {
				if err := tx.Exec(ctx, statement); err != nil {
					return err
				}
			}
			return nil
		})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = ledgertest.Open(t, ledger.Options{URL: url})
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			queued, err := tx.BackfillsQueued(ctx, 1)
			if queued != 1 || err != nil {
				t.Errorf("%d backfills are queued: %v", queued, err)
			}
			if n, err := tx.Count(ctx, "river_job WHERE kind = 'verify'"); n != 1 || err != nil {
				t.Errorf("%d verifications wait: %v", n, err)
			}
			b, err := tx.Backfills(ctx, 1, 10)
			if len(b.List) != 1 || b.List[0].Backfill.Attempt != 1 || err != nil {
				t.Errorf("backfills: %+v, %v", b, err)
			}
			if n, err := tx.Count(ctx, "scans WHERE event = 'backfill'"); n != 1 || err != nil {
				t.Errorf("%d scans are backfills: %v", n, err)
			}
			once, err := tx.BeginOnce(ctx, "command:7:comment:5", ledger.Lease{Owner: "b"})
			if once.Finished.IsZero() || err != nil {
				t.Errorf("a command is applied again: %+v, %v", once, err)
			}
			return nil
		})
	})
}
