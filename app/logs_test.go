package app

import (
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/github/githubtest"
)

// Every line that is logged while a job runs says which job, of which delivery, installation and repository: also those of the
// jobs that follow from a delivery.
func TestLogsSayWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.settle()
	w.logs.forget()
	w.pushed(map[string]string{"deploy/.env": env(w.key(46, "live"))})
	w.say(w.issues(1)[0].Number, "/rekey status", w.ada)
	w.settle()
	w.stop() // and what that logs
	recorded := w.github.Deliveries()
	i := slices.IndexFunc(recorded, func(d githubtest.Delivery) bool { return d.Event == "push" })
	if i < 0 {
		t.Fatal("the push was not delivered")
	}
	if n := strings.Count(w.logs.String(), `"repository":`); n == 0 {
		t.Error("no line names a repository")
	}
	for text := range strings.Lines(w.logs.String()) {
		if n := strings.Count(text, `"repository":`); n > 1 {
			t.Errorf("the repository is named %d times: %s", n, text)
		}
	}
	jobsOf := map[string]any{} // by an attribute that only one line of the push has
	for _, line := range w.lines() {
		if line["job"] == nil {
			t.Errorf("a line of no job: %v", line)
			continue
		}
		for _, attr := range []string{"job_id", "delivery", "installation", "repository_id"} {
			if line[attr] == nil {
				t.Errorf("a line without %s: %v", attr, line)
			}
		}
		if line["delivery"] != recorded[i].GUID {
			continue
		}
		if line["repository_id"] != float64(w.shop.ID()) || line["installation"] != float64(w.app.ID()) {
			t.Errorf("not of the push's repository and installation: %v", line)
		}
		for attr := range line {
			jobsOf[attr] = line["job"]
		}
	}
	for attr, job := range map[string]string{"path": "delivery", "outcome": "delivery", "issue": "issue"} {
		if jobsOf[attr] != job {
			t.Errorf("of the push, the line with %s is of the job %v, want %s", attr, jobsOf[attr], job)
		}
	}
}
