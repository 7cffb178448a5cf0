package app

import (
	"context"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/ledger"
)

// TestRenamedAccount asks for a repository by its owner's new name once GitHub reports it.
func TestRenamedAccount(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	w.took(w.github.RenameAccount(w.ctx, w.shop.Owner(), w.ada, "acme-inc"), nil)
	w.view(func(ctx context.Context, tx *ledger.Tx) error {
		repository, err := tx.Repository(ctx, w.shop.ID())
		if repository.Owner != "acme-inc" {
			t.Errorf("the repository's owner is still %s", repository.Owner)
		}
		return err
	})
	sha, _, _ := w.leaked(540, detect.Live)
	w.conclusion(sha, "failure")
}
