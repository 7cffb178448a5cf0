package render_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest"
	"github.com/rekey-app/rekey/app/rotate/destination/render"
	"github.com/rekey-app/rekey/app/rotate/destination/render/rendertest"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

func now() time.Time { return time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC) }

func shop(key string) rendertest.Service {
	return rendertest.Service{
		ID: "srv-1", Name: "shop", Repo: "acme/shop", Commit: "aaaa", Head: "bbbb",
		Variables: map[string]string{"CLERK_SECRET_KEY": key, "DATABASE_URL": "postgres://"},
	}
}

var blueprint = destinationtest.Files{"render.yaml": "services:\n  - type: web\n    name: shop\nprojects:\n  - environments:\n      - services: [{name: worker}]\n"}

type world struct {
	*rendertest.Render

	machine, out *destination.Machine
	project      destination.Project
}

func begin(t *testing.T, tracked destinationtest.Files, services ...rendertest.Service) *world {
	t.Helper()
	r := rendertest.Start(services...)
	t.Cleanup(r.Close)
	home := t.TempDir()
	if err := r.LogIn(home); err != nil {
		t.Fatal(err)
	}
	return &world{
		Render: r, machine: &destination.Machine{Home: home, Now: now}, out: &destination.Machine{Home: t.TempDir(), Now: now},
		project: destination.Project{
			Files: tracked, Repository: destination.Repository{Host: "github.com", Owner: "acme", Name: "shop"},
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

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, grouped := range map[string]bool{"Service": false, "Group": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			destinationtest.Run(t, func(t *testing.T, judge func(string) destination.Holding, compromised string) *destinationtest.World {
				t.Helper()
				service, other := shop(compromised), shop("x")
				other.ID, other.Name, other.Repo = "srv-2", "other", "acme/other"
				if grouped {
					service.Variables, other.Variables = map[string]string{"PORT": "1"}, map[string]string{}
				}
				w := begin(t, blueprint, service, other)
				if grouped {
					w.AddGroup(rendertest.Group{ID: "evg-1", Name: "shared", Services: []string{"srv-1", "srv-2"}, Variables: map[string]string{"CLERK_SECRET_KEY": compromised, "OTHER": "y"}})
				}
				w.project.Judge = judge
				unused := w.project
				unused.Files = destinationtest.Files{"main.go": "package main"}
				return &destinationtest.World{
					Machine: w.machine, LoggedOut: w.out, Project: w.project, Unused: unused,
					Driver: func(m *destination.Machine) destination.Driver { return render.New(m) },
					Values: w.Values, Requests: w.Requests, Seen: func() string { return "" }, Finish: w.Finish,
					Key:     func(p destination.Place) string { return p.ID },
					Trouble: func(trouble destinationtest.Trouble) { w.Trouble(string(trouble)) },
					Overwrite: func(p destination.Place, value string) {
						w.Set(strings.TrimSuffix(p.ID, "/"+p.Variable), p.Variable, value)
					},
					Readable: true,
				}
			})
		})
	}
}

func look(t *testing.T, w *world) destination.Survey {
	t.Helper()
	return render.New(w.machine).Look(t.Context(), w.project)
}

// What is deployed is what is live, whatever was pushed since, also where Render does not say which deploy it queued.
func TestRedeployShipsTheCommitThatIsLive(t *testing.T) {
	t.Parallel()
	for _, queued := range []bool{false, true} {
		key := detecttest.Key(1, detect.Live)
		cron := rendertest.Service{ID: "srv-c", Name: "nightly", Type: "cron_job", Repo: "acme/shop", Commit: "cccc", Head: "dddd", Variables: map[string]string{"CLERK_SECRET_KEY": key}}
		w := begin(t, blueprint, shop(key), cron)
		if queued {
			w.Queue()
		}
		for i, want := range []string{"aaaa", "cccc"} {
			driver := render.New(w.machine)
			place := look(t, w).Places[i]
			d, err := driver.Redeploy(t.Context(), place.Unit)
			if err != nil {
				t.Fatal(err)
			}
			w.Finish(true)
			if p, err := driver.Deployed(t.Context(), d); err != nil || p.State != destination.Live {
				t.Errorf("%+v, %v", p, err)
			}
			if _, err := driver.Redeploy(t.Context(), place.Unit); err != nil {
				t.Fatal(err)
			}
			w.Finish(true)
			if p, err := driver.Deployed(t.Context(), d); err != nil || p.State != destination.Live {
				t.Errorf("replaced by a newer one: %+v, %v", p, err)
			}
			if commit, deploys := w.Runs(place.Unit.ID); commit != want || deploys != 3 {
				t.Errorf("%s runs %s after %d deploys, want %s", place.Title, commit, deploys, want)
			}
		}
	}
}

// Groups count where one of the repository's services is linked to them, and what is deployed are all that are.
func TestGroups(t *testing.T) {
	t.Parallel()
	other := shop("x")
	other.ID, other.Name, other.Repo = "srv-2", "other", "acme/other"
	w := begin(t, blueprint, shop("x"), other)
	key := map[string]string{"CLERK_SECRET_KEY": detecttest.Key(1, detect.Live)}
	w.AddGroup(rendertest.Group{ID: "evg-0", Name: "of others", Services: []string{"srv-2"}, Variables: key})
	w.AddGroup(rendertest.Group{ID: "evg-1", Name: "shared", Services: []string{"srv-1", "srv-2"}, Variables: key})
	s := look(t, w)
	if len(s.Places) != 2 || s.Places[0].ID != "services/srv-1/CLERK_SECRET_KEY" || s.Places[1].ID != "env-groups/evg-1/CLERK_SECRET_KEY" {
		t.Fatalf("%+v", s)
	}
	if p := s.Places[1]; p.Note != "The group is also used outside this repository, by other." || p.Unit.Title != "Render services shop, other" {
		t.Errorf("%+v", p)
	}
	if _, err := render.New(w.machine).Redeploy(t.Context(), s.Places[1].Unit); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"srv-1", "srv-2"} {
		if _, deploys := w.Runs(id); deploys != 2 {
			t.Errorf("%s had %d deploys", id, deploys)
		}
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	image, suspended, never := shop("x"), shop("x"), shop("x")
	image.Image, suspended.Suspended, never.Commit = "docker.io/acme/shop:1", true, ""
	if u := look(t, begin(t, blueprint, image)).Places[0].Unit; u.Takes != destination.TakesByHand || !strings.Contains(u.ByHand, "the image reference that is live") {
		t.Errorf("%+v", u)
	}
	if u := look(t, begin(t, blueprint, suspended)).Places[0].Unit; u != (destination.Unit{}) {
		t.Errorf("a suspended service runs nothing: %+v", u)
	}
	w := begin(t, blueprint, never)
	if _, err := render.New(w.machine).Redeploy(t.Context(), look(t, w).Places[0].Unit); err == nil || !strings.Contains(err.Error(), "no commit of it is live") {
		t.Errorf("%v", err)
	}
	if _, deploys := w.Runs("srv-1"); deploys > 0 {
		t.Error("it deployed what was not live")
	}
}

// A variable that somebody removed is not made again.
func TestGone(t *testing.T) {
	t.Parallel()
	w := begin(t, blueprint, shop("x"))
	place := look(t, w).Places[0]
	place.ID = strings.Replace(place.ID, "CLERK_SECRET_KEY", "CLERK_KEY", 1)
	before := w.Values()
	if err := render.New(w.machine).Write(t.Context(), place, detect.NewSecret("new")); err == nil || !maps.Equal(w.Values(), before) {
		t.Errorf("%v %v", err, w.Values())
	}
}

func TestFindsServices(t *testing.T) {
	t.Parallel()
	many := make([]rendertest.Service, 0, 152)
	for range 150 {
		many = append(many, rendertest.Service{ID: "srv-x", Name: "shop", Repo: "acme/other", Variables: map[string]string{}})
	}
	staging, worker := shop("x"), shop("x")
	staging.ID, staging.Branch = "srv-2", "staging"
	worker.ID, worker.Name, worker.Repo, worker.Image = "srv-3", "worker", "", "docker.io/acme/worker"
	workflow := destinationtest.Files{".github/workflows/x.yml": "curl $RENDER_DEPLOY_HOOK"}
	for name, test := range map[string]struct {
		tracked    destinationtest.Files
		services   []rendertest.Service
		change     func(*testing.T, *world)
		want       []string
		used       bool
		what, next string
	}{
		"by the repository":         {tracked: blueprint, services: append(many, staging), want: []string{"services/srv-2/CLERK_SECRET_KEY", "services/srv-1/CLERK_SECRET_KEY"}, used: true},
		"by a name":                 {tracked: blueprint, services: []rendertest.Service{worker}, want: []string{"services/srv-3/CLERK_SECRET_KEY", "services/srv-1/CLERK_SECRET_KEY"}, used: true},
		"by a faint sign":           {tracked: workflow, want: []string{"services/srv-1/CLERK_SECRET_KEY"}, used: true},
		"not by a faint sign":       {tracked: workflow, change: func(_ *testing.T, w *world) { w.project.Repository.Name = "unknown" }},
		"not of another repository": {tracked: blueprint, change: func(_ *testing.T, w *world) { w.project.Repository.Name = "unknown" }, used: true, what: "no service on Render that ada@example.com can see", next: "render login"},
		"with a wrong key": {tracked: blueprint, change: func(_ *testing.T, w *world) {
			w.machine.Environ = []string{"RENDER_API_KEY=wrong", "RENDER_HOST=" + w.URL + "/v1/"}
		}, used: true, what: "Unauthorized", next: "render login"},
		"with a login that expired": {tracked: blueprint, change: func(t *testing.T, w *world) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(w.machine.Home, ".render", "cli.yaml"), []byte("api: {key: x, expires_at: 1700000000}"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, used: true, what: "expired", next: "render whoami"},
		"in the clear": {tracked: blueprint, change: func(_ *testing.T, w *world) {
			w.machine.Environ = []string{"RENDER_API_KEY=x", "RENDER_HOST=http://render.example.com"}
		}, used: true, what: "not https", next: "RENDER_HOST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := begin(t, test.tracked, append(slices.Clone(test.services), shop("x"))...)
			if test.change != nil {
				test.change(t, w)
			}
			s := look(t, w)
			var places []string
			for _, p := range s.Places {
				places = append(places, p.ID)
			}
			if !slices.Equal(places, test.want) || s.Used != test.used {
				t.Errorf("%v\n%+v", places, s)
			}
			switch {
			case test.what == "" && len(s.Problems) > 0:
				t.Errorf("%+v", s.Problems)
			case test.what != "" && (len(s.Problems) != 1 || !strings.Contains(s.Problems[0].What, test.what) || !strings.Contains(s.Problems[0].Next, test.next)):
				t.Errorf("%+v", s.Problems)
			}
			if name == "by the repository" && (!strings.Contains(s.Places[0].Note, "branch staging") || s.Account != "ada@example.com (workspace Acme)") {
				t.Errorf("%q %+v", s.Account, s.Places[0])
			}
		})
	}
}

// A newer commit that is being deployed would be replaced by the former one; and of several services none is deployed where one can't be.
func TestADeployThatIsUnderWayIsNotReplaced(t *testing.T) {
	t.Parallel()
	second := shop("x")
	second.ID, second.Name = "srv-2", "worker"
	w := begin(t, blueprint, shop("x"), second)
	first := look(t, w).Places[0].Unit
	w.Push("srv-2")
	unit := destination.Unit{ID: first.ID + ",srv-2", Title: "Render services"}
	if _, err := render.New(w.machine).Redeploy(t.Context(), unit); err == nil || !strings.Contains(err.Error(), "a deploy of service worker on Render is under way: run this again when it has ended") {
		t.Errorf("%v", err)
	}
	if _, deploys := w.Runs(first.ID); deploys != 1 {
		t.Errorf("%d deploys of the other one", deploys)
	}
}
