package github_test

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest"
	"github.com/rekey-app/rekey/app/rotate/destination/github"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/githubtest/openapi"
)

func TestMain(m *testing.M) {
	destinationtest.Main(m, map[string]destinationtest.Program{"gh": gh})
}

// gh is the part of GitHub's command-line program that is used: gh auth token. Whom it knows stands in a file of the host's name.
func gh(p *destinationtest.Process) int {
	if len(p.Args) != 4 || p.Args[0] != "auth" || p.Args[1] != "token" || p.Args[2] != "--hostname" {
		fmt.Fprintf(p.Err, "unknown command %q for \"gh\"\n", p.Args)
		return 1
	}
	token, err := os.ReadFile(filepath.Join(p.Dir, strings.ReplaceAll(p.Args[3], ":", "_")))
	if err != nil {
		fmt.Fprintf(p.Err, "no oauth token found for %s\n", p.Args[3])
		return 1
	}
	fmt.Fprintf(p.Out, "%s\n", token)
	return 0
}

type files map[string]string

func (f files) List() []string {
	var list []string
	for path := range f {
		list = append(list, path)
	}
	return list
}

func (f files) Read(path string) ([]byte, bool) {
	text, ok := f[path]
	return []byte(text), ok
}

// hub is a GitHub with the organisation acme, its repository shop, and ada, who may do everything there and is logged in with gh.
type hub struct {
	*githubtest.Server
	host      string
	acme, ada *githubtest.Account
	shop      *githubtest.Repository
	bin       string // where gh is
	token     string
	clock     *clock
	uses      bool // the repository shows that it uses secrets of Dependabot and of Codespaces
}

// clock goes on by a second each time that somebody looks at it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Second)
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// appKey is the same for all, as one takes a while to find.
var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newHub(t *testing.T) *hub {
	t.Helper()
	h := &hub{clock: &clock{now: time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)}}
	var err error
	h.Server, err = githubtest.New(githubtest.Options{Quiet: true, Wrap: openapi.Watch(t), Now: h.clock.Now, PrivateKey: appKey()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	h.host = strings.TrimPrefix(h.URL(), "http://")
	h.acme, h.ada = h.Organization("acme"), h.User("ada")
	if h.shop, err = h.CreateRepository(h.acme, "shop", githubtest.RepositoryOptions{Private: true}); err != nil {
		t.Fatal(err)
	}
	h.shop.SetRole(h.ada, "admin")
	h.AddOwner(h.acme, h.ada)
	h.bin = destinationtest.Install(t, "gh")
	h.login(t, "repo", "admin:org")
	return h
}

// login has ada logged in with gh, with a token of these scopes.
func (h *hub) login(t *testing.T, scopes ...string) {
	t.Helper()
	h.token = h.ClassicToken(h.ada, scopes...)
	if err := os.WriteFile(filepath.Join(h.bin, strings.ReplaceAll(h.host, ":", "_")), []byte(h.token), 0o600); err != nil {
		t.Fatal(err)
	}
}

// keep sets a secret to a value.
func (h *hub) keep(t *testing.T, at githubtest.SecretStore, name, value string, visibility ...string) {
	t.Helper()
	seen := strings.Join(visibility, "")
	if err := h.KeepSecret(at, name, value, seen); err != nil {
		t.Fatal(err)
	}
}

func (h *hub) machine(environ ...string) *destination.Machine {
	return &destination.Machine{Environ: append([]string{"PATH=" + h.bin}, environ...), Now: time.Now, Transport: &http.Transport{DisableKeepAlives: true}}
}

func (h *hub) repository() destination.Repository {
	return destination.Repository{Host: h.host, Owner: "acme", Name: "shop"}
}

func (h *hub) project(f files) destination.Project {
	return destination.Project{
		Files: f, Repository: h.repository(), Variables: []string{"CLERK_SECRET_KEY"}, Environment: detect.Live,
		Judge: func(string) destination.Holding { return destination.Other },
	}
}

func (h *hub) key(p destination.Place) string { return strings.TrimPrefix(p.ID, h.host) }

func TestDriver(t *testing.T) {
	t.Parallel()
	destinationtest.Run(t, func(t *testing.T, judge func(string) destination.Holding, compromised string) *destinationtest.World {
		t.Helper()
		h := newHub(t)
		repo := githubtest.SecretStore{Kind: "actions", Repository: h.shop}
		h.keep(t, repo, "CLERK_SECRET_KEY", compromised)
		h.keep(t, repo, "DATABASE_URL", "postgres://localhost")
		h.keep(t, githubtest.SecretStore{Kind: "actions", Repository: h.shop, Environment: "production"}, "CLERK_SECRET_KEY", "another")
		h.keep(t, githubtest.SecretStore{Kind: "dependabot", Organization: h.acme}, "CLERK_SECRET_KEY", "a third", "all")
		project := h.project(files{})
		project.Judge = judge
		m, out := h.machine(), h.machine("GH_TOKEN=of-another-host")
		out.Environ[0] = "PATH=" + t.TempDir()
		return &destinationtest.World{
			Machine: m, LoggedOut: out, Driver: func(m *destination.Machine) destination.Driver { return github.New(m) },
			Project: project, Unused: destination.Project{Files: files{}, Variables: project.Variables, Environment: detect.Live, Judge: judge},
			Values: h.SecretValues, Key: h.key, Requests: func() int { return len(h.Requests()) },
			Seen:    func() string { return destinationtest.Calls(t, h.bin) },
			Trouble: func(trouble destinationtest.Trouble) { h.Inject(fault(trouble)) },
		}
	})
}

// fault is what a trouble is on GitHub.
func fault(trouble destinationtest.Trouble) githubtest.Fault {
	put := func(r *http.Request) bool { return r.Method == http.MethodPut }
	switch trouble {
	case destinationtest.Expired:
		return githubtest.Answer(http.StatusUnauthorized, "Bad credentials")
	case destinationtest.Forbidden:
		return githubtest.Times(1000, put, githubtest.Answer(http.StatusForbidden, "Must have admin rights to Repository."))
	case destinationtest.Down:
		return githubtest.Cut
	case destinationtest.Limited:
		return githubtest.Times(1, put, githubtest.SecondaryLimit(time.Second))
	case destinationtest.Lost:
		return githubtest.Times(1, put, githubtest.CutAfter)
	}
	return nil
}
