package wire_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// repository is a real bare repository behind git's own HTTP server.
type repository struct {
	t     testing.TB
	dir   string
	url   string
	posts atomic.Int64
	clock int64
}

// newRepository serves an empty repository. wrap, if any, stands between the client and git.
func newRepository(t testing.TB, wrap func(http.Handler) http.Handler) *repository {
	t.Helper()
	root := t.TempDir()
	r := &repository{t: t, dir: filepath.Join(root, "acme", "shop.git"), clock: 1_700_000_000}
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	r.git("init", "-q", "--bare", "-b", "main", ".")
	exe, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	var h http.Handler = &cgi.Handler{
		Path:   filepath.Join(strings.TrimSpace(string(exe)), "git-http-backend"),
		Env:    []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1"},
		Stderr: &bytes.Buffer{},
	}
	if wrap != nil {
		h = wrap(h)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.posts.Add(1)
		h.ServeHTTP(w, req)
	}))
	t.Cleanup(s.Close)
	r.url = s.URL + "/acme/shop.git"
	return r
}

func (r *repository) git(args ...string) string {
	r.t.Helper()
	return r.gitIn("", args...)
}

func (r *repository) gitIn(input string, args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = r.dir
	cmd.Stdin = strings.NewReader(input)
	date := fmt.Sprintf("%d +0000", r.clock)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_AUTHOR_DATE="+date,
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com", "GIT_COMMITTER_DATE="+date)
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit makes a commit with one file on top of parents, and no ref to it.
func (r *repository) commit(name, text string, parents ...string) string {
	r.t.Helper()
	r.clock++
	blob := r.gitIn(text, "hash-object", "-w", "--stdin")
	entries := fmt.Sprintf("100644 blob %s\t%s\n", blob, name)
	if len(parents) > 0 {
		for line := range strings.Lines(r.git("ls-tree", parents[0]) + "\n") {
			if !strings.HasSuffix(line, "\t"+name+"\n") {
				entries += line
			}
		}
	}
	args := []string{"commit-tree", "-m", "Change " + name, r.gitIn(entries, "mktree")}
	for _, p := range parents {
		args = append(args, "-p", p)
	}
	return r.git(args...)
}

func (r *repository) ref(name, id string) { r.t.Helper(); r.git("update-ref", name, id) }

// contents lists the objects of a self-contained pack, by git itself.
func (r *repository) contents(pack []byte) map[string]bool {
	r.t.Helper()
	dir := r.t.TempDir()
	path := filepath.Join(dir, "got.pack")
	if err := os.WriteFile(path, pack, 0o600); err != nil {
		r.t.Fatal(err)
	}
	out, err := exec.Command("git", "index-pack", path).CombinedOutput()
	if err != nil {
		r.t.Fatalf("git index-pack: %v\n%s", err, out)
	}
	idx, err := os.Open(filepath.Join(dir, "got.idx"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer idx.Close()
	cmd := exec.Command("git", "show-index")
	cmd.Stdin = idx
	out, err = cmd.Output()
	if err != nil {
		r.t.Fatal(err)
	}
	ids := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		ids[strings.Fields(line)[1]] = true
	}
	return ids
}

// objects lists what rev-list --objects says.
func (r *repository) objects(revs ...string) map[string]bool {
	r.t.Helper()
	ids := map[string]bool{}
	for line := range strings.Lines(r.git(append([]string{"rev-list", "--objects"}, revs...)...)) {
		ids[strings.Fields(line)[0]] = true
	}
	return ids
}
