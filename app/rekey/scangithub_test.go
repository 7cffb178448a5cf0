package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rekey-app/rekey/app/online"
	"github.com/rekey-app/rekey/app/online/onlinetest"
	"github.com/rekey-app/rekey/github/githubtest"
)

// serveGitHub is a GitHub with the organisation acme: GITHUB is its address, TOKEN one of ada's, and EVE one of somebody who sees
// what is public. "servegithub limit" has it answer once that the hour's requests are used up.
func serveGitHub(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: servegithub [limit]")
	}
	ctx := context.Background()
	server, err := githubtest.New(githubtest.Options{Quiet: true, Now: onlinetest.Epoch})
	ts.Check(err)
	ts.Defer(func() { _ = server.Close() })
	w, err := onlinetest.New(ctx, server)
	ts.Check(err)
	if len(args) > 0 {
		server.Inject(githubtest.Times(1, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/acme/api/releases") },
			githubtest.PrimaryLimit(time.Now().Add(time.Hour))))
	}
	ts.Setenv("GITHUB", server.URL())
	ts.Setenv("TOKEN", server.PersonalToken(w.Ada))
	ts.Setenv("EVE", server.PersonalToken(w.Eve))
	ts.Setenv("ALLOWED", strings.Join(w.Keys, " "))
}

var took = regexp.MustCompile(` in (?:under )?[0-9.]+ m?s\n`)

// steady takes out of files what differs from run to run: the address of the server, and how long it took. It fails where one of the
// world's keys or a token is in them.
func steady(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: steady FILE…")
	}
	for _, name := range args {
		text := ts.ReadFile(name)
		for _, secret := range append(strings.Fields(ts.Getenv("ALLOWED")), ts.Getenv("TOKEN"), ts.Getenv("EVE")) {
			if strings.Contains(text, secret) {
				ts.Fatalf("%s holds %.12s…", name, secret)
			}
		}
		text = strings.ReplaceAll(text, ts.Getenv("GITHUB"), "https://github.example")
		text = took.ReplaceAllString(text, " in 1.2 s\n")
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}

func TestPersonalToken(t *testing.T) {
	none := t.TempDir()
	t.Setenv("PATH", none)
	for _, c := range []struct {
		web  string
		env  map[string]string
		want string
	}{
		{"https://github.com", map[string]string{"GH_TOKEN": " a\n", "GITHUB_TOKEN": "b"}, "a"},
		{"https://github.com", map[string]string{"GITHUB_TOKEN": "b", "GH_ENTERPRISE_TOKEN": "c"}, "b"},
		{"https://acme.ghe.com", map[string]string{"GITHUB_TOKEN": "b", "GH_ENTERPRISE_TOKEN": "c"}, "b"},
		{"https://ghe.example.com", map[string]string{"GH_TOKEN": "a", "GITHUB_TOKEN": "b"}, ""},
		{"https://ghe.example.com", map[string]string{"GH_TOKEN": "a", "GH_ENTERPRISE_TOKEN": "c", "GITHUB_ENTERPRISE_TOKEN": "d"}, "c"},
		{"https://ghe.example.com", map[string]string{"GITHUB_ENTERPRISE_TOKEN": "d"}, "d"},
		{"https://ghe.example.com", map[string]string{"GITHUB_TOKEN": "b", "GITHUB_SERVER_URL": "https://ghe.example.com"}, "b"}, // its Actions
		{"https://ghe.example.com", map[string]string{"GITHUB_TOKEN": "b", "GITHUB_SERVER_URL": "https://github.com"}, ""},
		{"https://github.com", nil, ""},
	} {
		token, hint := personalToken(t.Context(), c.web, func(name string) string { return c.env[name] })
		if token != c.want || (token == "") != strings.HasPrefix(hint, "Set G") {
			t.Errorf("%s with %v: %q, %q", c.web, c.env, token, hint)
		}
	}
}

// TestTokenOfGH: where no variable has one, gh is asked for the token of this GitHub.
func TestTokenOfGH(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\ntest \"$*\" = \"auth token --hostname ghe.example.com\" || { echo no >&2; exit 1; }\necho gho_token\n"
	if err := os.WriteFile(filepath.Join(dir, "gh"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	nothing := func(string) string { return "" }
	if token, _ := personalToken(t.Context(), "https://ghe.example.com", nothing); token != "gho_token" {
		t.Errorf("%q", token)
	}
	if token, hint := personalToken(t.Context(), "https://github.com", nothing); token != "" || hint != "Set GH_TOKEN, or log in with gh auth login --hostname github.com" {
		t.Errorf("%q, %q", token, hint)
	}
}

func TestWebAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ given, host, want string }{
		{"", "", "https://github.com"},
		{"", "ghe.example.com", "https://ghe.example.com"},
		{"https://other.example.com/", "ghe.example.com", "https://other.example.com"},
		{"http://ghe.example.com", "", ""},
		{"nonsense", "", ""},
	} {
		got, err := webAddress(c.given, func(string) string { return c.host })
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
}

// TestWaiter: whoever waits reads why, until when, and that nothing is lost.
func TestWaiter(t *testing.T) {
	t.Parallel()
	var said []string
	wait := waiter(func(line string) { said = append(said, line) }, true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := wait(ctx, time.Now().Add(30*time.Minute), "GitHub's hourly limit of requests is used up"); err == nil {
		t.Error("it did not end with its context")
	}
	if err := wait(t.Context(), time.Now().Add(-time.Second), "x"); err != nil {
		t.Error(err)
	}
	form := regexp.MustCompile(`^GitHub's hourly limit of requests is used up: waiting until \d+ \w+ \d{4}, \d\d:\d\d UTC \(30 min\). ` +
		`Ctrl-C is safe: the same command goes on from here$`)
	if !form.MatchString(said[0]) {
		t.Error(said[0])
	}
}

// TestOnlineProgress: what a terminal shows of a scan of GitHub fits its line.
func TestOnlineProgress(t *testing.T) {
	t.Parallel()
	p := online.Progress{Repository: "acme/api", Done: 11, Of: 40, Step: "comments", Read: "340 issues, 1 200 comments"}
	if got := onlineLine(p, 7*time.Second); got != "12 of 40  acme/api: comments  7.0 s  340 issues, 1 200 comments" {
		t.Error(got)
	}
	if got := fitted(onlineLine(p, time.Second), 20); got != "12 of 40  acme/api:" {
		t.Errorf("%q", got)
	}
	var out bytes.Buffer
	if stop := (scanCommand{}).showOnline(streams{err: &out}, new(online.Options)); stop == nil || out.Len() > 0 {
		t.Error("what is no terminal shows progress")
	}
}
