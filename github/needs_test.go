package github_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/github"
)

// The manifest that people register the App with asks for exactly what the server checks for.
func TestNeedsAreWhatTheManifestAsksFor(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../deploy/app-manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Permissions map[string]string `json:"default_permissions"`
		Events      []string          `json:"default_events"`
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	permissions, events := map[string]string{}, []string{}
	for _, need := range github.Needs() {
		if need.Access == "" {
			events = append(events, need.Name)
		} else {
			permissions[need.Name] = need.Access
		}
	}
	if diff := cmp.Diff(manifest.Permissions, permissions); diff != "" {
		t.Errorf("permissions (-manifest +needs):\n%s", diff)
	}
	if diff := cmp.Diff(manifest.Events, events); diff != "" {
		t.Errorf("events (-manifest +needs):\n%s", diff)
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
