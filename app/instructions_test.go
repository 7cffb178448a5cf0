package app

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
)

// TestInstructions wants the issue to look at the place that leaked, as it is in the branch's tip now.
func TestInstructions(t *testing.T) {
	together(t, map[string]func(*testing.T){
		"Literal":  testLiteral,
		"Settings": testSettings,
		"Renamed":  testRenamed,
		"Changed":  testChanged,
		"Gone":     testGone,
		"Branch":   testLeakOnABranch,
		"Removed":  testRemovedLater,
	})
}

var (
	goModule = map[string]string{"go.mod": "module example.com/api\n\nrequire github.com/clerk/clerk-sdk-go/v2 v2.3.0\n", "fly.toml": "app = \"acme-api\"\n"}
	literal  = "package main\n\nfunc main() {\n\tclerk.SetKey(\"%s\")\n}\n"
)

// change adds Go's manifests to files.
func change(files map[string]string) map[string]string {
	maps.Copy(files, goModule)
	return files
}

// lastIssue returns the body of the one issue.
func (w *world) lastIssue() string {
	w.t.Helper()
	w.settle()
	body := w.filed(1)[0].Body
	w.holdsNoKey()
	return body
}

func testLiteral(t *testing.T) {
	w := newShop(t)
	key, _ := w.secret(300, detect.Live)
	w.pushed(change(map[string]string{"main.go": fmt.Sprintf(literal, key)}))
	body := w.lastIssue()
	holds(t, "the issue", body, "In `main.go:4`, replace the key", `os.Getenv("CLERK_SECRET_KEY")`, "fly secrets set CLERK_SECRET_KEY=$NEW_KEY --app acme-api", "fly deploy")
	lacks(t, "the issue", body, "**Variable**") // clerk.SetKey is none
	if set, deploy, remove := strings.Index(body, "fly secrets set"), strings.Index(body, "fly deploy"), strings.Index(body, "Delete the old key"); set > deploy || deploy > remove {
		t.Errorf("set at %d, deploy at %d, delete at %d", set, deploy, remove)
	}
}

func testSettings(t *testing.T) {
	w := newShop(t)
	key, _ := w.secret(301, detect.Live)
	w.pushed(change(map[string]string{".env.production": env(key)}))
	holds(t, "the issue", w.lastIssue(), "git rm --cached .env.production", "fly deploy")
}

func testRenamed(t *testing.T) {
	w := newShop(t)
	key, _ := w.secret(302, detect.Live)
	text := fmt.Sprintf(literal, key)
	first := w.commit(w.shop, githubtest.Change{Files: change(map[string]string{"main.go": text})})
	second := w.commit(w.shop, githubtest.Change{Parents: []string{first}, Files: map[string]string{"cmd/api/main.go": text}, Remove: []string{"main.go"}})
	w.push(w.shop, "refs/heads/main", second)
	body := w.lastIssue()
	holds(t, "the issue", body, "In `cmd/api/main.go:4`, replace the key")
	lacks(t, "the issue", body, "In `main.go:4`")
}

func testChanged(t *testing.T) {
	w := newShop(t)
	key, _ := w.secret(303, detect.Live)
	first := w.commit(w.shop, githubtest.Change{Files: change(map[string]string{"main.go": fmt.Sprintf(literal, key)})})
	second := w.commit(w.shop, githubtest.Change{Parents: []string{first}, Files: map[string]string{"main.go": "// Package main.\n\n" + fmt.Sprintf(literal, key)}})
	w.push(w.shop, "refs/heads/main", second)
	holds(t, "the issue", w.lastIssue(), "In `main.go:6`, replace the key")
}

func testGone(t *testing.T) {
	w := newShop(t)
	key, _ := w.secret(304, detect.Live)
	first := w.commit(w.shop, githubtest.Change{Files: change(map[string]string{"main.go": fmt.Sprintf(literal, key)})})
	second := w.commit(w.shop, githubtest.Change{Parents: []string{first}, Files: map[string]string{"main.go": "package main\n"}})
	w.push(w.shop, "refs/heads/main", second)
	body := w.lastIssue()
	holds(t, "the issue", body, "fly secrets set")
	lacks(t, "the issue", body, "replace the key", "os.Getenv", "fly deploy", "still in a file")
}

func testLeakOnABranch(t *testing.T) {
	w := newShop(t)
	w.pushed(change(map[string]string{"main.go": "package main\n"}))
	key, _ := w.secret(305, detect.Live)
	sha := w.commit(w.shop, githubtest.Change{Files: change(map[string]string{"main.go": fmt.Sprintf(literal, key)})})
	w.push(w.shop, "refs/heads/feature/x", sha)
	holds(t, "the issue", w.lastIssue(), "On the branch `feature/x`, in `main.go:4`, replace the key")
}

// issueEdits counts the edits of issues that were sent.
func (w *world) issueEdits() (n int) {
	for _, r := range w.github.Requests() {
		if r.Method == http.MethodPatch && strings.Contains(r.Path, "/issues/") {
			n++
		}
	}
	return n
}

// testRemovedLater takes the key out by a later push: the issue stays open, and asks for that change no longer.
func testRemovedLater(t *testing.T) {
	w := newShop(t)
	key, _ := w.secret(306, detect.Live)
	first := w.commit(w.shop, githubtest.Change{Files: change(map[string]string{"main.go": fmt.Sprintf(literal, key)})})
	w.push(w.shop, "refs/heads/main", first)
	holds(t, "the issue", w.lastIssue(), "In `main.go:4`, replace the key")
	edits := w.issueEdits()
	kept := w.commit(w.shop, githubtest.Change{Parents: []string{first}, Files: map[string]string{"README.md": "# Shop\n"}})
	w.push(w.shop, "refs/heads/main", kept)
	holds(t, "the issue", w.lastIssue(), "In `main.go:4`, replace the key")
	if n := w.issueEdits(); n != edits {
		t.Errorf("%d edits of the issue by a push that has nothing to do with it", n-edits)
	}
	gone := w.commit(w.shop, githubtest.Change{Parents: []string{kept}, Files: map[string]string{"main.go": "package main\n"}})
	w.push(w.shop, "refs/heads/main", gone)
	body := w.lastIssue()
	holds(t, "the issue", body, "fly secrets set")
	lacks(t, "the issue", body, "replace the key", "os.Getenv")
	if issue := w.filed(1)[0]; issue.State != "open" {
		t.Errorf("the issue is %s", issue.State)
	}
}
