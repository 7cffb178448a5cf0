package main

import (
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

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
