package netlify_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest"
	"github.com/rekey-app/rekey/app/rotate/destination/netlify"
	"github.com/rekey-app/rekey/app/rotate/destination/netlify/netlifytest"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func now() time.Time { return noon }

func shop(key string, secret bool) netlifytest.Site {
	return netlifytest.Site{ID: "site-1", Name: "shop", Repo: "acme/shop", Commit: "0123456789abcdef", Variables: []netlifytest.Variable{
		{Key: "CLERK_SECRET_KEY", Secret: secret, Values: []netlifytest.Value{
			{Value: key, Context: "production"},
			{Value: detecttest.Key(9, detect.Test), Context: "deploy-preview"},
			{Value: detecttest.Key(9, detect.Test), Context: "dev"},
			{Value: "y", Context: "branch", Branch: "feature/b"},
			{Value: "x", Context: "branch", Branch: "feature/a"},
		}},
		{Key: "DATABASE_URL", Values: []netlifytest.Value{{Value: "postgres://", Context: "all"}}},
	}}
}

type world struct {
	*netlifytest.Netlify

	machine, out *destination.Machine
	project      destination.Project
}

func begin(t *testing.T, tracked destinationtest.Files, local map[string]string, sites ...netlifytest.Site) *world {
	t.Helper()
	n := netlifytest.Start(now, sites...)
	t.Cleanup(n.Close)
	home, clone := t.TempDir(), t.TempDir()
	environ, err := n.LogIn(home)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range local {
		path := filepath.Join(clone, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &world{
		Netlify: n, machine: &destination.Machine{Environ: environ, Home: home, Now: now}, out: &destination.Machine{Environ: environ, Home: t.TempDir(), Now: now},
		project: destination.Project{
			Dir: clone, Files: tracked, Repository: destination.Repository{Host: "github.com", Owner: "acme", Name: "shop"},
			Variables: []string{"CLERK_SECRET_KEY"}, Environment: detect.Live, Judge: judge,
		},
	}
}

func judge(value string) destination.Holding {
	if value == detecttest.Key(1, detect.Live) {
		return destination.Compromised
	}
	return destination.Other
}

var linked = map[string]string{".netlify/state.json": `{"siteId": "site-1"}`}

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string]bool{"Readable": false, "Secret": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			destinationtest.Run(t, func(t *testing.T, judge func(string) destination.Holding, compromised string) *destinationtest.World {
				t.Helper()
				w := begin(t, destinationtest.Files{"package.json": "{}"}, linked, shop(compromised, secret))
				w.project.Judge = judge
				unused := w.project
				unused.Dir, unused.Files = "", destinationtest.Files{"main.go": "package main"}
				return &destinationtest.World{
					Machine: w.machine, LoggedOut: w.out, Project: w.project, Unused: unused,
					Driver: func(m *destination.Machine) destination.Driver { return netlify.New(m) },
					Values: w.Values, Requests: w.Requests, Seen: func() string { return "" },
					Key:     func(p destination.Place) string { return strings.TrimPrefix(p.ID, netlifytest.Team+"/") },
					Trouble: func(trouble destinationtest.Trouble) { w.Trouble(string(trouble)) },
					Overwrite: func(p destination.Place, value string) {
						part := strings.SplitN(p.ID, "/", 5)
						w.Set(part[1], part[2], part[3], part[4], value, noon.Add(time.Minute))
					},
					Readable: !secret,
				}
			})
		})
	}
}

func look(t *testing.T, w *world) destination.Survey {
	t.Helper()
	return netlify.New(w.machine).Look(t.Context(), w.project)
}

// Each value of a variable is a place of its own.
func TestContexts(t *testing.T) {
	t.Parallel()
	site := shop(detecttest.Key(1, detect.Live), false)
	site.Variables[0].Values = append(site.Variables[0].Values, netlifytest.Value{Context: "branch-deploy"}) // none is set
	site.Variables = append(site.Variables, netlifytest.Variable{Key: "CLERK_KEY", Values: []netlifytest.Value{{Value: detecttest.Key(1, detect.Live), Context: "all"}}})
	site.Variables = append(site.Variables, netlifytest.Variable{Key: "CLERK_OLD", Values: []netlifytest.Value{{Value: "x", Context: "all"}}})
	w := begin(t, nil, linked, site)
	w.project.Variables = []string{"CLERK_SECRET_KEY", "CLERK_KEY", "CLERK_OLD"}
	want := []struct {
		variable, title, note string
		scope                 destination.Scope
		takes                 destination.Takes
	}{
		{"CLERK_SECRET_KEY", "Netlify site shop, production", "", destination.Production, destination.TakesByHand},
		{"CLERK_SECRET_KEY", "Netlify site shop, branch feature/a", "", destination.Preview, destination.TakesByHand},
		{"CLERK_SECRET_KEY", "Netlify site shop, branch feature/b", "", destination.Preview, destination.TakesByHand},
		{"CLERK_SECRET_KEY", "Netlify site shop, deploy previews", "", destination.Preview, destination.TakesByHand},
		{"CLERK_SECRET_KEY", "Netlify site shop, local development", "", destination.Development, destination.TakesNextRun},
		{"CLERK_KEY", "Netlify site shop, all deploy contexts", "all get the new one", destination.Production, destination.TakesByHand},
		{"CLERK_OLD", "Netlify site shop, all deploy contexts", "a production key would be in deploy previews", "", destination.TakesByHand},
	}
	s := look(t, w)
	if len(s.Places) != len(want) || len(s.Problems) > 0 || s.Account != "ada@example.com (team acme)" {
		t.Fatalf("%+v", s)
	}
	for i, p := range s.Places {
		if p.Variable != want[i].variable || p.Title != want[i].title || p.Scope != want[i].scope || p.Unit.Takes != want[i].takes ||
			!strings.Contains(p.Note, want[i].note) || (want[i].note == "") != (p.Note == "") {
			t.Errorf("%+v\nwant %+v", p, want[i])
		}
		before := w.Values()
		if err := netlify.New(w.machine).Write(t.Context(), p, detect.NewSecret("new")); err != nil {
			t.Fatal(err)
		}
		if proof, err := netlify.New(w.machine).Check(t.Context(), p, detect.NewSecret("new"), noon); proof != destination.ReadBack || err != nil {
			t.Errorf("%s: %q, %v", p.Title, proof, err)
		}
		before[strings.TrimPrefix(p.ID, netlifytest.Team+"/")] = "new"
		if got := w.Values(); fmt.Sprint(got) != fmt.Sprint(before) {
			t.Errorf("%v\nwant %v", got, before)
		}
	}
	if by := s.Places[0].Unit.ByHand; !strings.Contains(by, "Trigger deploy") || !strings.Contains(by, "0123456") {
		t.Error(by)
	}
}

// A value that somebody removed since the plan was made is not made again.
func TestGone(t *testing.T) {
	t.Parallel()
	w := begin(t, nil, linked, shop(detecttest.Key(1, detect.Live), false))
	place := look(t, w).Places[0]
	place.ID = strings.Replace(place.ID, "/production/", "/branch-deploy/", 1)
	before := w.Values()
	if err := netlify.New(w.machine).Write(t.Context(), place, detect.NewSecret("new")); err == nil || fmt.Sprint(w.Values()) != fmt.Sprint(before) {
		t.Errorf("%v %v", err, w.Values())
	}
}

// Of a secret it is seen that it was set before.
func TestStaleSecret(t *testing.T) {
	t.Parallel()
	w := begin(t, nil, linked, shop(detecttest.Key(1, detect.Live), true))
	place := look(t, w).Places[0]
	check := func(want destination.Proof) {
		t.Helper()
		for _, since := range []time.Time{noon, noon.Add(-time.Hour), noon.Add(time.Hour)} { // this machine's clock may be wrong
			if proof, err := netlify.New(w.machine).Check(t.Context(), place, detect.NewSecret("new"), since); proof != want || err != nil {
				t.Errorf("%q, %v, want %q", proof, err, want)
			}
		}
	}
	check(destination.Stale)
	if err := netlify.New(w.machine).Write(t.Context(), place, detect.NewSecret("new")); err != nil {
		t.Fatal(err)
	}
	check(destination.Touched)
}

func TestFindsSites(t *testing.T) {
	t.Parallel()
	many := make([]netlifytest.Site, 0, 151)
	for i := range 150 {
		many = append(many, netlifytest.Site{ID: fmt.Sprintf("other-%d", i), Name: "other", Repo: "acme/other"})
	}
	second := shop("x", false)
	second.ID, second.Repo = "site-2", "Acme/Shop"
	key := detecttest.Key(1, detect.Live)
	for name, test := range map[string]struct {
		tracked    destinationtest.Files
		local      map[string]string
		sites      []netlifytest.Site
		environ    string
		want       []string
		used       bool
		what, next string
	}{
		"linked":                    {local: linked, want: []string{"site-1"}, used: true},
		"linked in a package":       {tracked: destinationtest.Files{"apps/web/netlify.toml": ""}, local: map[string]string{"apps/web/.netlify/state.json": `{"siteId": "site-2"}`}, sites: []netlifytest.Site{second}, want: []string{"site-2", "site-1"}, used: true},
		"by the environment":        {environ: "NETLIFY_SITE_ID=site-1", want: []string{"site-1"}, used: true},
		"by the repository":         {tracked: destinationtest.Files{"netlify.toml": ""}, sites: append(many, second), want: []string{"site-1", "site-2"}, used: true},
		"by a faint sign":           {tracked: destinationtest.Files{".gitignore": ".netlify\n"}, want: []string{"site-1"}, used: true},
		"linked to nothing":         {local: map[string]string{".netlify/state.json": `{"siteId": "gone"}`}, want: []string{"site-1"}, used: true, what: "state.json names it", next: "netlify link"},
		"with a wrong token":        {local: linked, environ: "NETLIFY_AUTH_TOKEN=wrong", used: true, what: "Access Denied", next: "netlify login"},
		"in the clear":              {local: linked, environ: "NETLIFY_API_URL=http://netlify.example.com", used: true, what: "not https", next: "unset"},
		"not by another repository": {tracked: destinationtest.Files{"netlify.toml": "", "x": ""}, environ: "OTHER=1", used: true, what: "no site on Netlify that ada@example.com can see", next: "netlify link"},
		"not by a faint sign":       {tracked: destinationtest.Files{".gitignore": ".netlify\n"}, environ: "OTHER=1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := begin(t, test.tracked, test.local, append([]netlifytest.Site{shop(key, false)}, test.sites...)...)
			w.machine.Environ = append(w.machine.Environ, test.environ)
			if test.environ == "OTHER=1" {
				w.project.Repository.Name = "unknown"
			}
			s := look(t, w)
			var sites []string
			for _, p := range s.Places {
				if site := strings.Split(p.ID, "/")[1]; !slices.Contains(sites, site) {
					sites = append(sites, site)
				}
			}
			if !slices.Equal(sites, test.want) || s.Used != test.used {
				t.Errorf("%v\n%+v", sites, s)
			}
			switch {
			case test.what == "" && len(s.Problems) > 0:
				t.Errorf("%+v", s.Problems)
			case test.what != "" && (len(s.Problems) != 1 || !strings.Contains(s.Problems[0].What, test.what) || !strings.Contains(s.Problems[0].Next, test.next)):
				t.Errorf("%+v", s.Problems)
			}
			if len(sites) > 1 && !strings.HasPrefix(s.Places[len(s.Places)-1].Note, "Several sites") {
				t.Errorf("nothing is said of several sites: %+v", s.Places[len(s.Places)-1])
			}
		})
	}
}

// A variable of the whole team is told, and not written.
func TestShared(t *testing.T) {
	t.Parallel()
	for value, told := range map[string]bool{detecttest.Key(1, detect.Live): true, "x": false} {
		w := begin(t, nil, linked, netlifytest.Site{ID: "site-1", Name: "shop"})
		w.Share(netlifytest.Variable{Key: "CLERK_SECRET_KEY", Values: []netlifytest.Value{{Value: value, Context: "all"}}})
		s := look(t, w)
		if len(s.Places) > 0 || (len(s.Problems) == 1) != told {
			t.Errorf("%+v", s)
		}
	}
}

// A list that is cut off is told, with what was found in it.
func TestMoreSitesThanAreRead(t *testing.T) {
	t.Parallel()
	sites := []netlifytest.Site{shop(detecttest.Key(1, detect.Live), false)}
	for i := range 2000 {
		sites = append(sites, netlifytest.Site{ID: fmt.Sprintf("other-%d", i), Name: "other", Repo: "acme/other"})
	}
	s := look(t, begin(t, destinationtest.Files{"netlify.toml": ""}, nil, sites...))
	if len(s.Places) == 0 || len(s.Problems) != 1 || s.Problems[0].What != "list the sites of the login on Netlify: there are more than rekey reads" || s.Problems[0].Next != "look at the others yourself" {
		t.Errorf("%+v", s.Problems)
	}
}
