package app

import (
	"encoding/json"
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
	w.quiet()
	w.logs.forget()
	w.pushed(map[string]string{"deploy/.env": env(w.key(46, "live"))})
	w.say(w.issues(1)[0].Number, "/rekey status", w.ada)
	w.quiet()
	w.stop() // and what that logs
	recorded := w.github.Deliveries()
	i := slices.IndexFunc(recorded, func(d githubtest.Delivery) bool { return d.Event == "push" })
	if i < 0 {
		t.Fatal("the push was not delivered")
	}
	ofPush := map[string]string{}
	for text := range strings.Lines(w.logs.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if line["job"] == nil {
			t.Errorf("a line of no job: %s", text)
			continue
		}
		for _, attr := range []string{"job_id", "delivery", "installation", "repository_id"} {
			if line[attr] == nil {
				t.Errorf("a line without %s: %s", attr, text)
			}
		}
		if n := strings.Count(text, `"repository":`); n > 1 {
			t.Errorf("the repository is named %d times: %s", n, text)
		}
		if line["delivery"] == recorded[i].GUID {
			ofPush[line["msg"].(string)] = line["job"].(string)
			if line["repository_id"] != float64(w.shop.ID()) || line["installation"] != float64(w.app.ID()) {
				t.Errorf("not of the push's repository and installation: %s", text)
			}
		}
	}
	for message, job := range map[string]string{"leak found": "delivery", "delivery done": "delivery", "issue filed": "issue"} {
		if ofPush[message] != job {
			t.Errorf("of the push, the line %q is of the job %q, want %q: %v", message, ofPush[message], job, ofPush)
		}
	}
}
