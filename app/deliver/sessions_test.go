package deliver

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/queue"
)

// TestEventsReachSessions: who takes back the App's authorization is signed out, and what changes who sees what has GitHub asked again.
func TestEventsReachSessions(t *testing.T) {
	t.Parallel()
	change := func(action string) webhook.Event { return &webhook.RepositoryChange{Common: acting(action)} }
	for name, c := range map[string]struct {
		event        webhook.Event
		ended, stale bool
	}{
		"authorization revoked":  {&webhook.Authorization{Common: webhook.Common{Action: "revoked", Sender: ada}}, true, false},
		"revoked by another":     {&webhook.Authorization{Common: webhook.Common{Action: "revoked", Sender: webhook.Account{ID: 99}}}, false, false},
		"installation suspended": {&webhook.Installation{Common: acting("suspend")}, false, true},
		"installation deleted":   {&webhook.Installation{Common: acting("deleted")}, false, true},
		"repositories removed":   {&webhook.InstallationRepositories{Common: acting("removed")}, false, true},
		"privatized":             {change("privatized"), false, true},
		"publicized":             {change("publicized"), false, true},
		"renamed":                {change("renamed"), false, false},
		"push":                   {&webhook.Push{Common: about, After: headSHA}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := queue.OpenStore(t.Context(), ledger.Options{URL: filepath.Join(t.TempDir(), "rekey.db"), Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = store.Close() })
			var got ledger.Session
			err = store.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
				if _, err := tx.AddSession(ctx, ledger.Session{ID: "a", State: "a", Person: ada.ID, Login: "ada", Sealed: []byte{1}, Access: []byte{1}}); err != nil {
					return err
				}
				if err := ofSessions(ctx, tx, c.event, planOf(c.event, ours)); err != nil {
					return err
				}
				got, err = tx.Session(ctx, "a")
				if c.ended && errors.Is(err, ledger.ErrNotFound) {
					return nil
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if ended := got.Login == ""; ended != c.ended || got.Stale.IsZero() == c.stale {
				t.Errorf("ended: %t, stale since %v", ended, got.Stale)
			}
		})
	}
}
