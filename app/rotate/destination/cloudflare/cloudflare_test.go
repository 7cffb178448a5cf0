package cloudflare_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/cloudflare"
	"github.com/rekey-app/rekey/app/rotate/destination/cloudflare/cloudflaretest"
	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

func TestMain(m *testing.M) {
	destinationtest.Main(m, map[string]destinationtest.Program{"wrangler": cloudflaretest.Wrangler})
}

func now() time.Time { return time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC) }

const (
	acme    = "acc1"
	another = "acc2"
)

// acmes has a Worker with an environment of production, and a Pages project.
func acmes(key, kind string) []cloudflaretest.Account {
	return []cloudflaretest.Account{
		{ID: acme, Name: "Acme", Workers: []cloudflaretest.Worker{
			{Name: "shop-production", Secrets: map[string]string{"CLERK_SECRET_KEY": key, "OTHER": "x"}},
			{Name: "shop", Secrets: map[string]string{"CLERK_SECRET_KEY": "x"}},
		}, Projects: []cloudflaretest.Project{{Name: "site", Repo: "acme/shop", Commit: "aaaa", Configs: map[string]cloudflaretest.Config{
			"production": {Vars: map[string]cloudflaretest.Var{"CLERK_SECRET_KEY": {Type: kind, Value: key}, "OTHER": {Type: "plain_text", Value: "y"}}, Hash: "h1"},
			"preview":    {Vars: map[string]cloudflaretest.Var{"CLERK_SECRET_KEY": {Type: "secret_text", Value: "z"}}, Hash: "h2"},
		}}}},
		{ID: another, Name: "Another"},
	}
}

var (
	workerFiles = destinationtest.Files{"wrangler.jsonc": `{
		// the Worker
		"name": "shop", "main": "src/index.ts", "env": {"production": {}},
	}`}
	pagesFiles = destinationtest.Files{"wrangler.toml": "name = \"site\"\npages_build_output_dir = \"dist\"\n"}
)

type world struct {
	*cloudflaretest.Cloudflare

	machine, out *destination.Machine
	project      destination.Project
	programs     string // the directory of wrangler; "" where the token is used
}

func begin(t *testing.T, byToken bool, tracked destinationtest.Files, accounts ...cloudflaretest.Account) *world {
	t.Helper()
	if testing.Short() && !byToken { // the race detector makes each process slow
		t.Skip("programs are processes one after another: nothing runs at once")
	}
	c := cloudflaretest.Start(now, accounts...)
	t.Cleanup(c.Close)
	w := &world{Cloudflare: c, project: destination.Project{
		Files: tracked, Repository: destination.Repository{Host: "github.com", Owner: "acme", Name: "shop"},
		Variables: []string{"CLERK_SECRET_KEY"}, Environment: detect.Live, Judge: judge,
	}}
	if byToken {
		w.machine, w.out = &destination.Machine{Environ: c.Environ(), Now: now}, &destination.Machine{Now: now}
		return w
	}
	w.programs = destinationtest.Install(t, "wrangler")
	home := t.TempDir()
	environ, err := c.LogIn(home)
	if err != nil {
		t.Fatal(err)
	}
	environ = append(environ, "PATH="+w.programs)
	w.machine = &destination.Machine{Environ: environ, Home: home, Now: now}
	w.out = &destination.Machine{Environ: append(slices.Clone(environ), "HOME="+t.TempDir()), Now: now}
	return w
}

func judge(value string) destination.Holding {
	if value == detecttest.Key(1, detect.Live) {
		return destination.Compromised
	}
	return destination.Other
}

func driver(m *destination.Machine) destination.Driver { return cloudflare.New(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		byToken bool
		tracked destinationtest.Files
		kind    string
	}{
		"Worker by token":    {true, workerFiles, "secret_text"},
		"Worker by wrangler": {false, workerFiles, "secret_text"},
		"Pages by token":     {true, pagesFiles, "secret_text"},
		"Pages, plain":       {true, pagesFiles, "plain_text"},
		"Pages by wrangler":  {false, pagesFiles, "secret_text"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			destinationtest.Run(t, func(t *testing.T, judge func(string) destination.Holding, compromised string) *destinationtest.World {
				t.Helper()
				accounts := acmes(compromised, test.kind)
				accounts[0].Projects[0].Configs["production"].Vars["NEXT"] = cloudflaretest.Var{Type: "secret_text", Value: "n"}
				w := begin(t, test.byToken, test.tracked, accounts...)
				w.project.Judge = judge
				unused := w.project
				unused.Files = destinationtest.Files{"main.go": "package main", "package.json": "{}"}
				seen := func() string { return "" }
				if w.programs != "" {
					seen = func() string { return destinationtest.Calls(t, w.programs) }
				}
				return &destinationtest.World{
					Machine: w.machine, LoggedOut: w.out, Driver: driver, Project: w.project, Unused: unused,
					Values: w.Values, Requests: w.Requests, Seen: seen, Finish: w.Finish,
					Key:     func(p destination.Place) string { return p.ID },
					Trouble: func(trouble destinationtest.Trouble) { w.Trouble(string(trouble)) },
					Overwrite: func(p destination.Place, value string) {
						part := strings.Split(p.ID, "/")
						w.SetPlain(part[1], part[2], part[3], part[4], value)
					},
					Readable: test.kind == "plain_text",
				}
			})
		})
	}
}

func look(t *testing.T, w *world) destination.Survey {
	t.Helper()
	return cloudflare.New(w.machine).Look(t.Context(), w.project)
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	key := detecttest.Key(1, detect.Live)
	for _, byToken := range []bool{true, false} {
		accounts := acmes(key, "secret_text")
		accounts[1].Workers = []cloudflaretest.Worker{{Name: "shop", Secrets: map[string]string{"CLERK_SECRET_KEY": "x"}}}
		accounts[0].Workers = append(accounts[0].Workers, cloudflaretest.Worker{Name: "queue", Secrets: map[string]string{"CLERK_SECRET_KEY": "x"}})
		w := begin(t, byToken, destinationtest.Files{
			"wrangler.toml":                "name = \"shop\"\n[env.production]\n[env.staging]\n[env.dev]\nname = \"queue\"\n[[env.dev.secrets_store_secrets]]\nbinding = \"CLERK_SECRET_KEY\"\n",
			"site/wrangler.json":           `{"name": "site", "pages_build_output_dir": "dist", "account_id": "acc1"}`,
			"broken/wrangler.json":         `{"name": `,
			"never-deployed/wrangler.toml": `name = "never"`,
		}, accounts...)
		s := look(t, w)
		want := []struct {
			id    string
			scope destination.Scope
			takes destination.Takes
		}{
			{"workers/acc1/shop//CLERK_SECRET_KEY", "", destination.TakesAtOnce},
			{"workers/acc2/shop//CLERK_SECRET_KEY", "", destination.TakesAtOnce},
			{"workers/acc1/queue//CLERK_SECRET_KEY", destination.Development, destination.TakesAtOnce},
			{"workers/acc1/shop-production//CLERK_SECRET_KEY", destination.Production, destination.TakesAtOnce},
			{"pages/acc1/site/production/CLERK_SECRET_KEY", destination.Production, destination.TakesByRedeploy},
			{"pages/acc1/site/preview/CLERK_SECRET_KEY", destination.Preview, destination.TakesByHand},
		}
		if !byToken {
			want[4].takes = destination.TakesByHand
		}
		if len(s.Places) != len(want) {
			t.Fatalf("%+v", s)
		}
		for i, p := range s.Places {
			if p.ID != want[i].id || p.Scope != want[i].scope || p.Unit.Takes != want[i].takes {
				t.Errorf("%+v\nwant %+v", p, want[i])
			}
		}
		var whats []string
		for _, p := range s.Problems {
			whats = append(whats, p.What)
			if strings.Contains(p.What, "Secrets Store") && !strings.Contains(p.Next, "wrangler secrets-store secret update STORE --secret-id ID --remote") { // by itself it changes a local store
				t.Error(p.Next)
			}
		}
		for _, what := range []string{"broken/wrangler.json doesn't say the name", "Worker queue is in Cloudflare's Secrets Store", "the Worker never, which never-deployed/wrangler.toml names"} {
			if !slices.ContainsFunc(whats, func(s string) bool { return strings.Contains(s, what) }) {
				t.Errorf("%q is not told: %q", what, whats)
			}
		}
		if len(whats) != 3 || !strings.Contains(s.Account, "account Acme, Another") {
			t.Errorf("%q %q", s.Account, whats)
		}
	}
}

// A Pages project may be on Cloudflare without any file that says so: its repository says it.
func TestFindsPagesByTheRepository(t *testing.T) {
	t.Parallel()
	files := destinationtest.Files{"package.json": `{"devDependencies": {"wrangler": "4"}}`}
	accounts := acmes("x", "secret_text")
	for range 12 {
		accounts[0].Projects = append([]cloudflaretest.Project{{Name: "other", Repo: "acme/other"}}, accounts[0].Projects...)
	}
	s := look(t, begin(t, true, files, accounts...))
	if len(s.Places) != 2 || !s.Used || s.Because != "Cloudflare Pages builds acme/shop" || s.Places[0].ID != "pages/acc1/site/production/CLERK_SECRET_KEY" {
		t.Errorf("%+v", s)
	}
	accounts[0].Projects[12].Repo = "acme/else"
	if s := look(t, begin(t, true, files, accounts...)); s.Used || len(s.Problems) > 0 {
		t.Errorf("%+v", s)
	}
}

// Of a Worker whose latest version isn't deployed no secret can be set: it is said what to do.
func TestNotDeployed(t *testing.T) {
	t.Parallel()
	for _, byToken := range []bool{true, false} {
		accounts := acmes("x", "secret_text")
		accounts[0].Workers[0].Stale = true
		w := begin(t, byToken, workerFiles, accounts...)
		d := cloudflare.New(w.machine)
		i := slices.IndexFunc(d.Look(t.Context(), w.project).Places, func(p destination.Place) bool { return p.Scope == destination.Production })
		err := d.Write(t.Context(), d.Look(t.Context(), w.project).Places[i], detect.NewSecret(detecttest.Key(2, detect.Live)))
		if err == nil || !strings.Contains(err.Error(), "wrangler versions secret put CLERK_SECRET_KEY") {
			t.Error(err)
		}
	}
}

// wrangler makes a Worker where there is none of that name: it is never asked to set a secret then.
func TestNoWorkerIsMade(t *testing.T) {
	t.Parallel()
	w := begin(t, false, workerFiles, acmes("x", "secret_text")...)
	place := look(t, w).Places[0]
	place.ID = "workers/acc1/gone//CLERK_SECRET_KEY"
	if err := cloudflare.New(w.machine).Write(t.Context(), place, detect.NewSecret("y")); err == nil {
		t.Error("no error")
	}
	if calls := destinationtest.Calls(t, w.programs); strings.Contains(calls, `"put"`) || strings.Contains(calls, `"bulk"`) {
		t.Error(calls)
	}
}

func TestCheckSeesThatAWorkerWasDeployed(t *testing.T) {
	t.Parallel()
	next := detect.NewSecret(detecttest.Key(2, detect.Live))
	for i, want := range []destination.Proof{destination.Touched, destination.Unproven} {
		byToken := i == 0
		w := begin(t, byToken, workerFiles, acmes("x", "secret_text")...)
		d := cloudflare.New(w.machine)
		place := d.Look(t.Context(), w.project).Places[0]
		if proof, err := d.Check(t.Context(), place, next, now()); err != nil || proof != destination.Unproven {
			t.Errorf("before: %q, %v", proof, err)
		}
		if err := d.Write(t.Context(), place, next); err != nil {
			t.Fatal(err)
		}
		if proof, err := d.Check(t.Context(), place, next, now()); err != nil || proof != want {
			t.Errorf("%q, %v, want %q", proof, err, want)
		}
	}
}

func TestRedeployShipsTheCommitThatIsLive(t *testing.T) {
	t.Parallel()
	w := begin(t, true, pagesFiles, acmes("x", "secret_text")...)
	unit := look(t, w).Places[0].Unit
	if _, err := cloudflare.New(w.machine).Redeploy(t.Context(), unit); err != nil {
		t.Fatal(err)
	}
	w.Finish(true)
	if commit := w.Runs(acme, "site"); commit != "aaaa" {
		t.Error(commit)
	}
	uploaded := acmes("x", "secret_text")
	uploaded[0].Projects[0].Repo = ""
	if u := look(t, begin(t, true, pagesFiles, uploaded...)).Places[0].Unit; u.Takes != destination.TakesByHand || !strings.Contains(u.ByHand, "wrangler pages deploy") {
		t.Errorf("%+v", u)
	}
}

func TestLogins(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		byToken    bool
		files      destinationtest.Files
		change     func(*testing.T, *world)
		places     int
		what, next string
	}{
		"an account that is named": {true, workerFiles, func(_ *testing.T, w *world) {
			w.machine.Environ = append(w.machine.Environ, "CLOUDFLARE_ACCOUNT_ID="+another)
		}, 0, "the Worker shop, which wrangler.jsonc names", "CLOUDFLARE_ACCOUNT_ID"},
		"no wrangler": {false, workerFiles, func(_ *testing.T, w *world) {
			w.machine.Environ = append(w.machine.Environ, "PATH=")
		}, 0, "nobody is logged in to Cloudflare", "npm install --global wrangler"},
		"an account of others": {true, destinationtest.Files{"wrangler.toml": "name = \"shop\"\naccount_id = \"acc9\""}, func(*testing.T, *world) {}, 0, "Authentication error", "wrangler whoami"},
		"in the clear": {true, workerFiles, func(_ *testing.T, w *world) {
			w.machine.Environ = append(w.machine.Environ, "CLOUDFLARE_API_BASE_URL=http://cloudflare.example.com")
		}, 0, "not https", "unset"},
		"a wrangler of old with several accounts": {false, workerFiles, func(t *testing.T, w *world) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(w.programs, cloudflaretest.Old), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, 0, "several accounts, and this wrangler", "CLOUDFLARE_ACCOUNT_ID"},
		"a wrangler of old with one that is named": {false, workerFiles, func(t *testing.T, w *world) {
			t.Helper()
			w.machine.Environ = append(w.machine.Environ, "CLOUDFLARE_ACCOUNT_ID="+acme)
			if err := os.WriteFile(filepath.Join(w.programs, cloudflaretest.Old), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, 2, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := begin(t, test.byToken, test.files, acmes("x", "secret_text")...)
			test.change(t, w)
			s := look(t, w)
			if len(s.Places) != test.places || !s.Used {
				t.Errorf("%+v", s)
			}
			switch {
			case test.what == "" && len(s.Problems) > 0:
				t.Errorf("%+v", s.Problems)
			case test.what != "" && (len(s.Problems) != 1 || !strings.Contains(s.Problems[0].What, test.what) || !strings.Contains(s.Problems[0].Next, test.next)):
				t.Errorf("%+v", s.Problems)
			}
		})
	}
}

// A Worker of that name in another account of the login is another's: a person says which is meant.
func TestTheSameNameInTwoAccounts(t *testing.T) {
	t.Parallel()
	accounts := acmes("x", "secret_text")
	accounts[1].Workers = accounts[0].Workers
	w := begin(t, true, workerFiles, accounts...)
	for _, p := range look(t, w).Places {
		if p.Scope != "" || !strings.HasSuffix(p.Title, " (account Acme)") && !strings.HasSuffix(p.Title, " (account Another)") {
			t.Errorf("%+v", p)
		}
	}
	w.machine.Environ = append(w.machine.Environ, "CLOUDFLARE_ACCOUNT_ID="+acme)
	if p := look(t, w).Places; len(p) != 2 || p[1].Scope != destination.Production {
		t.Errorf("%+v", p)
	}
}

// A name is no flag of wrangler's, and no other address of the API.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"--config=evil.toml", "-c", "a/b", "../x", "a b", ""} {
		for _, text := range []string{fmt.Sprintf(`{"name": %q}`, name), fmt.Sprintf(`{"name": %q, "env": {"production": {}}}`, name), fmt.Sprintf(`{"name": "shop", "env": {"production": {"name": %q}}}`, name)} {
			w := begin(t, true, destinationtest.Files{"wrangler.json": text}, acmes("x", "secret_text")...)
			for _, p := range look(t, w).Places {
				if name != "" && strings.Contains(p.ID, name) {
					t.Errorf("%s: %+v", text, p)
				}
			}
		}
	}
	w := begin(t, true, destinationtest.Files{"wrangler.json": `{"name": "--config=evil.toml"}`}, acmes("x", "secret_text")...)
	if s := look(t, w); len(s.Problems) != 1 || !strings.Contains(s.Problems[0].What, "wrangler.json doesn't say the name") {
		t.Errorf("%+v", s)
	}
}

// A repository of the same name on GitLab is another one.
func TestAnotherForge(t *testing.T) {
	t.Parallel()
	accounts := acmes("x", "secret_text")
	accounts[0].Projects[0].GitLab = true
	if s := look(t, begin(t, true, destinationtest.Files{"package.json": `{"devDependencies": {"wrangler": "4"}}`}, accounts...)); s.Used || len(s.Places) > 0 {
		t.Errorf("%+v", s)
	}
}

// Where a newer version gets a part of the requests, or is being deployed, a change would ship it, or undo it.
func TestNothingElseIsShipped(t *testing.T) {
	t.Parallel()
	accounts := acmes("x", "secret_text")
	accounts[0].Workers[1].Split = true
	w := begin(t, true, workerFiles, accounts...)
	before := w.Values()
	if err := cloudflare.New(w.machine).Write(t.Context(), look(t, w).Places[0], detect.NewSecret("new")); err == nil || !strings.Contains(err.Error(), "wrangler versions deploy") || !maps.Equal(w.Values(), before) {
		t.Errorf("%v", err)
	}
	w = begin(t, true, pagesFiles, acmes("x", "secret_text")...)
	unit := look(t, w).Places[0].Unit
	w.Push(acme, "site")
	if _, err := cloudflare.New(w.machine).Redeploy(t.Context(), unit); err == nil || !strings.Contains(err.Error(), "is under way: run this again when it has ended") {
		t.Errorf("%v", err)
	}
}
