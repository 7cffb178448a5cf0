// Package gittest makes git repositories for tests, with the git that is installed and without anybody's settings. Authors
// and dates are always the same, and so are the ids of commits.
package gittest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TB is what tests and the runs of a rapid property have in common.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Repo is a repository, or a directory in one. What fails ends the test.
type Repo struct {
	TB
	Dir string
}

// New makes an empty repository whose branch is main.
func New(tb testing.TB) Repo {
	tb.Helper()
	r := Repo{tb, tb.TempDir()}
	r.Git("", "init", "-q", "-b", "main")
	return r
}

// Git runs git in the repository and returns what it prints.
func (r Repo) Git(stdin string, args ...string) string {
	r.Helper()
	out, err := r.Try(stdin, args...)
	if err != nil {
		r.Fatalf("%v", err)
	}
	return out
}

// Try is Git where git may fail.
func (r Repo) Try(stdin string, args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-c", "core.fsync=none", "-c", "pack.threads=1", "-c", "gc.auto=0"}, args...)...)
	cmd.Dir = r.Dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "HOME=/nonexistent", "XDG_CONFIG_HOME=", "LC_ALL=C",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.org", "GIT_AUTHOR_DATE=1700000000 +0100",
		"GIT_COMMITTER_NAME=Com", "GIT_COMMITTER_EMAIL=com@example.org", "GIT_COMMITTER_DATE=1700000001 +0100")
	cmd.Stdin = strings.NewReader(stdin)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, errs.String())
	}
	return string(out), err
}

// Write writes a file, and makes the directories that it needs.
func (r Repo) Write(name, text string) {
	r.Helper()
	full := filepath.Join(r.Dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
		r.Fatalf("%v", err)
	}
	if err := os.WriteFile(full, []byte(text), 0o666); err != nil {
		r.Fatalf("%v", err)
	}
}

// Commit writes files, stages all there is and returns the new commit.
func (r Repo) Commit(message string, files map[string]string) string {
	r.Helper()
	for name, text := range files {
		r.Write(name, text)
	}
	r.Git("", "add", "-A")
	r.Git("", "commit", "-q", "--allow-empty", "-m", message)
	return r.Head()
}

// Head returns the commit that HEAD names.
func (r Repo) Head() string {
	r.Helper()
	return strings.TrimSpace(r.Git("", "rev-parse", "HEAD"))
}
