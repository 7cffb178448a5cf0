package app

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
)

// TestRedeliveryOfAScanGivenUp: the check run says that the scan was given up; when the delivery is sent again, as GitHub's page
// of deliveries offers, the commit is read.
func TestRedeliveryOfAScanGivenUp(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	w.check(w.shop, w.pushed(map[string]string{"README.md": "# Shop\n"}))
	w.github.Inject(githubtest.Times(1, githubtest.Is(githubtest.Git, http.MethodPost), githubtest.Answer(http.StatusUnavailableForLegalReasons, "blocked")))
	sha := w.pushed(map[string]string{".env": env(w.key(90, detect.Live))})
	w.settle()
	if run := w.check(w.shop, sha); !strings.Contains(run.Summary+run.Text+run.Title, "451") {
		t.Fatalf("concluded %s, %s", run.Conclusion, run.Title)
	}
	w.filed(0)
	var id int64
	for _, d := range w.github.Deliveries() {
		if d.Event == "push" {
			id = d.ID
		}
	}
	again, err := w.github.Redeliver(w.ctx, id)
	w.took(again, err)
	w.conclusion(sha, "failure")
	if run := w.check(w.shop, sha); len(run.Annotations) != 1 {
		t.Errorf("%d annotations: %s", len(run.Annotations), run.Title)
	}
	w.filed(1)
	if again, err = w.github.Redeliver(w.ctx, id); err != nil || again.Status != http.StatusOK {
		t.Errorf("what was done is answered %d, %v", again.Status, err)
	}
}

// TestSuspensionIsWaitedOut: what came before an installation was suspended goes on when it is not any more.
func TestSuspensionIsWaitedOut(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	w.check(w.shop, w.pushed(map[string]string{"README.md": "# Shop\n"}))
	w.github.Inject(githubtest.Times(1, githubtest.Is(githubtest.Git, http.MethodPost), func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		w.app.Suspend(w.ctx, w.ada)
		githubtest.Cut(rw, r, next)
	}))
	sha := w.pushed(map[string]string{".env": env(w.key(91, detect.Live))})
	w.eventually("the job to be put off for hours", func() bool {
		return w.waits(func(j *rivertype.JobRow) bool { return j.AttemptedAt != nil && time.Until(j.ScheduledAt) > time.Hour })
	})
	if runs := w.shop.CheckRuns(sha); len(runs) > 0 {
		t.Fatalf("%d check runs", len(runs))
	}
	w.app.Unsuspend(w.ctx, w.ada)
	w.settle()
	w.conclusion(sha, "failure")
	w.filed(1)
}
