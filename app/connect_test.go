package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/serve"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
)

// startAgain stops the server, lets change do what happens meanwhile, and starts a server with an empty ledger.
func (w *world) startAgain(change func()) {
	w.t.Helper()
	w.stop()
	change()
	w.flags.Data, w.flags.DatabaseURL = w.t.TempDir(), testDatabase(w.t)
	w.start()
}

// logged waits for a line of the log with this level, whose attributes hold these texts: names and texts in turns. Messages are
// for people, and free to change.
func (w *world) logged(level slog.Level, attributes ...string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("a line of the log at %s with %q", level, attributes), func() bool {
		return slices.ContainsFunc(w.lines(), func(l map[string]any) bool {
			for i := 0; i < len(attributes); i += 2 {
				if value, found := l[attributes[i]]; !found || !strings.Contains(fmt.Sprint(value), attributes[i+1]) {
					return false
				}
			}
			return l[slog.LevelKey] == level.String()
		})
	})
}

// lines are those of the log, by their attributes.
func (w *world) lines() (lines []map[string]any) {
	w.t.Helper()
	for text := range strings.Lines(w.logs.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			w.t.Fatalf("%s: %v", text, err)
		}
		lines = append(lines, line)
	}
	return lines
}

// A wrong id or key ends the start: nothing would ever work.
func TestWrongCredentialsEndTheStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	other, err := githubtest.New(githubtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	for name, change := range map[string]func(*config.Flags){
		"another App's id":  func(f *config.Flags) { f.AppID = "99" },
		"another App's key": func(f *config.Flags) { f.PrivateKey = string(other.PrivateKeyPEM()) },
	} {
		t.Run(name, func(t *testing.T) {
			flags := w.flags
			flags.Data, flags.DatabaseURL = t.TempDir(), testDatabase(t)
			change(&flags)
			cfg, err := flags.Resolve()
			if err != nil {
				t.Fatal(err)
			}
			server, err := serve.New(w.ctx, cfg, serve.Options{Log: slog.New(slog.DiscardHandler)})
			if err == nil {
				_ = server.Close()
				t.Fatal("the server runs")
			}
			setting, ok := errors.AsType[*config.Error](err)
			if !ok || !strings.Contains(setting.Setting, "REKEY_APP_ID") || !strings.Contains(err.Error(), "401") {
				t.Errorf("the error does not name the settings and GitHub's answer: %v", err)
			}
		})
	}
}

// Without GitHub the server takes deliveries, says that it is not ready and why, and goes on by itself.
func TestGitHubIsUnreachableAtStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.startAgain(func() {
		w.github.Inject(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.HasSuffix(r.URL.Path, "/app") {
				githubtest.Cut(w, r, next)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	w.logged(slog.LevelError, "url", w.flags.GitHubURL, "error", "EOF", "fix", "REKEY_GITHUB_URL")
	ready := func() (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(w.ctx, http.MethodGet, w.url("/readyz"), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	if code, body := ready(); code != http.StatusServiceUnavailable || !strings.Contains(body, "read registration") {
		t.Errorf("not ready: %d %s", code, body)
	}
	w.github.Inject(nil)
	w.logged(slog.LevelInfo, "url", w.flags.GitHubURL, "app", "rekey", "installations", "1")
	if code, body := ready(); code != http.StatusOK {
		t.Errorf("ready: %d %s", code, body)
	}
}

// What the App or an installation lacks is said at start, with what does not work for it and where it is mended.
func TestMissingPermissionsAndEventsAreReported(t *testing.T) {
	t.Parallel()
	events := []string{"check_run", "check_suite", "issues", "merge_group", "pull_request", "push", "repository"}
	w := newWorld(t, githubtest.Options{Events: events})
	w.logged(slog.LevelWarn, "missing", "issue_comment event", "effect", "/rekey commands", "fix", "/settings/apps/rekey/permissions")
	all := map[string]string{
		"checks": "write", "contents": "read", "issues": "write", "merge_queues": "read", "metadata": "read", "pull_requests": "read",
	}
	less := maps.Clone(all)
	delete(less, "issues")
	w.app.AcceptPermissions(w.ctx, w.ada, less)
	w.logged(slog.LevelWarn, "account", "acme", "missing", "issues: write", "effect", "no issue is filed", "fix", "/settings/installations/")
	w.app.AcceptPermissions(w.ctx, w.ada, all)
	w.logs.forget()
	w.startAgain(func() { w.app.AcceptPermissions(w.ctx, w.ada, less) })
	w.logged(slog.LevelWarn, "account", "acme", "missing", "issues: write")
}

// What could not be read for lack of a permission is read as soon as an owner accepts it, not at the next comparison.
func TestAcceptedPermissionsReadWhatWasNotReadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.settle()
	less := maps.Clone(github.Wanted().Permissions)
	delete(less, "contents")
	w.app.AcceptPermissions(w.ctx, w.ada, less)
	w.logged(slog.LevelWarn, "account", "acme", "missing", "contents: read", "effect", "no push is scanned")
	late, err := w.github.CreateRepository(w.github.Organization("acme"), "late", githubtest.RepositoryOptions{Private: true})
	if err != nil {
		t.Fatal(err)
	}
	sha := w.commit(late, githubtest.Change{Files: map[string]string{".env": env(w.key(95, detect.Live))}})
	if _, err := late.Push(w.ctx, githubtest.Push{Ref: "refs/heads/main", SHA: sha, By: w.ada}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if len(late.Issues()) > 0 {
		t.Fatal("it was readable")
	}
	w.app.AcceptPermissions(w.ctx, w.ada, github.Wanted().Permissions)
	w.eventually("the leak in acme/late to be found", func() bool { return len(late.Issues()) == 1 })
}

// An installation from before the first start, or of a lost database, is found, and its history read.
func TestOlderInstallationsAreFoundAtStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.check(w.shop, w.pushed(map[string]string{"README.md": "# Shop\n"}))
	w.startAgain(func() {})
	w.eventually("the history of acme/shop to be read", func() bool { return w.looked() == 1 })
}

// A repository that turns up by its first push has its history read at once, not at the next start.
func TestRepositoryThatTurnsUpByAPush(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.settle()
	late, err := w.github.CreateRepository(w.github.Organization("acme"), "late", githubtest.RepositoryOptions{Private: true})
	if err != nil {
		t.Fatal(err)
	}
	before := w.looked()
	w.check(late, func() string {
		sha := w.commit(late, githubtest.Change{Files: map[string]string{"README.md": "late\n"}})
		w.push(late, "refs/heads/main", sha)
		return sha
	}())
	w.eventually("the history of acme/late to be read", func() bool { return w.looked() == before+1 })
}

// A check that turned green offers nothing to press.
func TestGreenChecksHaveNoButtons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	key := w.key(41, "live")
	sha := w.pushed(map[string]string{".env": env(key)})
	if run := w.check(w.shop, sha); len(run.Actions) == 0 {
		t.Fatalf("the red check has no buttons: %+v", run)
	}
	w.issues(1)
	w.say(w.shop.Issues()[0].Number, "/rekey ignore made up for a test", w.ada)
	w.eventually("the check to turn green", func() bool { return w.shop.CheckRuns(sha)[0].Conclusion == "success" })
	w.settle()
	if run := w.check(w.shop, sha); len(run.Actions) != 0 {
		t.Errorf("the green check has %d buttons", len(run.Actions))
	}
}

// looked returns how many repositories have had their histories read.
func (w *world) looked() (n int) {
	w.t.Helper()
	return w.backfill().Done
}

// A leak is a line of its own that stands out, and names what people know; rekey's own echoes are not worth one.
func TestLogOfALeak(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.settle() // else the reading of the history may find it first
	sha := w.pushed(map[string]string{"deploy/.env": env(w.key(42, "live"))})
	w.check(w.shop, sha)
	w.issues(1)
	w.logged(slog.LevelWarn, "repository", "acme/shop", "ref", "refs/heads/main", "head", sha, "path", "deploy/.env", "environment", "live")
	w.logged(slog.LevelInfo, "delivery", "", "event", "push", "repository", "acme/shop", "head", sha)
	w.logged(slog.LevelInfo, "repository", "acme/shop", "issue", "/acme/shop/issues/")
	echoes := map[string]bool{}
	for _, d := range w.github.Deliveries() {
		var about struct{ Sender struct{ Type string } }
		if err := json.Unmarshal(d.Payload, &about); err != nil {
			t.Fatal(err)
		}
		if about.Sender.Type == "Bot" {
			echoes[d.GUID] = true
		}
	}
	heard := 0
	for _, line := range w.lines() {
		if delivery, is := line["delivery"].(string); is && echoes[delivery] {
			heard++
			if line[slog.LevelKey] != slog.LevelDebug.String() {
				t.Errorf("an echo of rekey's own doings is logged aloud: %v", line)
			}
		}
		if repository, _ := line["repository"].(string); strings.HasPrefix(repository, "id ") {
			t.Errorf("a repository is named by its id: %v", line)
		}
	}
	if heard == 0 {
		t.Error("no echo of rekey's own doings is in the log")
	}
	w.holdsNoKey()
}

// The GUID of a delivery is not signed. Whoever recorded one can send it again under another, and must not close a leak
// with it a second time.
func TestRecordedDeliveryUnderAnotherGUID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.pushed(map[string]string{".env": env(w.key(43, "live"))})
	number := w.issues(1)[0].Number
	if _, err := w.shop.CloseIssue(w.ctx, number, "", w.ada); err != nil {
		t.Fatal(err)
	}
	w.settle()
	recorded := w.github.Deliveries()
	i := slices.IndexFunc(recorded, func(d githubtest.Delivery) bool { return d.Event == "issues" && d.Action == "closed" })
	if i < 0 {
		t.Fatal("the closing was not delivered")
	}
	w.say(number, "/rekey reopen still in use", w.ada)
	w.settle()
	leak, _ := w.leak(number)
	before := leak.State

	r, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.url("/webhook"), strings.NewReader(string(recorded[i].Payload)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = recorded[i].Header.Clone()
	r.Header.Set("X-GitHub-Delivery", "00000000-0000-4000-8000-000000000000")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		t.Fatalf("the recorded delivery was answered %d", resp.StatusCode)
	}
	w.settle()
	leak, history := w.leak(number)
	if leak.State != before {
		t.Errorf("the leak went from %s to %s by a recorded delivery: %v", before, leak.State, history)
	}
}
