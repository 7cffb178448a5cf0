package app

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/ledger"
)

// TestFastPushesOnOneBranch pushes sixty clean commits before the first is read, upon a history that holds a leak: each
// commit is read once, by the push that brought it, and no check turns red for what was there before.
func TestFastPushesOnOneBranch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{}, hurried)
	const old, pushes = 20, 60
	parent := w.pushed(map[string]string{".env": env(w.key(200, detect.Live))})
	parent = w.commit(w.shop, githubtest.Change{Parents: []string{parent}, Remove: []string{".env"}})
	for i := range old {
		parent = w.commit(w.shop, githubtest.Change{Parents: []string{parent}, Files: map[string]string{"old": fmt.Sprint(i)}})
	}
	w.push(w.shop, "refs/heads/main", parent)
	w.settle()

	release := w.holdGit()
	var heads []string
	for i := range pushes {
		parent = w.commit(w.shop, githubtest.Change{Parents: []string{parent}, Files: map[string]string{"fast": fmt.Sprint(i)}})
		heads = append(heads, parent)
		w.push(w.shop, "refs/heads/main", parent)
	}
	release()
	w.settle()
	for i, head := range heads {
		w.conclusion(head, "success")
		if n := w.read(head); n != 1 {
			t.Errorf("push %d: %d commits were read, want its own", i, n)
		}
	}
}

// TestALostDeliveryAmongFastPushes loses one delivery while others wait upon it: the next push reads what it brought as well,
// and no push reads the history, though the branch's tip has moved on by then.
func TestALostDeliveryAmongFastPushes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{}, hurried)
	parent := w.pushed(map[string]string{"README.md": "# Shop\n"})
	w.settle()
	for range 5 {
		parent = w.commit(w.shop, githubtest.Change{Parents: []string{parent}})
		w.push(w.shop, "refs/heads/main", parent)
	}
	w.settle()
	release := w.holdGit()
	lost := w.commit(w.shop, githubtest.Change{Parents: []string{parent}, Files: map[string]string{"lost": "1"}})
	w.lost("refs/heads/main", lost)
	next := w.commit(w.shop, githubtest.Change{Parents: []string{lost}, Files: map[string]string{"next": "1"}})
	w.push(w.shop, "refs/heads/main", next)
	last := w.commit(w.shop, githubtest.Change{Parents: []string{next}, Files: map[string]string{"last": "1"}})
	w.push(w.shop, "refs/heads/main", last)
	release()
	w.settle()
	if n := w.read(next); n != 2 {
		t.Errorf("the next push read %d commits, want its own and the lost one's", n)
	}
	if n := w.read(last); n != 1 {
		t.Errorf("the last push read %d commits, want its own", n)
	}
}

// holdGit keeps all fetches waiting until release is called.
func (w *world) holdGit() (release func()) {
	held := make(chan struct{})
	w.github.Inject(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if githubtest.Is(githubtest.Git, http.MethodPost)(r) {
			<-held
		}
		next.ServeHTTP(rw, r)
	})
	return func() { close(held) }
}

// read is how many commits were read for a head, all its scans together.
func (w *world) read(head string) (commits int) {
	w.t.Helper()
	w.view(func(ctx context.Context, tx *ledger.Tx) error {
		scans, err := tx.Scans(ctx, w.shop.ID(), head)
		for _, scan := range scans {
			commits += scan.Commits
		}
		return err
	})
	return commits
}
