package vercel_test

import (
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest"
	"github.com/rekey-app/rekey/app/rotate/destination/vercel"
	"github.com/rekey-app/rekey/app/rotate/destination/vercel/verceltest"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func now() time.Time { return noon }

// shop is a project with the key in production, a key of development in previews, and other variables.
func shop(key string) verceltest.Project {
	return verceltest.Project{
		ID: "prj_shop", Name: "shop", Team: verceltest.Team, Repo: "acme/shop",
		Env: []verceltest.Env{
			{ID: "env_1", Key: "CLERK_SECRET_KEY", Value: key, Target: []string{"production"}, Comment: "of Clerk"},
			{ID: "env_2", Key: "CLERK_SECRET_KEY", Value: detecttest.Key(9, detect.Test), Target: []string{"preview", "development"}},
			{ID: "env_3", Key: "CLERK_SECRET_KEY", Value: "x", Target: []string{"preview"}, GitBranch: "next"},
			{ID: "env_4", Key: "DATABASE_URL", Value: "postgres://", Type: "sensitive", Target: []string{"production"}},
		},
	}
}

type world struct {
	*verceltest.Vercel

	machine, out *destination.Machine
	project      destination.Project
}

// begin starts Vercel with these projects, and a clone with these files.
func begin(t *testing.T, tracked destinationtest.Files, local map[string]string, projects ...verceltest.Project) *world {
	t.Helper()
	v := verceltest.Start(now, projects...)
	t.Cleanup(v.Close)
	data, clone := t.TempDir(), t.TempDir()
	if err := v.LogIn(data); err != nil {
		t.Fatal(err)
	}
	for _, files := range []map[string]string{tracked, local} {
		for name, text := range files {
			write(t, filepath.Join(clone, name), text)
		}
	}
	return &world{
		Vercel:  v,
		machine: &destination.Machine{Environ: []string{"XDG_DATA_HOME=" + data}, Home: t.TempDir(), Now: now},
		out:     &destination.Machine{Environ: []string{"XDG_DATA_HOME=" + t.TempDir()}, Home: t.TempDir(), Now: now},
		project: destination.Project{
			Dir: clone, Files: tracked, Repository: destination.Repository{Host: "github.com", Owner: "acme", Name: "shop"},
			Variables: []string{"CLERK_SECRET_KEY"}, Environment: detect.Live, Judge: judge,
		},
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func judge(value string) destination.Holding {
	switch {
	case value == detecttest.Key(1, detect.Live):
		return destination.Compromised
	case strings.HasPrefix(value, "sk_live_"):
		return destination.Same
	}
	return destination.Other
}

var linked = map[string]string{".vercel/project.json": `{"projectId": "prj_shop", "orgId": "` + verceltest.Team + `"}`}

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]string{"Encrypted": "encrypted", "Sensitive": "sensitive"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			destinationtest.Run(t, func(t *testing.T, judge func(string) destination.Holding, compromised string) *destinationtest.World {
				t.Helper()
				p := shop(compromised)
				p.Env[0].Type = kind
				w := begin(t, destinationtest.Files{"package.json": "{}"}, linked, p)
				w.project.Judge = judge
				unused := w.project
				unused.Dir, unused.Files = "", destinationtest.Files{"main.go": "package main"}
				return &destinationtest.World{
					Machine: w.machine, LoggedOut: w.out, Driver: driver, Project: w.project, Unused: unused,
					Values: w.Values, Requests: w.Requests, Seen: func() string { return "" }, Finish: w.Finish,
					Key:     func(p destination.Place) string { return strings.TrimPrefix(p.ID, verceltest.Team+"/") },
					Trouble: func(trouble destinationtest.Trouble) { w.Trouble(string(trouble)) },
					Overwrite: func(p destination.Place, value string) {
						project, id, _ := strings.Cut(strings.TrimPrefix(p.ID, verceltest.Team+"/"), "/")
						w.Set(project, id, value, noon.Add(time.Minute))
					},
					Readable: kind == "encrypted",
				}
			})
		})
	}
}

func driver(m *destination.Machine) destination.Driver { return vercel.New(m) }

func look(t *testing.T, w *world) destination.Survey {
	t.Helper()
	return vercel.New(w.machine).Look(t.Context(), w.project)
}

func TestRedeployShipsTheCommitThatIsLive(t *testing.T) {
	t.Parallel()
	old, next := detecttest.Key(1, detect.Live), detecttest.Key(2, detect.Live)
	w := begin(t, nil, linked, shop(old))
	d := vercel.New(w.machine)
	place := d.Look(t.Context(), w.project).Places[0]
	if err := d.Write(t.Context(), place, detect.NewSecret(next)); err != nil {
		t.Fatal(err)
	}
	_, before := w.Runs("prj_shop")
	if _, err := d.Redeploy(t.Context(), place.Unit); err != nil {
		t.Fatal(err)
	}
	if values, _ := w.Runs("prj_shop"); values["CLERK_SECRET_KEY"] != old {
		t.Error("what runs took the value before it was deployed")
	}
	w.Finish(true)
	if values, sources := w.Runs("prj_shop"); values["CLERK_SECRET_KEY"] != next || sources != before {
		t.Errorf("what runs has the sources %s, not %s, or not the new key", sources, before)
	}
}

// Entries for several environments, for branches, and for custom ones.
func TestScopes(t *testing.T) {
	t.Parallel()
	old := detecttest.Key(1, detect.Live)
	p := shop(old)
	p.Custom = map[string]string{"env_qa": "qa"}
	p.Env = []verceltest.Env{
		{ID: "a", Key: "CLERK_SECRET_KEY", Value: old, Target: []string{"production", "preview"}},
		{ID: "b", Key: "CLERK_SECRET_KEY", Value: old, Type: "sensitive", Target: []string{"production", "preview"}},
		{ID: "c", Key: "CLERK_SECRET_KEY", Value: "x", Target: []string{"preview"}, GitBranch: "next"},
		{ID: "d", Key: "CLERK_SECRET_KEY", Value: "x", Custom: []string{"env_qa"}},
		{ID: "e", Key: "CLERK_SECRET_KEY", Value: "x", Target: []string{"development"}},
	}
	w := begin(t, nil, linked, p)
	want := []struct {
		title, note string
		scope       destination.Scope
		holding     destination.Holding
		takes       destination.Takes
	}{
		{"Vercel project shop, production and preview", "all get the new one", destination.Production, destination.Compromised, destination.TakesByRedeploy},
		{"Vercel project shop, production and preview", "a production key would be in previews too", "", destination.Unreadable, destination.TakesByRedeploy},
		{"Vercel project shop, preview of branch next", "", destination.Preview, destination.Other, destination.TakesByHand},
		{"Vercel project shop, qa", "", "", destination.Other, destination.TakesByHand},
		{"Vercel project shop, development", "", destination.Development, destination.Other, destination.TakesNextRun},
	}
	places := look(t, w).Places
	if len(places) != len(want) {
		t.Fatalf("%+v", places)
	}
	for i, p := range places {
		if p.Title != want[i].title || p.Scope != want[i].scope || p.Holding != want[i].holding || p.Unit.Takes != want[i].takes ||
			!strings.Contains(p.Note, want[i].note) || (want[i].note == "") != (p.Note == "") {
			t.Errorf("%+v\nwant %+v", p, want[i])
		}
	}
	// What an entry is for stays as it is.
	for _, place := range places {
		before := w.Values()
		if err := vercel.New(w.machine).Write(t.Context(), place, detect.NewSecret("new")); err != nil {
			t.Fatal(err)
		}
		before[strings.TrimPrefix(place.ID, verceltest.Team+"/")] = "new"
		if got := w.Values(); !maps.Equal(got, before) {
			t.Errorf("%q\nwant %q", got, before)
		}
	}
}

func TestFindsProjects(t *testing.T) {
	t.Parallel()
	own, other := shop("x"), shop("x")
	own.Team, own.ID = "", "prj_own"
	other.Repo, other.ID = "acme/shop-2", "prj_other"
	for name, test := range map[string]struct {
		tracked  destinationtest.Files
		local    map[string]string
		environ  []string
		projects []string
		because  string
	}{
		"linked":               {nil, linked, nil, []string{"prj_shop", "prj_own"}, ".vercel/project.json"},
		"linked in a package":  {destinationtest.Files{"apps/web/package.json": "{}"}, map[string]string{"apps/web/.vercel/project.json": `{"projectId": "prj_other", "orgId": "` + verceltest.Team + `"}`}, nil, []string{"prj_other", "prj_own", "prj_shop"}, "apps/web/.vercel/project.json"},
		"linked as a monorepo": {nil, map[string]string{".vercel/repo.json": `{"orgId": "` + verceltest.Team + `", "projects": [{"id": "prj_shop", "directory": "a"}, {"id": "prj_other", "directory": "b"}, {"id": "prj_own", "orgId": "usr_1", "directory": "c"}]}`}, nil, []string{"prj_shop", "prj_other", "prj_own"}, ".vercel/repo.json"},
		"by the environment":   {nil, nil, []string{"VERCEL_ORG_ID=" + verceltest.Team, "VERCEL_PROJECT_ID=prj_other"}, []string{"prj_other", "prj_own", "prj_shop"}, "VERCEL_PROJECT_ID"},
		"by the repository":    {destinationtest.Files{"vercel.json": "{}"}, nil, nil, []string{"prj_own", "prj_shop"}, "vercel.json"},
		"by a faint sign":      {destinationtest.Files{".gitignore": "node_modules\n.vercel\n"}, nil, nil, []string{"prj_own", "prj_shop"}, "Vercel deploys acme/shop"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := begin(t, test.tracked, test.local, shop("x"), own, other)
			w.machine.Environ = append(w.machine.Environ, test.environ...)
			s := look(t, w)
			var projects []string
			for _, p := range s.Places {
				if project := strings.Split(p.ID, "/")[1]; !slices.Contains(projects, project) {
					projects = append(projects, project)
				}
			}
			if !slices.Equal(projects, test.projects) || !s.Used || s.Because != test.because || len(s.Problems) > 0 {
				t.Errorf("%v\n%+v", projects, s)
			}
			if byRepository := len(projects) > 1 && len(test.local) == 0 && test.environ == nil; byRepository && !strings.HasPrefix(s.Places[0].Note, "Several projects") {
				t.Errorf("nothing is said of several projects: %+v", s.Places[0])
			}
		})
	}
}

// What is told instead of written.
func TestProblems(t *testing.T) {
	t.Parallel()
	old := detecttest.Key(1, detect.Live)
	gitignored := destinationtest.Files{".gitignore": ".vercel\n"}
	team := func(id, team string) map[string]string {
		return map[string]string{".vercel/project.json": `{"projectId": "` + id + `", "orgId": "` + team + `"}`}
	}
	setting := func(file, text string) func(*testing.T, *world) {
		return func(t *testing.T, w *world) {
			t.Helper()
			write(t, filepath.Join(w.machine.Getenv("XDG_DATA_HOME"), "com.vercel.cli", file), text)
		}
	}
	shared := func(value string) func(*testing.T, *world) {
		return func(_ *testing.T, w *world) {
			w.Share(verceltest.Env{ID: "env_s", Key: "CLERK_SECRET_KEY", Value: value, Type: "encrypted", Target: []string{"production"}})
		}
	}
	for name, test := range map[string]struct {
		tracked    destinationtest.Files
		local      map[string]string
		project    func(*verceltest.Project)
		world      func(*testing.T, *world)
		used       bool
		places     int
		what, next string
	}{
		"an integration": {local: linked, used: true, what: "managed by an integration", next: "Rotate Secrets", project: func(p *verceltest.Project) {
			p.Env = p.Env[:1]
			p.Env[0].Configuration = "icfg_1"
		}},
		"Marketplace": {local: linked, used: true, what: "managed by an integration", next: "Rotate Secrets", project: func(p *verceltest.Project) {
			p.Env = p.Env[:1]
			p.Env[0].Hint = "integration-store-secret"
		}},
		"shared":                       {local: linked, used: true, places: 3, what: "shared variable", next: "the team's Settings", world: shared(old)},
		"shared, another":              {local: linked, used: true, places: 3, world: shared("x")},
		"hidden":                       {local: linked, used: true, places: 3, what: "2 production variables", next: "somebody who may", project: func(p *verceltest.Project) { p.Hidden = 2 }},
		"another team's":               {local: team("prj_shop", "team_other"), used: true, places: 3, what: "prj_shop", next: "vercel login"},
		"deleted":                      {local: team("prj_gone", verceltest.Team), used: true, places: 3, what: "prj_gone", next: "vercel link"},
		"of no repository":             {tracked: destinationtest.Files{"vercel.json": "{}"}, used: true, what: "no project on Vercel that ada can see", next: "vercel link", project: func(p *verceltest.Project) { p.Repo = "" }},
		"a faint sign of nothing":      {tracked: gitignored, project: func(p *verceltest.Project) { p.Repo = "" }},
		"a faint sign without a login": {tracked: gitignored, what: "nobody is logged in", next: "vercel login", world: func(_ *testing.T, w *world) { *w.machine = *w.out }},
		"a keyring": {local: linked, used: true, what: "keyring", next: "VERCEL_TOKEN", world: func(t *testing.T, w *world) {
			t.Helper()
			*w.machine = *w.out
			setting("config.json", `{"credStorage": "keyring"}`)(t, w)
		}},
		"a login that expired":     {local: linked, used: true, what: "expired", next: "vercel whoami", world: setting("auth.json", `{"token": "x", "expiresAt": 1700000000}`)},
		"another API in the clear": {local: linked, used: true, what: "not https", next: "config.json", world: setting("config.json", `{"api": "http://vercel.example.com"}`)},
		"a wrong token": {local: linked, used: true, what: "Not authorized", next: "vercel login", world: func(_ *testing.T, w *world) {
			w.machine.Environ = append(w.machine.Environ, "VERCEL_TOKEN=wrong")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := shop(old)
			if test.project != nil {
				test.project(&p)
			}
			w := begin(t, test.tracked, test.local, p)
			if test.world != nil {
				test.world(t, w)
			}
			s := look(t, w)
			if s.Used != test.used || len(s.Places) != test.places {
				t.Errorf("%+v", s)
			}
			if test.what == "" {
				if len(s.Problems) > 0 {
					t.Errorf("%+v", s.Problems)
				}
				return
			}
			if len(s.Problems) != 1 || !strings.Contains(s.Problems[0].What, test.what) || !strings.Contains(s.Problems[0].Next, test.next) {
				t.Errorf("%+v", s.Problems)
			}
		})
	}
}

// What became an integration's since the plan was made is not written.
func TestManagedSince(t *testing.T) {
	t.Parallel()
	p := shop(detecttest.Key(1, detect.Live))
	planned := look(t, begin(t, nil, linked, p)).Places[0]
	p.Env[0].Configuration = "icfg_1"
	w := begin(t, nil, linked, p)
	before := w.Values()
	if err := vercel.New(w.machine).Write(t.Context(), planned, detect.NewSecret("new")); err == nil || !maps.Equal(w.Values(), before) {
		t.Errorf("%v %q", err, w.Values())
	}
}

// A value that Vercel doesn't give out, and one that was set before.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	p := shop(detecttest.Key(1, detect.Live))
	p.Env[0].Sealed = true
	w := begin(t, nil, linked, p)
	place := look(t, w).Places[0]
	if place.Holding != destination.Unreadable {
		t.Errorf("%+v", place)
	}
	// The times are the host's: this machine's clock may be an hour ahead, or behind.
	for since, name := range map[time.Time]string{noon: "right", noon.Add(-time.Hour): "behind", noon.Add(2 * time.Hour): "ahead"} {
		for set, want := range map[time.Time]destination.Proof{noon: destination.Stale, noon.Add(time.Second): destination.Touched} {
			w.Set("prj_shop", "env_1", "y", set)
			if proof, err := vercel.New(w.machine).Check(t.Context(), place, detect.NewSecret("new"), since); proof != want || err != nil {
				t.Errorf("a clock that is %s: %q, %v, want %q", name, proof, err, want)
			}
		}
	}
}

// A deployment that would not go live by itself is left to a person.
func TestByHand(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*verceltest.Project){
		"rolled back": func(p *verceltest.Project) { p.Rolled = true },
		"staged":      func(p *verceltest.Project) { p.Staged = true },
	} {
		p := shop(detecttest.Key(1, detect.Live))
		before := p
		change(&p)
		w := begin(t, nil, linked, p)
		unit := look(t, w).Places[0].Unit
		if unit.Takes != destination.TakesByHand || !strings.Contains(unit.ByHand, "promote") {
			t.Errorf("%s: %+v", name, unit)
		}
		planned := look(t, begin(t, nil, linked, before)).Places[0].Unit
		if _, err := vercel.New(w.machine).Redeploy(t.Context(), planned); err == nil {
			t.Errorf("%s since it was planned: it is deployed", name)
		}
	}
	never := shop("x")
	never.Never = true
	if unit := look(t, begin(t, nil, linked, never)).Places[0].Unit; unit != (destination.Unit{}) {
		t.Errorf("a project that was never deployed: %+v", unit)
	}
}

// A value that could not be read for a moment is not one that can't be read: it might be another app's, and would be written over.
func TestAReadThatFails(t *testing.T) {
	t.Parallel()
	w := begin(t, nil, linked, shop(detecttest.Key(5, detect.Live)))
	w.machine.Pause = time.Millisecond
	fails := true
	w.machine.Transport = transport(func(req *http.Request) (*http.Response, error) {
		if fails && strings.Contains(req.URL.Path, "/env/env_1") {
			return nil, errors.New("reset by peer")
		}
		return http.DefaultTransport.RoundTrip(req)
	})
	s := look(t, w)
	if len(s.Problems) != 1 || !strings.Contains(s.Problems[0].What, "read CLERK_SECRET_KEY on Vercel") || slices.ContainsFunc(s.Places, func(p destination.Place) bool { return strings.HasSuffix(p.ID, "env_1") }) {
		t.Errorf("%+v", s)
	}
	fails = false
	place := look(t, w).Places[0]
	fails = true
	if proof, err := vercel.New(w.machine).Check(t.Context(), place, detect.NewSecret("new"), noon); err == nil {
		t.Errorf("%q", proof)
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A newer commit that is being deployed would be replaced by the former one.
func TestADeploymentThatIsUnderWayIsNotReplaced(t *testing.T) {
	t.Parallel()
	w := begin(t, nil, linked, shop(detecttest.Key(1, detect.Live)))
	unit := look(t, w).Places[0].Unit
	w.Push("prj_shop")
	if _, err := vercel.New(w.machine).Redeploy(t.Context(), unit); err == nil || !strings.Contains(err.Error(), "is under way: run this again when it has ended") {
		t.Errorf("%v", err)
	}
}

// A clone that is linked to one project may be deployed as others, too: they are looked at, and told.
func TestOtherProjectsOfALinkedClone(t *testing.T) {
	t.Parallel()
	other := shop(detecttest.Key(1, detect.Live))
	other.ID, other.Name = "prj_admin", "admin"
	elsewhere := other
	elsewhere.ID, elsewhere.Repo = "prj_docs", "acme/docs"
	s := look(t, begin(t, nil, linked, shop(detecttest.Key(1, detect.Live)), other, elsewhere))
	notes := map[string]string{}
	for _, p := range s.Places {
		if p.Scope == destination.Production {
			notes[p.Title] = p.Note
		}
	}
	if len(notes) != 2 || notes["Vercel project shop, production"] != "" || !strings.Contains(notes["Vercel project admin, production"], "check that admin is one that uses the key") || len(s.Problems) > 0 {
		t.Errorf("%q, %+v", notes, s.Problems)
	}
}
