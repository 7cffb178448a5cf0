package app

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/app/deliver"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// TestSurfaces: keys in wikis, in files of releases and in logs of Actions, the whole way.
func TestSurfaces(t *testing.T) {
	together(t, map[string]func(*testing.T){
		"InTheWiki":            testKeyInTheWiki,
		"WikiOutOfReach":       testWikiOutOfReach,
		"InAFileOfARelease":    testKeyInAFileOfARelease,
		"CleanReleases":        testCleanReleasesAskNothing,
		"FileBeingUploaded":    testFileBeingUploaded,
		"InReleaseNotes":       testKeyInReleaseNotes,
		"InALog":               testKeyInALog,
		"LogsNotWanted":        testLogsNotWanted,
		"LogsWithinABudget":    testLogsWithinABudget,
		"LogsCannotBeDeleted":  testLogsCannotBeDeleted,
		"LogsNotDeleted":       testLogsNotDeleted,
		"LogsThatCannotBeRead": testLogsThatCannotBeRead,
	})
}

// newGrantedShop is a shop whose App has these permissions beside those that it needs, and hears of runs of Actions.
func newGrantedShop(t *testing.T, permissions map[string]string) *world {
	t.Helper()
	grant := github.Wanted()
	maps.Copy(grant.Permissions, permissions)
	return newWorld(t, githubtest.Options{Permissions: grant.Permissions, Events: append(grant.Events, "workflow_run")})
}

// quiet demands that nothing was logged as a problem.
func (w *world) quiet() {
	w.t.Helper()
	for _, line := range w.lines() {
		if line[slog.MessageKey] == "leak found" {
			continue
		}
		if level := line[slog.LevelKey]; level == slog.LevelWarn.String() || level == slog.LevelError.String() {
			w.t.Errorf("logged: %v", line)
		}
	}
}

// requests counts those of a method whose path has a part.
func (w *world) requests(method, part string) (n int) {
	for _, r := range w.github.Requests() {
		if r.Method == method && strings.Contains(r.Path, part) {
			n++
		}
	}
	return n
}

// rotates demands that the key is read again from where it is, and that the leak ends when Clerk refuses it.
func (w *world) rotates(number int, key detect.Secret) {
	w.t.Helper()
	w.clerk.Delete(key)
	w.say(number, "/rekey rotated", w.ada)
	w.state(number, "closed", respond.Revoked)
}

func testKeyInTheWiki(t *testing.T) {
	w := newGuardedShop(t)
	text, key := w.secret(960, detect.Live)
	w.took(w.shop.EditWiki(w.ctx, map[string]string{"Set up": written(text)}, w.sam))
	issue := w.issues(1)[0]
	body := w.issue(issue.Number).Body
	holds(t, "the issue", body, "written in [the wiki page `Set-up`](", "/wiki/Set-up/", "- [ ] [The wiki page `Set-up`](", "shop.wiki.git`", "--path Set-up.md`")
	fetched := w.requests(http.MethodPost, ".wiki.git")
	w.took(w.shop.EditWiki(w.ctx, map[string]string{"Set up": "It works. (removed)"}, w.sam))
	w.issues(1)
	holds(t, "the issue after the edit", w.issue(issue.Number).Body, "- [ ] [The wiki page `Set-up`](", "**but an earlier version still shows it**")
	if n := w.requests(http.MethodPost, ".wiki.git") - fetched; n > 4 { // refs and what is new; then refs and the history without texts
		t.Errorf("an edit costs %d requests to the wiki", n)
	}
	w.rotates(issue.Number, key)
	if err := w.shop.RewriteWiki(map[string]string{"Set up": "It works."}, w.ada); err != nil {
		t.Fatal(err)
	}
	w.say(issue.Number, "/rekey status", w.ada)
	if places := w.placesOf(issue.Number); len(places) != 1 || places[0].Text.Gone.IsZero() || places[0].AuthorName != "sam" {
		t.Errorf("places %+v", places)
	}
	w.holdsNoKey()
}

// testWikiOutOfReach: what the App may not read is nobody's error, and is read once it may.
func testWikiOutOfReach(t *testing.T) {
	w := newShop(t)
	text, _ := w.secret(961, detect.Live)
	for _, status := range []int{http.StatusNotFound, http.StatusForbidden, http.StatusUnauthorized} {
		asked := 0
		w.github.Inject(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			if !strings.Contains(r.URL.Path, ".wiki.git") {
				next.ServeHTTP(rw, r)
				return
			}
			asked++
			rw.WriteHeader(status)
		})
		w.took(w.shop.EditWiki(w.ctx, map[string]string{"Home": fmt.Sprint(status, written(text))}, w.sam))
		if asked > 2 { // a token that is refused is got again
			t.Errorf("after %d it was asked %d times", status, asked)
		}
	}
	w.filed(0)
	w.quiet()
	w.github.Inject(nil)
	w.took(w.shop.EditWiki(w.ctx, map[string]string{"Home": "removed"}, w.sam))
	w.issues(1)
}

// archive is a zip file with these files.
func archive(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := z.Create(name)
		if err == nil {
			_, err = f.Write([]byte(files[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func testKeyInAFileOfARelease(t *testing.T) {
	w := newGuardedShop(t)
	text, key := w.secret(962, detect.Live)
	id, _ := w.shop.PublishRelease(w.ctx, githubtest.Release{Tag: "v1", Body: "The first.", Assets: []githubtest.Asset{
		{Name: "app.zip", Content: archive(t, map[string]string{"app/.env": env(text), "app/main.js": "start()"})},
		{Name: "README.txt", Content: []byte("nothing")},
	}}, w.ada)
	issue := w.issues(1)[0]
	holds(t, "the issue", w.issue(issue.Number).Body, "written in [`app/.env` in the release's file `app.zip`](", "/releases/tag/v1", "- [ ] [`app/.env` in the release's file `app.zip`](", "**Update release**")
	downloads := w.requests(http.MethodGet, "/releases/assets/")
	if downloads < 2 || downloads >= 3*2 { // an attempt that a busy machine ended is made again
		t.Errorf("three events about two files cost %d downloads", downloads)
	}
	more := "The first. Enjoy."
	w.took(w.shop.EditRelease(w.ctx, id, githubtest.Edited{Body: &more}, w.ada))
	if n := w.requests(http.MethodGet, "/releases/assets/") - downloads; n != 1 { // whether the one with the key is there
		t.Errorf("%d requests for files: a file that was read is read again", n)
	}
	w.rotates(issue.Number, key)
	if err := w.shop.AddAsset(id, githubtest.Asset{Name: "app.zip", Content: archive(t, map[string]string{"app/.env": "NONE=1"})}, w.ada); err != nil {
		t.Fatal(err)
	}
	w.took(w.shop.EditRelease(w.ctx, id, githubtest.Edited{Body: &more}, w.ada))
	if places := w.placesOf(issue.Number); len(places) != 1 || places[0].Text.Gone.IsZero() || places[0].Member != "app/.env" {
		t.Errorf("places %+v", places)
	}
	w.filed(1)
	w.holdsNoKey()
}

// testCleanReleasesAskNothing: a release without files and keys costs no job and no request.
func testCleanReleasesAskNothing(t *testing.T) {
	w := newShop(t)
	w.settle()
	before := len(w.github.Requests())
	for i := range 5 {
		w.shop.PublishRelease(w.ctx, githubtest.Release{Tag: fmt.Sprint("v", i), Name: "Release", Body: "Faster."}, w.ada)
	}
	w.settle()
	if n := len(w.github.Requests()) - before; n != 0 {
		t.Errorf("%d requests", n)
	}
}

// testFileBeingUploaded: a file that is not whole yet is read when it is, without another event.
func testFileBeingUploaded(t *testing.T) {
	w := newShop(t)
	text, _ := w.secret(963, detect.Live)
	id, _ := w.shop.PublishRelease(w.ctx, githubtest.Release{Tag: "v1", Assets: []githubtest.Asset{{Name: "app.env", State: "starter"}}}, w.ada)
	w.eventually("the release to be looked at", func() bool { return w.requests(http.MethodGet, fmt.Sprint("/releases/", id)) > 0 })
	if n := w.requests(http.MethodGet, "/releases/assets/"); n != 0 {
		t.Errorf("%d downloads of a file that is not whole", n)
	}
	if err := w.shop.AddAsset(id, githubtest.Asset{Name: "app.env", Content: []byte(env(text))}, w.ada); err != nil {
		t.Fatal(err)
	}
	w.eventually("the file to be read", func() bool {
		w.hurried(func(j *rivertype.JobRow) bool {
			return j.Kind == job.Assets{}.Kind() && j.State == rivertype.JobStateScheduled
		})
		return len(w.shop.Issues()) == 1
	})
}

// testKeyInReleaseNotes: Clerk is asked about a key that only the notes hold, and the step is ticked whoever edits them.
func testKeyInReleaseNotes(t *testing.T) {
	w := newShop(t)
	text, key := w.secret(964, detect.Live)
	w.shop.PublishRelease(w.ctx, githubtest.Release{Tag: "v1", Body: written(text)}, w.ada)
	issue := w.issues(1)[0]
	holds(t, "the issue", w.issue(issue.Number).Body, "written in [the notes of a release](")
	w.rotates(issue.Number, key)
}

// readsLogs is a policy by which logs are read.
func (w *world) readsLogs() {
	w.t.Helper()
	w.policy("texts: {logs: true}")
}

// ran ends a run whose second step prints this.
func (w *world) ran(prints string) int64 {
	w.t.Helper()
	id, sent, err := w.shop.CompleteRun(w.ctx, githubtest.Run{Steps: []githubtest.RunStep{
		{Job: "build", Name: "Set up job", Log: "hello\n"}, {Job: "build", Name: "Run env", Log: "PATH=/bin\n" + prints},
	}}, w.sam)
	w.took(sent, err)
	return id
}

func testKeyInALog(t *testing.T) {
	w := newGuardedShop(t)
	w.readsLogs()
	text, key := w.secret(966, detect.Live)
	run := w.ran(env(text))
	issue := w.issues(1)[0]
	body := w.issue(issue.Number).Body
	holds(t, "the issue", body, "written in [line 2 of the step `Run env` in the log of the job `build`](", fmt.Sprintf("/actions/runs/%d/job/", run), "#step:2:2", "comment `/rekey delete-logs`")
	if n := w.requests(http.MethodGet, "/logs"); n != 1 {
		t.Errorf("%d requests for logs", n)
	}
	w.clerk.Delete(key)
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.state(issue.Number, "closed", respond.Revoked)

	w.say(issue.Number, "/rekey delete-logs", w.sam)
	if !w.shop.HasLogs(run) {
		t.Error("somebody who may only read had logs deleted")
	}
	holds(t, "the answer to a stranger", w.last(issue.Number, 2), "from people with write access")
	sent, err := w.shop.Comment(w.ctx, issue.Number, "/rekey delete-logs", w.ada)
	w.took(sent, err)
	if _, err := w.github.Redeliver(w.ctx, sent.ID); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if w.shop.HasLogs(run) {
		t.Error("the logs are there")
	}
	holds(t, "the answer", w.last(issue.Number, 3), "Deleted the logs of 1 run.")
	if places := w.placesOf(issue.Number); len(places) != 1 || places[0].Text.Gone.IsZero() {
		t.Errorf("places %+v", places)
	}
	w.say(issue.Number, "/rekey delete-logs", w.ada)
	holds(t, "the answer to another", w.last(issue.Number, 4), "knows of no log")
	w.holdsNoKey()
}

// testLogsNotWanted: a run whose logs the policy doesn't want costs nothing but the policy, which is remembered.
func testLogsNotWanted(t *testing.T) {
	w := newGuardedShop(t)
	w.pushed(map[string]string{"a.txt": "a"})
	w.settle()
	text, _ := w.secret(967, detect.Live)
	w.ran(env(text))
	before := len(w.github.Requests())
	for range 5 {
		w.ran(env(text))
	}
	if n := len(w.github.Requests()) - before; n != 0 {
		t.Errorf("%d requests", n)
	}
	w.filed(0)
	if n := w.requests(http.MethodGet, "/actions/"); n != 0 {
		t.Errorf("%d requests for runs", n)
	}
}

// testLogsWithinABudget: when an hour's budget is used up, logs are read later, also after a restart; a push waits for none of them.
func testLogsWithinABudget(t *testing.T) {
	w := newGuardedShop(t)
	w.readsLogs()
	err := w.server.Store().Update(w.ctx, func(ctx context.Context, tx *ledger.Tx) error {
		for range deliver.LogsBurst + 100 {
			if _, ok, err := tx.TakeTurn(ctx, w.app.ID(), "logs", deliver.LogsBurst, deliver.LogsPause, deliver.LogsWithin); err != nil || !ok {
				return fmt.Errorf("%v, %w", ok, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	text, _ := w.secret(968, detect.Live)
	w.ran(env(text))
	w.restart(func() {})
	w.filed(0)
	if n := w.requests(http.MethodGet, "/logs"); n != 0 {
		t.Errorf("%d requests for logs before their turn", n)
	}
	w.hurried(func(j *rivertype.JobRow) bool { return j.Kind == job.Logs{}.Kind() })
	w.eventually("the logs to be read", func() bool { return len(w.shop.Issues()) == 1 })
}

// testLogsCannotBeDeleted: without the permission to delete logs the answer says what is missing, and the clicks.
func testLogsCannotBeDeleted(t *testing.T) {
	w := newGrantedShop(t, map[string]string{"actions": "read"})
	w.readsLogs()
	text, _ := w.secret(969, detect.Live)
	run := w.ran(env(text))
	issue := w.issues(1)[0]
	w.say(issue.Number, "/rekey delete-logs", w.ada)
	holds(t, "the answer", w.last(issue.Number, 1), "lacks the permission **Actions: write**", "**Delete all logs**", fmt.Sprintf("/actions/runs/%d)", run))
	if !w.shop.HasLogs(run) {
		t.Error("the logs are gone")
	}
	w.quiet()
}

// testLogsNotDeleted: where GitHub refuses it, who asked hears of it.
func testLogsNotDeleted(t *testing.T) {
	w := newGrantedShop(t, map[string]string{"actions": "write"})
	w.readsLogs()
	text, _ := w.secret(970, detect.Live)
	w.ran(env(text))
	issue := w.issues(1)[0]
	w.github.Inject(githubtest.Times(1, func(r *http.Request) bool { return r.Method == http.MethodDelete }, githubtest.Answer(422, "Validation Failed")))
	w.say(issue.Number, "/rekey delete-logs", w.ada)
	holds(t, "the answer", w.last(issue.Number, 1), "GitHub refused to delete the logs of 1 run")
}

// testLogsThatCannotBeRead: without the permission, and where GitHub has none, nothing is an error; of what is broken the rest is said.
func testLogsThatCannotBeRead(t *testing.T) {
	w := newGrantedShop(t, nil)
	w.readsLogs()
	w.ran("hello\n")
	w.quiet()
	other := newGrantedShop(t, map[string]string{"actions": "read"})
	other.readsLogs()
	_, sent, err := other.shop.CompleteRun(other.ctx, githubtest.Run{Logs: []byte("no archive")}, other.sam)
	other.took(sent, err)
	other.logged(slog.LevelWarn, "left", "the archive")
	other.filed(0)
}
