package ledger_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/queue"
)

// A scan and its leaks are recorded in one transaction. Recorded again, as after a crash, it changes nothing.
func Example() {
	dir, err := os.MkdirTemp("", "ledger")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()
	store, err := queue.OpenStore(ctx, ledger.Options{URL: filepath.Join(dir, "rekey.db")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = store.Close() }()

	key := detect.NewSecret(detecttest.Key(1, detect.Live))
	leak := respond.Leak{
		Fingerprint: key.Fingerprint(), Kind: detect.SecretKey, Environment: detect.Live, Severity: detect.CriticalSeverity,
		Confidence: detect.HighConfidence, Redacted: key.Redacted(),
	}
	scan := respond.Scan{
		Repository: 7, Head: "0123456789abcdef0123456789abcdef01234567", Trigger: respond.TriggerPush, Commits: 1, Finished: time.Now(),
	}
	seen := respond.Sighting{Source: respond.InBlob, Path: "shop/.env", Commit: scan.Head, Line: 2, Column: 18, EndLine: 2, EndColumn: 68}
	record := func() error {
		return store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
			recorded, err := tx.RecordScan(ctx, scan, []respond.Observation{{Leak: leak, Sighting: seen, AtHead: true}})
			if err == nil {
				fmt.Println(len(recorded.New), "new,", len(recorded.Known), "known, state", recorded.New[0].State)
			}
			return err
		})
	}
	fmt.Println("unknown repository:", record() != nil)
	err = store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		return tx.UpsertRepository(ctx, respond.Repository{ID: 7, Installation: 1, Owner: "acme", Name: "shop"})
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		if err := record(); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// unknown repository: true
	// 1 new, 0 known, state open
	// 1 new, 0 known, state open
}
