package app

import (
	"net/http"
	"sync"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
)

// TestANewBranchBringsWhatWasNotReadBefore: while the push of a new branch waits to be read, the branch that it was made from moves
// on. The new branch's check shows what the new branch brought all the same, and no key that was read long before.
func TestANewBranchBringsWhatWasNotReadBefore(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	root := w.pushed(map[string]string{"README.md": "# Shop\n"})
	w.push(w.shop, "refs/heads/other", root)
	w.settle()
	leaking, _, _ := w.leaked(73, detect.Live)
	old := w.pushed(map[string]string{"a.txt": "a\n"})
	w.check(w.shop, old)
	branch := w.commit(w.shop, githubtest.Change{Files: map[string]string{"b.txt": "b\n"}})
	moved := make(chan struct{})
	var once sync.Once
	w.github.Inject(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		first := false
		if asksFor(r, "want "+branch) {
			once.Do(func() { first = true })
		}
		if first {
			<-moved
			githubtest.Answer(http.StatusServiceUnavailable, "try again")(rw, r, next)
			return
		}
		next.ServeHTTP(rw, r)
	})
	w.push(w.shop, "refs/heads/new", branch)
	sha := w.commit(w.shop, githubtest.Change{Parents: []string{old}, Files: map[string]string{"c.txt": "c\n"}})
	w.push(w.shop, "refs/heads/main", sha)
	w.eventually("the other push to be read", func() bool { return len(w.shop.CheckRuns(sha)) > 0 })
	close(moved)
	w.check(w.shop, branch)
	w.settle()
	w.conclusion(leaking, "failure")
	w.conclusion(branch, "success")
}
