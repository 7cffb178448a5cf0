package backfill

import (
	"context"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/ledger"
)

// TestWhatAHistoryTookIsRecorded: commits and bytes of a history that was read are there for the page of the first look.
func TestWhatAHistoryTookIsRecorded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	acme, ada := b.github.Organization("acme"), b.github.User("ada")
	r, err := b.github.CreateRepository(acme, "shop", githubtest.RepositoryOptions{Private: true})
	if err != nil {
		t.Fatal(err)
	}
	installation, _ := b.github.Install(t.Context(), acme, ada)
	key := "CLERK_SECRET_KEY=" + detecttest.Key(900, detect.Test) + "\n"
	for _, files := range []map[string]string{{"a.env": key}, {"b.txt": "nothing\n"}} {
		sha, err := r.Commit(githubtest.Change{Files: files, Author: ada})
		if err == nil {
			err = r.SetRef("refs/heads/main", sha)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	b.read(r, installation.ID())
	err = b.store.View(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
		p, err := tx.Progress(ctx, ledger.Visible{Everything: true}, installation.ID())
		if err != nil {
			return err
		}
		if p.Repositories != 1 || p.Read != 1 || p.Commits < 1 || p.Bytes < int64(len(key)) || len(p.Found) != 1 || p.Found[0].Open != 1 {
			t.Errorf("progress: %+v", p)
		}
		list, err := tx.RepositoryList(ctx, ledger.Visible{Everything: true}, ledger.RepositoryQuery{ID: r.ID()})
		if err == nil && (list.Repositories[0].Last.Commits != p.Commits || list.Repositories[0].OpenLeaks != 1) {
			t.Errorf("the repository: %+v", list)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
