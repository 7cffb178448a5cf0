package github_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/github"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/githubtest"
)

const deployWorkflow = `name: Ship it
on:
  push:
    branches: [main]
  workflow_dispatch:
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - run: ./deploy
        env:
          CLERK_SECRET_KEY: ${{ secrets.CLERK_KEY_PROD }}
`

const releaseWorkflow = `on: [release]
jobs:
  upload:
    steps:
      - run: ./publish
        env: { CLERK_SECRET_KEY: "${{ secrets['CLERK_SECRET_KEY'] }}" }
`

const testWorkflow = `on: workflow_dispatch
jobs:
  test:
    steps:
      - run: ./test
        env:
          CLERK_SECRET_KEY: ${{ secrets.CLERK_SECRET_KEY_TEST }}
`

const siteWorkflow = `name: Publish the site
on: { push: {}, workflow_dispatch: {} }
jobs:
  site:
    steps:
      - run: ./site
        env:
          CLERK_SECRET_KEY: ${{ secrets.CLERK_SECRET_KEY }}
`

const pagesWorkflow = `on: push
jobs:
  pages:
    environment: { name: pages }
    steps:
      - run: ./pages
        env:
          CLERK_SECRET_KEY: ${{ secrets.CLERK_SECRET_KEY }}
`

var flows = files{
	".github/workflows/pages.yml":  pagesWorkflow,
	".github/workflows/site.yml":   siteWorkflow,
	".github/workflows/deploy.yml": deployWorkflow, ".github/workflows/release.yaml": releaseWorkflow, ".github/workflows/test.yml": testWorkflow,
	".github/dependabot.yml": "version: 2\n",
}

// everywhere is a hub with secrets of all kinds.
func everywhere(t *testing.T) *hub {
	t.Helper()
	h := newHub(t)
	other, err := h.CreateRepository(h.acme, "docs", githubtest.RepositoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	const key = "CLERK_SECRET_KEY"
	for _, kind := range []string{"actions", "dependabot", "codespaces", "agents"} {
		h.keep(t, githubtest.SecretStore{Kind: kind, Repository: h.shop}, key, kind)
		h.keep(t, githubtest.SecretStore{Kind: kind, Repository: h.shop}, "DATABASE_URL", "postgres")
		h.keep(t, githubtest.SecretStore{Kind: kind, Organization: h.acme}, "NPM_TOKEN", "npm", "all")
	}
	h.keep(t, githubtest.SecretStore{Kind: "actions", Repository: h.shop}, "CLERK_KEY_PROD", "prod")
	h.keep(t, githubtest.SecretStore{Kind: "actions", Repository: h.shop}, "CLERK_SECRET_KEY_TEST", "test")
	h.keep(t, githubtest.SecretStore{Kind: "actions", Repository: h.shop, Environment: "Production – shop"}, key, "env")
	h.keep(t, githubtest.SecretStore{Kind: "actions", Repository: h.shop, Environment: "pre-prod"}, key, "pre")
	h.keep(t, githubtest.SecretStore{Kind: "actions", Repository: h.shop, Environment: "dev/ada"}, key, "dev")
	h.keep(t, githubtest.SecretStore{Kind: "actions", Repository: h.shop, Environment: "empty"}, "OTHER", "x")
	h.keep(t, githubtest.SecretStore{Kind: "actions", Organization: h.acme}, key, "org", "all")
	h.keep(t, githubtest.SecretStore{Kind: "dependabot", Organization: h.acme}, key, "private", "private")
	for kind, repos := range map[string][]*githubtest.Repository{"codespaces": {h.shop, other}, "agents": {other}} {
		if err := h.KeepSecret(githubtest.SecretStore{Kind: kind, Organization: h.acme}, key, kind, "selected", repos...); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.KeepSecret(githubtest.SecretStore{Kind: "codespaces", Organization: h.acme}, "CLERK_KEY_PROD", "not for shop", "selected", other); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestLook(t *testing.T) {
	t.Parallel()
	h := everywhere(t)
	s := github.New(h.machine()).Look(t.Context(), h.project(flows))
	var got []string
	for _, p := range s.Places {
		line := strings.Join([]string{h.key(p), p.Title, p.Variable, string(p.Scope), string(p.Unit.Takes), p.Unit.Title, p.Note}, " | ")
		got = append(got, line)
		if p.Holding != destination.Unreadable || p.Updated.IsZero() || p.Updated.Location() != time.UTC {
			t.Errorf("%+v", p)
		}
	}
	const (
		all = "All repositories that may use it get the new value."
		rel = "by hand | pages.yml, release.yaml, site.yml of acme/shop"
	)
	want := []string{
		"/repos/acme/shop/actions/secrets/CLERK_KEY_PROD | GitHub Actions secret of acme/shop | CLERK_KEY_PROD |  | by hand | deploy.yml of acme/shop | ",
		"/repos/acme/shop/actions/secrets/CLERK_SECRET_KEY | GitHub Actions secret of acme/shop | CLERK_SECRET_KEY |  | " + rel + " | ",
		"/repos/acme/shop/environments/Production%20%E2%80%93%20shop/secrets/CLERK_SECRET_KEY | GitHub Actions secret of acme/shop, environment Production – shop | CLERK_SECRET_KEY | production | " + rel + " | ",
		"/repos/acme/shop/environments/dev%2Fada/secrets/CLERK_SECRET_KEY | GitHub Actions secret of acme/shop, environment dev/ada | CLERK_SECRET_KEY | development | " + rel + " | ",
		"/repos/acme/shop/environments/pre-prod/secrets/CLERK_SECRET_KEY | GitHub Actions secret of acme/shop, environment pre-prod | CLERK_SECRET_KEY |  | " + rel + " | ",
		"/repos/acme/shop/agents/secrets/CLERK_SECRET_KEY | Copilot agents secret of acme/shop | CLERK_SECRET_KEY |  | next run | Copilot agents in acme/shop | ",
		"/repos/acme/shop/codespaces/secrets/CLERK_SECRET_KEY | Codespaces secret of acme/shop | CLERK_SECRET_KEY |  | next run | codespaces of acme/shop | ",
		"/repos/acme/shop/dependabot/secrets/CLERK_SECRET_KEY | Dependabot secret of acme/shop | CLERK_SECRET_KEY |  | next run | Dependabot in acme/shop | ",
		"/orgs/acme/actions/secrets/CLERK_SECRET_KEY | GitHub Actions secret of the organisation acme | CLERK_SECRET_KEY |  | " + rel + " | " + all,
		"/orgs/acme/codespaces/secrets/CLERK_SECRET_KEY | Codespaces secret of the organisation acme | CLERK_SECRET_KEY |  | next run | codespaces of acme/shop | " + all,
		"/orgs/acme/dependabot/secrets/CLERK_SECRET_KEY | Dependabot secret of the organisation acme | CLERK_SECRET_KEY |  | next run | Dependabot in acme/shop | " + all,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if !s.Used || s.Account != "ada" || len(s.Problems) > 0 || s.Because != "the repository is "+h.host+"/acme/shop" {
		t.Errorf("%+v", s)
	}
	byHand := s.Places[0].Unit.ByHand + "\n" + s.Places[1].Unit.ByHand
	if want := fmt.Sprintf("Run deploy.yml, which deploys with it: gh workflow run deploy.yml --repo %[1]s/acme/shop. That takes the newest commit of the default branch.\n"+
		"Run pages.yml, which deploys with it, again: gh run list --workflow pages.yml --repo %[1]s/acme/shop shows its runs, gh run rerun repeats one. "+
		"Run release.yaml, which deploys with it, again: gh run list --workflow release.yaml --repo %[1]s/acme/shop shows its runs, gh run rerun repeats one. "+
		"Run site.yml, which deploys with it: gh workflow run site.yml --repo %[1]s/acme/shop. That takes the newest commit of the default branch.", h.host); byHand != want {
		t.Errorf("%s", byHand)
	}
}

// TestWriteChangesTheValueAlone writes to every place.
func TestWriteChangesTheValueAlone(t *testing.T) {
	t.Parallel()
	h := everywhere(t)
	d := github.New(h.machine())
	next := detecttest.Key(2, detect.Live)
	for _, p := range d.Look(t.Context(), h.project(flows)).Places {
		want := h.SecretValues()
		want[h.key(p)] = next
		if err := d.Write(t.Context(), p, detect.NewSecret(next)); err != nil {
			t.Errorf("%s: %v", p.Title, err)
		}
		if got := h.SecretValues(); !maps.Equal(got, want) {
			t.Errorf("%s: %q", p.Title, got)
		}
	}
	// An organisation's secret that nobody may use stays one that nobody may use.
	nobody := githubtest.SecretStore{Kind: "agents", Organization: h.acme}
	if err := h.KeepSecret(nobody, "CLERK_SECRET_KEY", "old", "selected"); err != nil {
		t.Fatal(err)
	}
	const path = "/orgs/acme/agents/secrets/CLERK_SECRET_KEY"
	if err := d.Write(t.Context(), destination.Place{ID: h.host + path}, detect.NewSecret(next)); err != nil {
		t.Error(err)
	}
	requests := h.Requests()
	sent := string(requests[len(requests)-1].Body)
	if got := h.SecretValues(); got[path] != next || got[path+" visibility"] != "selected []" || !strings.Contains(sent, `"selected_repository_ids":[]`) {
		t.Errorf("%q: %s", got, sent)
	}
}

// TestManyPages reads lists of more than a page: of secrets, of environments, and of the repositories that may use a secret.
func TestManyPages(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	repo := githubtest.SecretStore{Kind: "actions", Repository: h.shop}
	for n := range 120 {
		h.keep(t, repo, fmt.Sprintf("A_%03d", n), "x")
		h.keep(t, githubtest.SecretStore{Kind: "actions", Repository: h.shop, Environment: fmt.Sprint("pr-", n)}, "OTHER", "x")
	}
	h.keep(t, repo, "CLERK_SECRET_KEY", "old")
	h.keep(t, githubtest.SecretStore{Kind: "actions", Repository: h.shop, Environment: "production"}, "CLERK_SECRET_KEY", "old")
	h.keep(t, githubtest.SecretStore{Kind: "actions", Repository: h.shop, Environment: "dev"}, "CLERK_SECRET_KEY", "old")
	s := github.New(h.machine()).Look(t.Context(), h.project(files{}))
	if len(s.Places) != 3 || len(s.Problems) != 1 ||
		s.Problems[0].What != "acme/shop has 122 environments, of which 50 were looked at" || s.Problems[0].Next != "look at the others for CLERK_SECRET_KEY" {
		t.Errorf("%+v", s)
	}
}

// TestCheck has clocks that differ.
func TestCheck(t *testing.T) {
	t.Parallel()
	for _, slow := range []time.Duration{0, -3 * time.Hour, 3 * time.Hour} {
		h := newHub(t)
		h.keep(t, githubtest.SecretStore{Kind: "actions", Repository: h.shop}, "CLERK_SECRET_KEY", "old")
		h.clock.pass(time.Hour)
		m := h.machine()
		m.Now = func() time.Time { return h.clock.Now().Add(slow) }
		d, value := github.New(m), detect.NewSecret(detecttest.Key(2, detect.Live))
		place := d.Look(t.Context(), h.project(files{})).Places[0]
		check := func(what string, p destination.Place, since time.Time, want destination.Proof) {
			t.Helper()
			if got, err := d.Check(t.Context(), p, value, since); got != want || err != nil {
				t.Errorf("clock %s off, %s: %q, %v", slow, what, got, err)
			}
		}
		since := m.Now()
		check("before", place, since, destination.Stale)
		if err := d.Write(t.Context(), place, value); err != nil {
			t.Fatal(err)
		}
		check("afterwards", place, since, destination.Touched)
		again := d.Look(t.Context(), h.project(files{})).Places[0]
		check("begun when the clock was ahead", place, since.Add(24*time.Hour), destination.Touched)
		check("looked at again", again, since, destination.Touched)
		h.clock.pass(time.Hour)
		check("for another write", again, m.Now(), destination.Stale)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(t *testing.T, h *hub) []string // returns what the environment has
		places int
		want   string
	}{
		"token of another server": {
			func(*testing.T, *hub) []string {
				return []string{"PATH=/nowhere", "GH_TOKEN=x", "GH_ENTERPRISE_TOKEN=y"}
			}, 0,
			"nobody is logged in to HOST | install gh (https://cli.github.com) and run gh auth login --hostname HOST",
		},
		"token of no server": {
			func(_ *testing.T, h *hub) []string { return []string{"GH_HOST=" + h.host, "GH_ENTERPRISE_TOKEN=y"} }, 0,
			"ask whose login it is on GitHub: Bad credentials | put a new token into GH_ENTERPRISE_TOKEN",
		},
		"nobody": {
			func(t *testing.T, h *hub) []string {
				t.Helper()
				return []string{"PATH=" + t.TempDir(), "GH_HOST=" + h.host}
			}, 0,
			"nobody is logged in to HOST | set GH_ENTERPRISE_TOKEN, or install gh (https://cli.github.com) and run gh auth login --hostname HOST",
		},
		"scopes": {func(t *testing.T, h *hub) []string { t.Helper(); h.login(t, "repo"); return nil }, 9, ""},
		"scopes, where it matters": {
			func(t *testing.T, h *hub) []string { t.Helper(); h.login(t, "repo"); h.uses = true; return nil }, 9,
			"ada may not list the secrets of Dependabot of the organisation acme, the secrets of Codespaces of the organisation acme: " +
				"You must be an org admin or have the org secrets fine-grained permission | run gh auth refresh --hostname HOST --scopes admin:org",
		},
		"no owner": {
			func(t *testing.T, h *hub) []string {
				t.Helper()
				h.ada = h.User("eve")
				h.shop.SetRole(h.ada, "admin")
				h.login(t, "repo", "admin:org")
				return nil
			}, 9, "",
		},
		"no owner, where it matters": {
			func(t *testing.T, h *hub) []string {
				t.Helper()
				h.ada, h.uses = h.User("eve"), true
				h.shop.SetRole(h.ada, "admin")
				h.login(t, "repo", "admin:org")
				return nil
			}, 9,
			"eve may not list the secrets of Dependabot of the organisation acme, the secrets of Codespaces of the organisation acme: You must be an org admin or have the org secrets fine-grained permission | ask an administrator to look for CLERK_SECRET_KEY, CLERK_KEY_PROD there",
		},
		"no administrator": {
			func(t *testing.T, h *hub) []string { t.Helper(); h.shop.SetRole(h.ada, "write"); return nil }, 9,
			"ada may not list the secrets of Codespaces of acme/shop, the secrets of Copilot agents of acme/shop, the secrets of Copilot agents of the organisation that may be used in acme/shop: Must have admin rights to Repository | ask an administrator to look for CLERK_SECRET_KEY, CLERK_KEY_PROD there",
		},
		"no collaborator": {
			func(t *testing.T, h *hub) []string { t.Helper(); h.shop.SetRole(h.ada, "none"); return nil }, 0,
			"acme/shop was not found on HOST as ada | log in as somebody who may see it: gh auth login --hostname HOST",
		},
		"single sign-on": {
			func(_ *testing.T, h *hub) []string { h.RequireSingleSignOn(h.acme); return nil }, 0,
			"read the repository acme/shop on GitHub: Resource protected by organization SAML enforcement. You must grant your OAuth token access to this organization | open https://HOST/orgs/acme/sso?authorization_request=A1B2C3 and let the token in, then run this again",
		},
		"single sign-on elsewhere": {func(_ *testing.T, h *hub) []string {
			h.Inject(githubtest.Times(1, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/acme/shop") }, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				w.Header().Set("X-Github-Sso", "required; url=https://eve.example/")
				githubtest.Answer(http.StatusForbidden, "Sign on.")(w, r, next)
			}))
			return nil
		}, 0, "read the repository acme/shop on GitHub: Sign on | ask an administrator for it, or log in as one"},
		"login that ends meanwhile": {func(_ *testing.T, h *hub) []string {
			h.Inject(githubtest.Times(1000, func(r *http.Request) bool { return strings.Contains(r.URL.Path, "dependabot") }, githubtest.Answer(http.StatusUnauthorized, "Bad credentials")))
			return nil
		}, 3, "list the secrets of Dependabot of acme/shop on GitHub: Bad credentials | run gh auth login --hostname HOST"},
		"archived": {
			func(t *testing.T, h *hub) []string { t.Helper(); h.shop.Archive(t.Context(), h.ada); return nil }, 0,
			"acme/shop is archived: its secrets can't be set | unarchive it meanwhile, if anything still uses it",
		},
		"renamed": {
			func(t *testing.T, h *hub) []string {
				t.Helper()
				h.shop.Rename(t.Context(), h.ada, "store")
				return nil
			}, 0,
			"acme/shop has another name now | set it with git remote set-url origin, and run this again",
		},
		"limited": {
			func(_ *testing.T, h *hub) []string { h.Inject(githubtest.SecondaryLimit(time.Hour)); return nil }, 0,
			"ask whose login it is on GitHub: You have exceeded a secondary rate limit. Please wait a few minutes before you try again; it asks to wait 1h0m0s | run this again then",
		},
		"used up": {
			func(_ *testing.T, h *hub) []string { h.Inject(usedUp); return nil }, 0,
			"ask whose login it is on GitHub: API rate limit exceeded for installation; it asks to wait 1h0m0s | run this again then",
		},
		"Actions are off, on an old server": {func(_ *testing.T, h *hub) []string {
			h.Inject(githubtest.Times(1000, func(r *http.Request) bool {
				return strings.Contains(r.URL.Path, "/actions/") || strings.Contains(r.URL.Path, "/agents/")
			}, githubtest.Answer(http.StatusNotFound, "Not Found")))
			return nil
		}, 7, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := everywhere(t)
			environ := c.change(t, h)
			tracked := maps.Clone(flows)
			if h.uses {
				tracked[".github/dependabot.yml"], tracked[".devcontainer/devcontainer.json"] = "version: 2\nregistries: {npm: {type: npm-registry}}\n", "{}"
			}
			s := github.New(h.machine(environ...)).Look(t.Context(), h.project(tracked))
			var got []string
			for _, p := range s.Problems {
				got = append(got, strings.ReplaceAll(p.What+" | "+p.Next, h.host, "HOST"))
			}
			if strings.Join(got, "\n") != c.want || len(s.Places) != c.places || !s.Used {
				t.Errorf("%d places, %s", len(s.Places), strings.Join(got, "\n"))
			}
		})
	}
}

// usedUp answers as GitHub does when the hour's requests are used up, for an hour from the answer on.
func usedUp(w http.ResponseWriter, r *http.Request, next http.Handler) {
	now := time.Now()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	githubtest.PrimaryLimit(now.Add(time.Hour))(w, r, next)
}

// TestRefused writes where the login may not.
func TestRefused(t *testing.T) {
	t.Parallel()
	h := everywhere(t)
	value := detect.NewSecret(detecttest.Key(2, detect.Live))
	places := github.New(h.machine()).Look(t.Context(), h.project(flows)).Places
	before := h.SecretValues()
	write := func(path string) string {
		t.Helper()
		at := slices.IndexFunc(places, func(p destination.Place) bool { return h.key(p) == path })
		err := github.New(h.machine()).Write(t.Context(), places[at], value)
		return strings.ReplaceAll(fmt.Sprint(err), h.host, "HOST")
	}
	h.login(t, "repo")
	if got := write("/orgs/acme/actions/secrets/CLERK_SECRET_KEY"); got != "read the public key for secrets on GitHub: You must be an org admin or have the org secrets fine-grained permission; run gh auth refresh --hostname HOST --scopes admin:org" {
		t.Error(got)
	}
	h.login(t, "repo", "admin:org")
	h.shop.SetRole(h.ada, "write")
	if got := write("/repos/acme/shop/environments/pre-prod/secrets/CLERK_SECRET_KEY"); got != "set CLERK_SECRET_KEY (GitHub Actions secret of acme/shop, environment pre-prod) on GitHub: Must have admin rights to Repository; ask an administrator for it, or log in as one" {
		t.Error(got)
	}
	h.shop.SetRole(h.ada, "admin")
	h.shop.Archive(t.Context(), h.ada)
	if got := write("/repos/acme/shop/actions/secrets/CLERK_SECRET_KEY"); got != "set CLERK_SECRET_KEY (GitHub Actions secret of acme/shop) on GitHub: Repository was archived so is read-only; unarchive the repository meanwhile, if anything still uses it" {
		t.Error(got)
	}
	if got := h.SecretValues(); !maps.Equal(got, before) {
		t.Errorf("%q", got)
	}
	for _, id := range []string{"", "github.com", "github.com/repos/a/b/secrets/", "/secrets/A", "x/y/A"} {
		if err := github.New(h.machine()).Write(t.Context(), destination.Place{ID: id}, value); err == nil {
			t.Errorf("%q was written to", id)
		}
	}
}

// TestLooksSideBySide: a plan is there within a few requests' time, and GitHub is not asked for more than four things at once.
func TestLooksSideBySide(t *testing.T) {
	t.Parallel()
	h := everywhere(t)
	var mu sync.Mutex
	at, most := 0, 0
	four := make(chan struct{})
	h.Inject(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		mu.Lock()
		at++
		most = max(most, at)
		if at == 4 && most == 4 {
			select {
			case <-four:
			default:
				close(four)
			}
		}
		mu.Unlock()
		if strings.Contains(r.URL.Path, "/shop/") && strings.HasSuffix(r.URL.Path, "secrets") {
			select { // the first ones wait for each other
			case <-four:
			case <-r.Context().Done():
			}
		}
		next.ServeHTTP(w, r)
		mu.Lock()
		at--
		mu.Unlock()
	})
	if s := github.New(h.machine()).Look(t.Context(), h.project(flows)); len(s.Places) != 11 || len(s.Problems) > 0 || most != 4 {
		t.Errorf("%d at once: %+v", most, s)
	}
}
