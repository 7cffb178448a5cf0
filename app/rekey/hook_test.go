package main

import (
	"bytes"
	"io"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// serveGit serves the bare repositories of a directory by git http-backend, as servers do: servegit DIR, at $GITURL.
func serveGit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: servegit DIR")
	}
	where, err := exec.Command("git", "--exec-path").Output()
	ts.Check(err)
	backend := filepath.Join(strings.TrimSpace(string(where)), "git-http-backend")
	if _, err := os.Stat(backend); err != nil {
		ts.Fatalf("no git http-backend: %v", err)
	}
	env := []string{
		"GIT_PROJECT_ROOT=" + ts.MkAbs(args[0]), "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=ann", "PATH=" + ts.Getenv("PATH"), "HOME=" + ts.Getenv("HOME"),
	}
	server := httptest.NewServer(&cgi.Handler{Path: backend, Env: env})
	ts.Defer(server.Close)
	ts.Setenv("GITURL", server.URL)
}

// TestPreReceiveAnswersInTime: where nothing comes on standard input, the answer comes when time is up.
func TestPreReceiveAnswersInTime(t *testing.T) {
	t.Parallel()
	silence, end := io.Pipe()
	defer end.Close()
	for _, tt := range []struct {
		flag, says string
		status     int
	}{{"--fail-open", "did not check this push, and accepts it", 0}, {"--fail-closed", "could not check this push, and refuses it", 2}} {
		var said bytes.Buffer
		status := run(t.Context(), []string{"hook", "pre-receive", "--budget", "10ms", tt.flag}, silence, io.Discard, &said)
		if status != tt.status || !strings.Contains(strings.ReplaceAll(said.String(), "\n", " "), tt.says) {
			t.Errorf("%s: status %d: %s", tt.flag, status, said.String())
		}
		for line := range strings.Lines(said.String()) {
			if len(line) > 73 {
				t.Errorf("a line of %d characters, which git makes longer: %s", len(line), line)
			}
		}
	}
}
