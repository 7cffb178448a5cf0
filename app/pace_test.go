package app

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/job"
)

// TestLimitsOutliveARestart: what GitHub told the last process to wait with, the next one waits with, on either store.
func TestLimitsOutliveARestart(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	if err := w.server.Store().Pace().SetCooldown(w.ctx, w.app.ID(), "writing", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	w.restart(func() {})
	key, _ := w.secret(780, detect.Live)
	sha := w.pushed(map[string]string{".env": env(key)})
	if run := w.checked(w.shop, sha); run.Conclusion != "failure" { // check runs are no such writes
		t.Errorf("concluded %s", run.Conclusion)
	}
	w.eventually("the issue to wait", func() bool {
		return w.waits(func(j *rivertype.JobRow) bool { return j.Kind == job.Issue{}.Kind() && j.AttemptedAt != nil })
	})
	w.filed(0)
	for _, r := range w.github.Requests() {
		if r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/issues") {
			t.Error("an issue was asked for")
		}
	}
}
