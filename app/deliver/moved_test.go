package deliver

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/queue"
)

// A repository comes to another installation while an issue is being filed there and a check run made. The jobs were given up, since the
// installation that was known did not reach the repository any more: there are others. A check run that was made has none.
func TestATransferredRepositoryGetsItsEffects(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	store, err := queue.OpenStore(t.Context(), ledger.Options{URL: filepath.Join(t.TempDir(), "rekey.db"), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	w := &Worker{Store: ledger.Scope[Tx](store), Recorder: &record.Recorder{Store: ledger.Scope[record.Tx](store)}, Now: func() time.Time { return now }}
	err = store.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
		err := errors.Join(
			tx.UpsertInstallation(ctx, respond.Installation{ID: 1}, now), tx.UpsertInstallation(ctx, respond.Installation{ID: 2}, now),
			tx.UpsertRepository(ctx, respond.Repository{ID: shop.ID, Installation: 1, Owner: shop.Owner, Name: shop.Name, Private: true}))
		if err != nil {
			return err
		}
		recorded, err := tx.RecordScan(ctx, respond.Scan{Repository: shop.ID, Head: headSHA, Trigger: respond.TriggerPush}, []respond.Observation{{
			Leak: respond.Leak{Fingerprint: "f", Confidence: "high"}, Sighting: respond.Sighting{Commit: headSHA, Path: ".env"},
		}})
		if err != nil {
			return err
		}
		if err := tx.RecordFiled(ctx, shop.ID, recorded.New[0].ID); err != nil {
			return err
		}
		_, err = tx.RecordScan(ctx, respond.Scan{Repository: shop.ID, Head: baseSHA, Trigger: respond.TriggerPush}, nil)
		if err != nil {
			return err
		}
		if _, err := tx.BeginAction(ctx, fmt.Sprintf("check:%d:%s", shop.ID, headSHA), ledger.Lease{Owner: "check 1", For: time.Minute}); err != nil {
			return err
		}
		made, err := tx.BeginAction(ctx, fmt.Sprintf("check:%d:%s", shop.ID, baseSHA), ledger.Lease{Owner: "check 2", For: time.Minute})
		if err != nil {
			return err
		}
		return tx.FinishAction(ctx, made, "check run 2")
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ installation, want int64 }{{1, 0}, {2, 1}} {
		if err := w.remember(t.Context(), tt.installation, plan{Know: []webhook.Repository{shop}, Stated: true, AsOf: now}); err != nil {
			t.Fatal(err)
		}
		for _, kind := range []string{"issue", "check"} {
			var jobs int64
			err := store.View(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
				_, err := tx.OneSQL(ctx, []any{&jobs}, `SELECT count(*) FROM river_job WHERE kind = $1`, kind)
				return err
			})
			if err != nil || jobs != tt.want {
				t.Errorf("in installation %d: %d jobs of kind %s, %v, want %d", tt.installation, jobs, kind, err, tt.want)
			}
		}
	}
}
