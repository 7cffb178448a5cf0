package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/app/ruleset"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/githubtest/openapi"
)

func TestGitHubTakesTheRuleset(t *testing.T) {
	t.Parallel()
	takenByGitHub(t, "/orgs/acme/rulesets", "ruleset", "--org", "acme", "--app-id", "12")
	takenByGitHub(t, "/orgs/acme/rulesets", "ruleset", "--org", "acme", "--app-id", "12", "--include", "api-*", "--exclude", "x", "--evaluate")
	takenByGitHub(t, "/repos/acme/api/rulesets", "ruleset", "--repo", "acme/api", "--app-id", "12", "--branch", "main")
}

// TestRulesetCheck asks the stand-in, as a person and as the App.
func TestRulesetCheck(t *testing.T) {
	server, err := githubtest.New(githubtest.Options{Quiet: true, Wrap: openapi.Watch(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	org, ada := server.Organization("acme"), server.User("ada")
	var repos []*githubtest.Repository
	for _, name := range []string{"api", "web", "other"} {
		r, err := server.CreateRepository(org, name, githubtest.RepositoryOptions{Private: true})
		if err != nil {
			t.Fatal(err)
		}
		r.SetRole(ada, "read")
		repos = append(repos, r)
	}
	server.Install(t.Context(), org, ada, repos[:2]...)
	repos[0].AddRuleset(githubtest.Ruleset{Name: "r", Enforcement: "active", Checks: []githubtest.Check{{Name: ruleset.CheckName, App: server.AppID()}}})
	keyFile := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(keyFile, server.PrivateKeyPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GITHUB_TOKEN", "")
	t.Setenv("HOME", t.TempDir())
	t.Setenv("REKEY_APP_ID", "4711")
	t.Setenv("REKEY_PRIVATE_KEY_FILE", keyFile)
	t.Setenv("REKEY_GITHUB_URL", server.URL())
	check := func(token string, args ...string) (int, string, string) {
		t.Setenv("GH_TOKEN", token)
		var out, errOut bytes.Buffer
		status := run(context.Background(), append([]string{"ruleset", "--check"}, args...), nil, &out, &errOut)
		return status, out.String(), errOut.String()
	}
	status, out, errOut := check("", "--org", "acme")
	if status != 1 || !strings.Contains(out, "Not required: commits with keys can be merged (1):\n  acme/web, branch main\n") || !strings.Contains(out, "1 of 2 repositories requires") {
		t.Errorf("as the App: %d\n%s%s", status, out, errOut)
	}
	if status, out, errOut = check("", "--repo", "acme/API"); status != 0 || !strings.HasPrefix(out, "1 of 1 repository requires") {
		t.Errorf("of one: %d\n%s%s", status, out, errOut)
	}
	if status, _, errOut = check("", "--repo", "acme/other"); status != 2 || !strings.Contains(errOut, "the App is not installed on acme/other") {
		t.Errorf("where it is not installed: %d\n%s", status, errOut)
	}
	if status, _, errOut = check("", "--org", "elsewhere"); status != 2 || !strings.Contains(errOut, "not installed on elsewhere") {
		t.Errorf("in another organisation: %d\n%s", status, errOut)
	}
	status, out, errOut = check(server.PersonalToken(ada), "--org", "acme", "--format", "json")
	var report ruleset.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil || status != 1 || len(report.Repositories) != 3 || report.Missed() != 2 {
		t.Errorf("as a person: %d, %v\n%s%s", status, err, out, errOut)
	}
	if status, out, errOut = check(server.PersonalToken(ada), "--repo", "acme/api"); status != 0 {
		t.Errorf("one, as a person: %d\n%s%s", status, out, errOut)
	}
	if status, _, errOut = check("nonsense", "--org", "acme"); status != 2 || !strings.Contains(errOut, "does not accept the token in GH_TOKEN") {
		t.Errorf("a bad token: %d\n%s", status, errOut)
	}
	server.Inject(githubtest.Times(1000, func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/rules/branches/") }, githubtest.Answer(403, "Upgrade to GitHub Pro or make this repository public to enable this feature.")))
	if status, out, errOut = check("", "--org", "acme"); status != 2 || !strings.Contains(out, "Unknown (2):") || !strings.Contains(out, "no rules on this plan") {
		t.Errorf("unread: %d\n%s%s", status, out, errOut)
	}
}
