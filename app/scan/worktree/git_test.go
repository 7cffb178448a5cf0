package worktree

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain makes the properties, each run of which takes several runs of git, short by default. For more:
// go test -rapid.checks=1000.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "15"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// tb is what tests and rapid properties have in common.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
}

// repo is a git repository made for a test.
type repo struct {
	tb
	dir string
}

func newRepo(t testing.TB) repo {
	t.Helper()
	r := repo{t, t.TempDir()}
	r.git("", "init", "-q", "-b", "main")
	return r
}

// git runs git in the repository and returns what it prints.
func (r repo) git(stdin string, args ...string) string {
	r.Helper()
	out, err := r.try(stdin, args...)
	if err != nil {
		r.Fatalf("git %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func (r repo) try(stdin string, args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-c", "core.fsync=none", "-c", "gc.auto=0"}, args...)...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "HOME=/nonexistent", "XDG_CONFIG_HOME=", "LC_ALL=C",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.org", "GIT_COMMITTER_NAME=Com", "GIT_COMMITTER_EMAIL=com@example.org")
	cmd.Stdin = strings.NewReader(stdin)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil && errs.Len() > 0 {
		return string(out), &exec.Error{Name: errs.String(), Err: err}
	}
	return string(out), err
}

func (r repo) write(name, text string) {
	r.Helper()
	full := filepath.Join(r.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
		r.Fatalf("%v", err)
	}
	if err := os.WriteFile(full, []byte(text), 0o666); err != nil {
		r.Fatalf("%v", err)
	}
}

func (r repo) open() *Tree {
	r.Helper()
	tree, err := Open(r.dir, nil)
	if err != nil {
		r.Fatalf("%v", err)
	}
	return tree
}

// noUser is a machine without settings.
func noUser(name string) string {
	if name == "GIT_CONFIG_NOSYSTEM" {
		return "1"
	}
	return ""
}
