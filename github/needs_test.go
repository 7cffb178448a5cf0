package github_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/github"
)

// update writes what is made from the needs: go test ./github -run Needs -update.
var update = flag.Bool("update", false, "write deploy/app-manifest.json and the tables of permissions in the documents")

// TestNeedsAreWhatTheManifestAsksFor: the manifest that people register the App with by hand is the one that set-up sends.
func TestNeedsAreWhatTheManifestAsksFor(t *testing.T) {
	t.Parallel()
	const path = "../deploy/app-manifest.json"
	want, err := json.MarshalIndent(github.NewManifest("rekey", "https://rekey.example.com/webhook"), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(text)); diff != "" {
		t.Errorf("(-needs +manifest; go test ./github -run Needs -update):\n%s", diff)
	}
}

// TestNeedsAreWhatTheDocumentsSay: each document that explains the permissions has the same table.
func TestNeedsAreWhatTheDocumentsSay(t *testing.T) {
	t.Parallel()
	const path = "../docs/install.md"
	for name, needs := range map[string][]github.Need{"needs": github.Needs(), "optional": github.Optional()} {
		from, to := "<!-- "+name+": github TestNeedsAreWhatTheDocumentsSay -->\n", "<!-- /"+name+" -->\n"
		want := tableOf(needs)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, found := strings.Cut(string(text), from)
		table, after, closed := strings.Cut(rest, to)
		if !found || !closed {
			t.Fatalf("%s has no place for the permissions", path)
		}
		if *update {
			if err := os.WriteFile(path, []byte(before+from+want+to+after), 0o644); err != nil {
				t.Fatal(err)
			}
			table = want
		}
		if diff := cmp.Diff(want, table); diff != "" {
			t.Errorf("%s (-needs +document; go test ./github -run Needs -update):\n%s", path, diff)
		}
	}
}

// tableOf explains permissions and events as the documents do.
func tableOf(needs []github.Need) string {
	var b strings.Builder
	b.WriteString("| permission | access | why |\n| --- | --- | --- |\n")
	for _, need := range needs {
		if need.Access != "" {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", need.Title, need.Access, need.Why)
		}
	}
	b.WriteString("\n| event | when |\n| --- | --- |\n")
	for _, need := range needs {
		if need.Access == "" {
			fmt.Fprintf(&b, "| %s | %s |\n", need.Title, need.Why)
		}
	}
	return b.String()
}

// TestEveryNeedIsExplained: set-up and rekey doctor show all four.
func TestEveryNeedIsExplained(t *testing.T) {
	t.Parallel()
	for _, need := range slices.Concat(github.Needs(), github.Optional()) {
		if need.Title == "" || !strings.HasSuffix(need.Why, ".") || need.Without == "" || strings.HasSuffix(need.Without, ".") {
			t.Errorf("%+v", need)
		}
	}
	if missing := github.Wanted().Missing(); len(missing) > 0 {
		t.Errorf("what is wanted lacks %v", missing)
	}
	if missing := github.Wanted().MissingOptional(); len(missing) != len(github.Optional()) {
		t.Errorf("what the manifest asks for holds something optional: only %v are missing", missing)
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	everything := func() github.Grant {
		g := github.Grant{Permissions: map[string]string{}}
		for _, need := range github.Needs() {
			if need.Access == "" {
				g.Events = append(g.Events, need.Name)
			} else {
				g.Permissions[need.Name] = need.Access
			}
		}
		return g
	}
	for name, tt := range map[string]struct {
		change func(*github.Grant)
		want   []string
	}{
		"everything":             {func(*github.Grant) {}, nil},
		"more than is needed":    {func(g *github.Grant) { g.Permissions["contents"] = "admin" }, nil},
		"a permission is absent": {func(g *github.Grant) { delete(g.Permissions, "issues") }, []string{"issues: write"}},
		"read is not write":      {func(g *github.Grant) { g.Permissions["checks"] = "read" }, []string{"checks: write"}},
		"an unknown level":       {func(g *github.Grant) { g.Permissions["contents"] = "none" }, []string{"contents: read"}},
		"an event is absent": {func(g *github.Grant) {
			g.Events = slices.DeleteFunc(g.Events, func(e string) bool { return e == "issue_comment" })
		}, []string{"issue_comment event"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			grant := everything()
			tt.change(&grant)
			var got []string
			for _, need := range grant.Missing() {
				if need.Without == "" {
					t.Errorf("%s: nothing is said of what does not work without it", need)
				}
				got = append(got, need.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRegistrationAndInstallations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	registration, err := w.app.Registration(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if registration.Slug != "rekey" || len(registration.Missing()) != 0 || registration.SettingsURL == "" {
		t.Errorf("%+v", registration)
	}
	less := maps.Clone(registration.Permissions)
	delete(less, "issues")
	w.in.AcceptPermissions(t.Context(), w.ada, less)
	installations, err := w.app.Installations(t.Context())
	if err != nil || len(installations) != 1 {
		t.Fatalf("%+v, %v", installations, err)
	}
	in := installations[0]
	if in.Account != "acme" || in.ID != w.in.ID() || in.SettingsURL == "" || len(in.Missing()) != 1 {
		t.Errorf("%+v lacks %v", in, in.Missing())
	}
}

// TestRegistrationNamesItsPages: the App's page is where GitHub says it is, which differs on an Enterprise Server, and never on another host.
func TestRegistrationNamesItsPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ says, want string }{
		{"/github-apps/rekey", "/github-apps/rekey"}, {"", "/apps/rekey"}, {"https://evil.example/apps/rekey", "/apps/rekey"},
	} {
		var server *httptest.Server
		server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			says := c.says
			if strings.HasPrefix(says, "/") {
				says = server.URL + says
			}
			fmt.Fprintf(w, `{"id":1,"slug":"rekey","html_url":%q,"owner":{"login":"acme","type":"Organization"}}`, says)
		}))
		t.Cleanup(server.Close)
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		app, err := github.New(github.Config{AppID: 1, PrivateKey: key, WebURL: server.URL})
		if err != nil {
			t.Fatal(err)
		}
		r, err := app.Registration(t.Context())
		if err != nil || r.PageURL != server.URL+c.want || r.SettingsURL != server.URL+"/organizations/acme/settings/apps/rekey/permissions" || r.Now.IsZero() {
			t.Errorf("%q: %+v, %v", c.says, r, err)
		}
	}
}
