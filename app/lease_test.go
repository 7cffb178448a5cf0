package app

import (
	"net/http"
	"testing"

	"github.com/rekey-app/rekey/github/githubtest"
)

// TestARefusedCheckKeepsNobodyWaiting: GitHub refuses the check run of one branch for good; another branch at the same
// commit makes it at once, and not only when the first one's lease has passed.
func TestARefusedCheckKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.check(w.shop, w.pushed(map[string]string{"README.md": "# Shop\n"}))
	sha := w.commit(w.shop, githubtest.Change{Files: map[string]string{"README.md": "# The shop\n"}})
	w.github.Inject(githubtest.Times(2, writes(http.MethodPost, "/check-runs", ""), githubtest.Answer(http.StatusForbidden, "Resource not accessible by integration")))
	w.push(w.shop, "refs/heads/one", sha)
	w.eventually("the scan to be given up", func() bool {
		return w.counted("rekey_jobs_total", `kind="delivery"`, `outcome="given_up"`) == 1
	})
	w.push(w.shop, "refs/heads/two", sha)
	if run := w.check(w.shop, sha); run.Conclusion != "success" {
		t.Errorf("concluded %s", run.Conclusion)
	}
}

// TestACheckInUseIsNotReadAgain: while one delivery is at a commit's check run, another one about the same commit reads
// it once, and leaves the check run to a job of its own.
func TestACheckInUseIsNotReadAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.check(w.shop, w.pushed(map[string]string{"README.md": "# Shop\n"}))
	sha := w.commit(w.shop, githubtest.Change{Files: map[string]string{"README.md": "# The shop\n"}})
	hold, asked := make(chan struct{}), make(chan struct{})
	w.github.Inject(githubtest.Times(1, writes(http.MethodPost, "/check-runs", ""), func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		close(asked)
		<-hold
		next.ServeHTTP(rw, r)
	}))
	w.push(w.shop, "refs/heads/one", sha)
	<-asked
	w.push(w.shop, "refs/heads/two", sha)
	waited := func() int { return w.counted("rekey_jobs_total", `kind="check"`, `outcome="snooze"`) }
	w.eventually("the check run to be waited for", func() bool { return waited() > 0 })
	fetched := w.github.Count(githubtest.Git)
	before := waited()
	w.eventually("further waiting", func() bool { return waited() > before })
	if n := w.github.Count(githubtest.Git); n != fetched {
		t.Errorf("%d more git requests while the check run was in use", n-fetched)
	}
	close(hold)
	if run := w.check(w.shop, sha); run.Conclusion != "success" {
		t.Errorf("concluded %s", run.Conclusion)
	}
}
