package gcp

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
	"github.com/rekey-app/rekey/app/rotate/destination/gcp/gcptest"
	"github.com/rekey-app/rekey/detect"
)

func TestMain(m *testing.M) {
	destinationtest.Main(m, map[string]destinationtest.Program{"gcloud": gcptest.Program})
}

const build = `steps:
  - name: gcr.io/google.com/cloudsdktool/cloud-sdk
    args: [run, deploy, shop, --image, eu.gcr.io/x/shop, --update-secrets=DB=db:3,CLERK_SECRET_KEY=clerk-key:latest]
`

func machine(t *testing.T, dir string, loggedIn bool) *destination.Machine {
	t.Helper()
	home := t.TempDir()
	if loggedIn {
		file := filepath.Join(home, gcptest.Config)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &destination.Machine{Environ: []string{"PATH=" + dir, "HOME=" + home}, Home: home, Now: time.Now}
}

func clone(files destinationtest.Files, judge func(string) destination.Holding) destination.Project {
	return destination.Project{Files: files, Variables: []string{"CLERK_SECRET_KEY"}, Environment: detect.Live, Judge: judge}
}

func install(t *testing.T, change func(*gcptest.Memory)) string {
	t.Helper()
	dir := destinationtest.Install(t, "gcloud")
	destinationtest.Memory(t, dir, func(m *gcptest.Memory) {
		m.Project = "shop-prod"
		change(m)
	})
	return dir
}

func TestDriver(t *testing.T) {
	t.Parallel()
	destinationtest.Run(t, func(t *testing.T, judge func(string) destination.Holding, compromised string) *destinationtest.World {
		t.Helper()
		dir := install(t, func(m *gcptest.Memory) {
			m.Secrets = map[string][][]byte{"shop-prod/clerk-key": {[]byte("older"), []byte(compromised)}, "shop-prod/db": {[]byte("x")}}
			m.Services = map[string]*gcptest.Service{"shop-prod/shop": {Variable: "CLERK_SECRET_KEY", Secret: "clerk-key", Version: "latest", Generation: 4, Ready: "True"}}
		})
		memory := func(change func(*gcptest.Memory)) { destinationtest.Memory(t, dir, change) }
		return &destinationtest.World{
			Machine:   machine(t, dir, true),
			LoggedOut: machine(t, dir, false),
			Driver:    func(m *destination.Machine) destination.Driver { return New(m) },
			Project:   clone(destinationtest.Files{"cloudbuild.yaml": build}, judge),
			Unused:    clone(destinationtest.Files{"cloudbuild.yaml": strings.ReplaceAll(build, "CLERK_SECRET_KEY", "CLERK_SECRET_KEY_2"), "app.yaml": "runtime: go\n"}, judge),
			Values: func() map[string]string {
				all := map[string]string{}
				memory(func(m *gcptest.Memory) {
					for name, versions := range m.Secrets {
						all[name] = string(versions[len(versions)-1])
					}
				})
				return all
			},
			Key: func(p destination.Place) string {
				project, secret, _ := split(p.ID)
				return project + "/" + secret
			},
			Requests: func() int { return destinationtest.Runs(t, dir) },
			Seen:     func() string { return destinationtest.Calls(t, dir) },
			Trouble:  func(trouble destinationtest.Trouble) { memory(func(m *gcptest.Memory) { m.Trouble = trouble }) },
			Finish: func(works bool) {
				memory(func(m *gcptest.Memory) {
					m.Services["shop-prod/shop"].Ready = map[bool]string{true: "True", false: "False"}[works]
				})
			},
			Overwrite: func(_ destination.Place, value string) {
				memory(func(m *gcptest.Memory) {
					m.Secrets["shop-prod/clerk-key"] = append(m.Secrets["shop-prod/clerk-key"], []byte(value))
				})
			},
			Readable: true,
		}
	})
}

// Where no new revision would do, or would do too much, a person is told what to run.
func TestWhoTakesTheValue(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		service *gcptest.Service
		takes   destination.Takes
		by      string
	}{
		"the latest version":  {&gcptest.Service{Variable: "KEY", Secret: "clerk-key", Version: "latest"}, destination.TakesByRedeploy, "new revision of shop, of the same image"},
		"a version":           {&gcptest.Service{Variable: "KEY", Secret: "clerk-key", Version: "2"}, destination.TakesByHand, "gcloud run services update shop --region=europe-west1 --project=shop-prod --update-secrets=KEY=clerk-key:latest"},
		"a pinned revision":   {&gcptest.Service{Variable: "KEY", Secret: "clerk-key", Version: "latest", Pinned: true}, destination.TakesByHand, "send the requests to the new revision"},
		"an image by its tag": {&gcptest.Service{Variable: "KEY", Secret: "clerk-key", Version: "latest", Image: "shop:main"}, destination.TakesByRedeploy, "of the same image"},
		"several images":      {&gcptest.Service{Variable: "KEY", Secret: "clerk-key", Version: "latest", Image: "shop:main", Several: true}, destination.TakesByHand, "gcloud run services update shop"},
		"a failed revision":   {&gcptest.Service{Variable: "KEY", Secret: "clerk-key", Version: "latest", Broken: true}, destination.TakesByHand, "gcloud run services update shop"},
		"another secret":      {&gcptest.Service{Variable: "KEY", Secret: "db", Version: "latest"}, destination.TakesByHand, "gcloud run services update SERVICE --project=shop-prod"},
		"none":                {nil, destination.TakesByHand, "gcloud run services update SERVICE --project=shop-prod"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := install(t, func(m *gcptest.Memory) {
				m.Secrets = map[string][][]byte{"shop-prod/clerk-key": {[]byte("x")}}
				m.Services = map[string]*gcptest.Service{"shop-prod/shop": test.service}
			})
			s := New(machine(t, dir, true)).Look(t.Context(), clone(destinationtest.Files{"cloudbuild.yaml": build}, func(string) destination.Holding { return destination.Same }))
			if len(s.Places) != 1 || len(s.Problems) > 0 || s.Account != "ada@example.com (project shop-prod)" {
				t.Fatalf("%+v", s)
			}
			if u := s.Places[0].Unit; u.Takes != test.takes || !strings.Contains(u.ByHand+u.Redeploys, test.by) {
				t.Errorf("%+v", u)
			}
		})
	}
}

func TestWhereTheSecretIs(t *testing.T) {
	t.Parallel()
	elsewhere := destinationtest.Files{"cloudbuild.yaml": "availableSecrets:\n  secretManager:\n    - versionName: projects/other-prod/secrets/clerk/versions/latest\n      env: CLERK_SECRET_KEY\n"}
	for name, test := range map[string]struct {
		files  destinationtest.Files
		unread bool
		unset  bool
		want   []string
	}{
		"a file names the project": {elsewhere, false, false, []string{"other-prod/clerk/CLERK_SECRET_KEY same"}},
		"Firebase": {
			destinationtest.Files{"apphosting.yaml": "env:\n  - variable: CLERK_SECRET_KEY\n    secret: clerk\n", ".firebaserc": `{"projects":{"default":"other-prod"}}`},
			false, true,
			[]string{"other-prod/clerk/CLERK_SECRET_KEY same"},
		},
		"no project":       {destinationtest.Files{"cloudbuild.yaml": build}, false, true, []string{"gcloud config set project"}},
		"another project":  {destinationtest.Files{"cloudbuild.yaml": build}, false, false, []string{"which cloudbuild.yaml names: gcloud"}},
		"no right to read": {elsewhere, true, false, []string{"other-prod/clerk/CLERK_SECRET_KEY unreadable"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := install(t, func(m *gcptest.Memory) {
				m.Secrets, m.Unread = map[string][][]byte{"other-prod/clerk": {[]byte("x")}}, test.unread
				if test.unset {
					m.Project = ""
				}
			})
			s := New(machine(t, dir, true)).Look(t.Context(), clone(test.files, func(string) destination.Holding { return destination.Same }))
			var got []string
			for _, p := range s.Problems {
				got = append(got, p.What+": "+p.Next)
			}
			for _, p := range s.Places {
				got = append(got, fmt.Sprintf("%s %s", p.ID, p.Holding))
			}
			if !slices.EqualFunc(got, test.want, strings.Contains) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// Who may add versions and not read them can write, and proves nothing.
func TestALoginThatMayNotRead(t *testing.T) {
	t.Parallel()
	dir := install(t, func(m *gcptest.Memory) {
		m.Secrets, m.Unread = map[string][][]byte{"shop-prod/clerk": {[]byte("old")}}, true
	})
	d, place := New(machine(t, dir, true)), destination.Place{ID: "shop-prod/clerk/CLERK_SECRET_KEY", Title: "secret"}
	if err := d.Write(t.Context(), place, detect.NewSecret("new")); err != nil {
		t.Fatal(err)
	}
	if proof, err := d.Check(t.Context(), place, detect.NewSecret("new"), time.Time{}); proof != destination.Unproven || err != nil {
		t.Errorf("%q, %v", proof, err)
	}
	destinationtest.Memory(t, dir, func(m *gcptest.Memory) {
		if v := m.Secrets["shop-prod/clerk"]; len(v) != 2 || string(v[1]) != "new" {
			t.Errorf("%q", v)
		}
	})
}

// A value that is there already makes no further version.
func TestTheSameValueIsAddedOnce(t *testing.T) {
	t.Parallel()
	dir := install(t, func(m *gcptest.Memory) { m.Secrets = map[string][][]byte{"shop-prod/clerk": {[]byte("old")}} })
	d := New(machine(t, dir, true))
	for range 2 {
		if err := d.Write(t.Context(), destination.Place{ID: "shop-prod/clerk/V"}, detect.NewSecret("new")); err != nil {
			t.Fatal(err)
		}
	}
	destinationtest.Memory(t, dir, func(m *gcptest.Memory) {
		if v := m.Secrets["shop-prod/clerk"]; len(v) != 2 {
			t.Errorf("%q", v)
		}
	})
}

func TestFilesNameSecrets(t *testing.T) {
	t.Parallel()
	const knative = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: shop\nspec:\n  template:\n    spec:\n      containers:\n      - env:\n        - name: CLERK_SECRET_KEY\n          valueFrom:\n            secretKeyRef:\n              key: latest\n              name: clerk\n"
	for file, test := range map[string]struct{ text, secret, service string }{
		".github/workflows/deploy.yml": {"uses: google-github-actions/deploy-cloudrun@v2\nwith:\n  service: shop\n  secrets: |-\n    CLERK_SECRET_KEY=clerk:latest\n", "clerk", "shop"},
		"service.yaml":                 {knative, "clerk", "shop"},
		"deploy.sh":                    {"gcloud run deploy shop --set-secrets CLERK_SECRET_KEY=clerk:7\n", "clerk", "shop"},
		"main.tf":                      {"resource \"google_secret_manager_secret\" \"k\" {\n  secret_id = \"clerk-prod\"\n}\nresource \"google_secret_manager_secret\" \"db\" {\n  secret_id = \"db\"\n}\n", "clerk-prod", ""},
		"other.yaml":                   {"STRIPE=stripe:latest\nCLERK_SECRET_KEY: x\n", "", ""},
	} {
		n := read(clone(destinationtest.Files{file: test.text}, nil))
		var secrets []string
		for _, r := range n.secrets {
			secrets = append(secrets, r.secret)
		}
		if strings.Join(secrets, " ") != test.secret || strings.Join(n.services, " ") != test.service {
			t.Errorf("%s: %q, %q", file, secrets, n.services)
		}
	}
}

// A tag may have been moved to a newer image since the service was deployed: the new revision is of the one that runs.
func TestANewRevisionIsOfTheImageThatRuns(t *testing.T) {
	t.Parallel()
	unit := destination.Unit{ID: "shop-prod/" + gcptest.Region + "/shop/KEY/clerk-key", Title: "Cloud Run service shop"}
	for name, test := range map[string]struct {
		service gcptest.Service
		fails   bool
	}{
		"by a tag":                  {gcptest.Service{Image: "eu.gcr.io/x/shop:main"}, false},
		"by its digest":             {gcptest.Service{}, false},
		"a revision that failed":    {gcptest.Service{Broken: true}, true},
		"a revision without visits": {gcptest.Service{Pinned: true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := install(t, func(m *gcptest.Memory) {
				s := test.service
				s.Variable, s.Secret, s.Version, s.Runs = "KEY", "clerk-key", "latest", "live"
				m.Services = map[string]*gcptest.Service{"shop-prod/shop": &s}
			})
			_, err := New(machine(t, dir, true)).Redeploy(t.Context(), unit)
			if (err != nil) != test.fails || err != nil && !strings.Contains(err.Error(), "gcloud run revisions list --service=shop") {
				t.Errorf("%v", err)
			}
			destinationtest.Memory(t, dir, func(m *gcptest.Memory) {
				if s := m.Services["shop-prod/shop"]; s.Runs != "live" || test.fails != (s.Generation == 0) {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}
