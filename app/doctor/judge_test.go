package doctor

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	gogithub "github.com/google/go-github/v62/github"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
)

var update = flag.Bool("update", false, "write the goldens in testdata")

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// well is a server that lacks nothing.
func well() Facts {
	delivery := github.Delivery{ID: 9, GUID: "g", Event: "push", Status: "OK", StatusCode: 202}
	return Facts{
		Data: "/var/lib/rekey", Credentials: 0o600, PublicURL: "https://rekey.example.com", SignIn: true,
		Database: Database{Name: "/var/lib/rekey/rekey.db"}, Free: 40 << 30,
		GitHubURL: "https://github.com", Now: noon, GitHubNow: noon,
		App: github.Registration{
			Grant: github.Wanted(), Slug: "rekey-acme", Owner: "acme", PageURL: "https://github.com/apps/rekey-acme",
			SettingsURL: "https://github.com/organizations/acme/settings/apps/rekey-acme/permissions",
		},
		Installations: []github.Installation{{Grant: github.Wanted(), Account: "acme", SettingsURL: "https://github.com/organizations/acme/settings/installations/1"}},
		Hook:          github.HookConfig{URL: "https://rekey.example.com/webhook", ContentType: "json", HasSecret: true},
		Deliveries:    []github.Delivery{delivery}, Ping: Ping{Asked: true, Answer: &delivery},
		ClerkURL: "https://api.clerk.com", ClerkStatus: 401,
	}
}

func answered(status int) error {
	return &github.Error{Op: "read registration", About: "the App", Err: &gogithub.ErrorResponse{Response: &http.Response{StatusCode: status, Header: http.Header{}}, Message: "no"}}
}

func without(g github.Grant, permission, event string) github.Grant {
	got := github.Grant{Permissions: map[string]string{}}
	for name, access := range g.Permissions {
		if name != permission {
			got.Permissions[name] = access
		}
	}
	for _, name := range g.Events {
		if name != event {
			got.Events = append(got.Events, name)
		}
	}
	return got
}

func failing(status int) []github.Delivery {
	words := map[int]string{502: "failed to connect to host", 504: "timed out"}
	return []github.Delivery{
		{ID: 3, Event: "push"}, {ID: 2, Event: "push", StatusCode: status, Status: words[status]}, {ID: 1, Event: "push", StatusCode: 202},
	}
}

// TestJudge holds, for each thing that can be wrong, what is said of it and how it is fixed.
func TestJudge(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		change func(*Facts)
	}{
		{"all is well", func(*Facts) {}},
		{"no App yet", func(f *Facts) { f.NoApp, f.Config = true, errors.New("REKEY_APP_ID is not set: …") }},
		{"wrong settings", func(f *Facts) {
			f.Config = errors.New("REKEY_LISTEN is \"x\": use HOST:PORT\nREKEY_LOG is \"loud\": use info")
		}},
		{"open credentials", func(f *Facts) { f.Credentials = 0o644 }},
		{"no public address", func(f *Facts) { f.PublicURL = "" }},
		{"no client", func(f *Facts) { f.SignIn = false }},
		{"no database yet", func(f *Facts) { f.Database.Missing, f.Free = true, -1 }},
		{"no database", func(f *Facts) { f.Database = Database{Name: "PostgreSQL", Open: errors.New("connection refused")} }},
		{"database read-only", func(f *Facts) { f.Database.Write = errors.New("attempt to write a readonly database") }},
		{"little space", func(f *Facts) { f.Free = 500 << 20 }},
		{"no space", func(f *Facts) { f.Free = 10 << 20 }},
		{"GitHub not reachable", func(f *Facts) { f.GitHub, f.GitHubNow = errors.New("github.com: no such host"), time.Time{} }},
		{"GitHub has a problem", func(f *Facts) { f.GitHub = answered(500) }},
		{"wrong key", func(f *Facts) { f.GitHub = answered(401) }},
		{"clock a little ahead", func(f *Facts) { f.Now = noon.Add(30 * time.Second) }},
		{"clock behind", func(f *Facts) { f.Now, f.GitHub = noon.Add(-10*time.Minute), answered(401) }},
		{"permission missing", func(f *Facts) { f.App.Grant = without(f.App.Grant, "merge_queues", "") }},
		{"event missing", func(f *Facts) { f.App.Grant = without(f.App.Grant, "", "push") }},
		{"installed nowhere", func(f *Facts) { f.Installations = nil }},
		{"not accepted", func(f *Facts) { f.Installations[0].Grant = without(f.App.Grant, "issues", "") }},
		{"suspended", func(f *Facts) { f.Installations[0].Suspended = true }},
		{"logs wanted", func(f *Facts) {
			f.Installations[0].ID, f.Logs = 5, map[int64]respond.WantedLogs{5: {Repositories: 2, One: "acme/shop"}}
		}},
		{"list fails", func(f *Facts) { f.Listing = answered(502) }},
		{"no webhook", func(f *Facts) { f.HookError = answered(404) }},
		{"webhook empty", func(f *Facts) { f.Hook.URL = "" }},
		{"webhook elsewhere", func(f *Facts) { f.Hook.URL = "https://old.example.com/webhook" }},
		{"webhook by a channel", func(f *Facts) { f.Proxy = "https://smee.io/abc" }},
		{"webhook as a form", func(f *Facts) { f.Hook.ContentType = "form" }},
		{"webhook unchecked", func(f *Facts) { f.Hook.Insecure = true }},
		{"no secret", func(f *Facts) { f.Hook.HasSecret = false }},
		{"log fails", func(f *Facts) { f.LogError = answered(502) }},
		{"no deliveries", func(f *Facts) { f.Deliveries, f.Ping = nil, Ping{} }},
		{"an older delivery failed", func(f *Facts) { f.Deliveries = append(f.Deliveries, failing(500)...) }},
		{"other secret", func(f *Facts) { f.Deliveries = failing(401) }},
		{"other path", func(f *Facts) { f.Deliveries = failing(404) }},
		{"redirect", func(f *Facts) { f.Deliveries = failing(308) }},
		{"small proxy", func(f *Facts) { f.Deliveries = failing(413) }},
		{"not stored", func(f *Facts) { f.Deliveries = failing(503) }},
		{"broken", func(f *Facts) { f.Deliveries = failing(500) }},
		{"no connection", func(f *Facts) { f.Deliveries = failing(502) }},
		{"no answer in time", func(f *Facts) { f.Deliveries = failing(504) }},
		{"ping refused", func(f *Facts) { f.Ping.Answer = &github.Delivery{StatusCode: 401} }},
		{"ping not asked", func(f *Facts) { f.Ping = Ping{Asked: true, Error: answered(404)} }},
		{"ping without outcome", func(f *Facts) { f.Ping.Answer = nil }},
		{"Clerk not reachable", func(f *Facts) { f.Clerk = errors.New("api.clerk.com: no such host") }},
		{"Clerk has a problem", func(f *Facts) { f.ClerkStatus = 503 }},
	}
	var b strings.Builder
	for _, c := range cases {
		f := well()
		c.change(&f)
		checks := Judge(f)
		var shown []Check
		for _, check := range checks {
			if check.State != OK || c.name == "all is well" || c.name == "webhook by a channel" && check.Name == "webhook" {
				shown = append(shown, check)
			}
			if (check.State == Failed || check.State == Warning) && check.Fix == "" {
				t.Errorf("%s: %s has no fix", c.name, check.Name)
			}
		}
		fmt.Fprintf(&b, "== %s\n", c.name)
		if err := WriteText(&b, shown, false); err != nil {
			t.Fatal(err)
		}
		if c.name != "all is well" && c.name != "an older delivery failed" && c.name != "no database yet" && len(shown) == 0 {
			t.Errorf("%s: nothing is noticed", c.name)
		}
	}
	golden(t, "testdata/judge.txt", b.String())
}

func TestWriteTextInColour(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	f := well()
	f.Hook.HasSecret, f.PublicURL, f.Deliveries, f.Ping = false, "", nil, Ping{}
	f.App.Slug = "rekey\x1b[2J" // foreign text moves no cursor
	if err := WriteText(&b, Judge(f), true); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/colour.txt", b.String())
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; go test ./app/doctor -update):\n%s", path, diff)
	}
}

// TestLogsThatMayBeRead: with the permission to read them, and the event, there is nothing to say about logs.
func TestLogsThatMayBeRead(t *testing.T) {
	t.Parallel()
	f := well()
	grant := github.Wanted()
	grant.Permissions["actions"], grant.Events = "read", append(grant.Events, "workflow_run")
	f.Installations[0].Grant, f.Installations[0].ID, f.Logs = grant, 5, map[int64]respond.WantedLogs{5: {Repositories: 2, One: "acme/shop"}}
	for _, c := range Judge(f) {
		if c.Name == "logs" || c.State != OK {
			t.Errorf("%+v", c)
		}
	}
}
