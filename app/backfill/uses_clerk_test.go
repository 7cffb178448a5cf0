package backfill

import (
	"context"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// TestTheLedgerKnowsThatARepositoryUsesClerk: a webhook secret beside nothing but Svix is Clerk's where a key was found in the
// repository before.
func TestTheLedgerKnowsThatARepositoryUsesClerk(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	acme, ada := b.github.Organization("acme"), b.github.User("ada")
	installation, _ := b.github.Install(t.Context(), acme, ada)
	for name, first := range map[string]string{
		"known": "KEY=" + detecttest.Key(1, detect.Test) + "\n", "unknown": "KEY=none\n",
	} {
		r, err := b.github.CreateRepository(acme, name, githubtest.RepositoryOptions{Private: true})
		if err != nil {
			t.Fatal(err)
		}
		hook := detecttest.WebhookSecret(int64(len(name)))
		for _, file := range []string{first, "import { Webhook } from \"svix\";\nconst SVIX_SECRET = \"" + hook + "\";\n"} {
			// No commit is in the other's pack.
			sha, err := r.Commit(githubtest.Change{Parents: []string{}, Author: ada, Files: map[string]string{"file": file}})
			if err == nil {
				err = r.SetRef("refs/heads/main", sha)
			}
			if err != nil {
				t.Fatal(err)
			}
			b.read(r, installation.ID())
		}
		var leak respond.Leak
		err = b.store.View(t.Context(), func(ctx context.Context, tx *ledger.Tx) (err error) {
			leak, err = tx.LeakByFingerprint(ctx, r.ID(), detect.NewSecret(hook).Fingerprint())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]detect.Confidence{"known": detect.MediumConfidence, "unknown": detect.LowConfidence}[name]
		if leak.Confidence != want {
			t.Errorf("%s: confidence %s, want %s: %q", name, leak.Confidence, want, leak.Reasons)
		}
	}
}
