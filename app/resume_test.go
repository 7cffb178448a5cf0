package app

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/queue"
)

// TestRunningJobsGoOnAfterAKill kills the server in the middle of a scan. The one that is started then takes the job back by the
// rule of dead processes, long before the job's own timeout: on PostgreSQL with a tenth of the usual silence. For how long that may
// take at most, see the queue's TestJobsOfAKilledProcessGoOnWithin30Seconds.
func TestRunningJobsGoOnAfterAKill(t *testing.T) {
	t.Parallel()
	const silence = 3 * time.Second
	w := newWorld(t, githubtest.Options{})
	w.check(w.shop, w.pushed(map[string]string{"README.md": "# Shop\n"}))
	w.stop()
	w.environment = append(w.environment, "REKEY_TEST_SILENCE="+silence.String())
	w.tune = func(c *github.Config, q *queue.Config) {
		hurried(c, q)
		q.HeartbeatTimeout = silence
	}
	first := w.spawn()
	sha := w.commit(w.shop, githubtest.Change{Files: map[string]string{".env": env(w.key(150, detect.Live))}})
	asked, hold := make(chan struct{}, 8), make(chan struct{})
	w.github.Inject(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/git-upload-pack") {
			body, err := io.ReadAll(r.Body)
			if r.Body = io.NopCloser(bytes.NewReader(body)); err == nil && bytes.Contains(body, []byte("want "+sha)) {
				asked <- struct{}{}
				<-hold // the job runs until then, in whatever process
			}
		}
		next.ServeHTTP(rw, r)
	})
	w.push(w.shop, "refs/heads/main", sha)
	<-asked
	first.kill()
	w.start()
	w.eventually("the job to be taken again", func() bool { return len(asked) > 0 })
	close(hold)
	if run := w.check(w.shop, sha); run.Conclusion != "failure" {
		t.Errorf("concluded %s", run.Conclusion)
	}
	w.issues(1)
}
