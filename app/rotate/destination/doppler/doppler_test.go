package doppler

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
	"github.com/rekey-app/rekey/app/rotate/destination/doppler/dopplertest"
	"github.com/rekey-app/rekey/detect"
)

func TestMain(m *testing.M) {
	destinationtest.Main(m, map[string]destinationtest.Program{"doppler": func(p *destinationtest.Process) int {
		if len(p.Args) < 4 || strings.Join(p.Args[:2], " ") != "configure get" || p.Args[3] != "--plain" {
			return 1
		}
		value, _ := os.ReadFile(filepath.Join(os.Getenv("HOME"), p.Args[2])) // it prints an empty line for what it does not know
		fmt.Fprintln(p.Out, string(value))
		return 0
	}})
}

func start(t *testing.T, value string) *dopplertest.Host {
	t.Helper()
	h := dopplertest.Start(map[string]map[string]string{
		"prd":          {"CLERK_SECRET_KEY": value, "DATABASE_URL": "postgres://db"},
		"prd_eu":       {"PORT": "80"},
		"prd_us":       {"CLERK_SECRET_KEY": "sk_live_us"},
		"stg":          {"CLERK_SECRET_KEY": "${prd.CLERK_SECRET_KEY}"},
		"dev":          {"CLERK_SECRET_KEY": dopplertest.Restricted},
		"dev_personal": {},
		"ci":           {},
	})
	t.Cleanup(h.Close)
	return h
}

func machine(h *dopplertest.Host, home string, environ ...string) *destination.Machine {
	return &destination.Machine{Environ: append(environ, "HOME="+home, "DOPPLER_API_HOST="+h.URL), Home: home, Now: time.Now}
}

func clone(files destinationtest.Files, judge func(string) destination.Holding) destination.Project {
	return destination.Project{Files: files, Variables: []string{"CLERK_SECRET_KEY", "CLERK_API_KEY"}, Environment: detect.Live, Judge: judge}
}

var described = destinationtest.Files{"doppler.yaml": "setup:\n  project: shop\n  config: prd\n"}

func TestDriver(t *testing.T) {
	t.Parallel()
	destinationtest.Run(t, func(t *testing.T, judge func(string) destination.Holding, compromised string) *destinationtest.World {
		t.Helper()
		h := start(t, compromised)
		return &destinationtest.World{
			Machine:   machine(h, t.TempDir(), "DOPPLER_TOKEN="+dopplertest.Token),
			LoggedOut: machine(h, t.TempDir()),
			Driver:    func(m *destination.Machine) destination.Driver { return New(m) },
			Project:   clone(described, judge),
			Unused:    clone(destinationtest.Files{"package.json": "{}", "README.md": "doppler run"}, judge),
			Values:    h.Values,
			Key:       func(p destination.Place) string { return strings.TrimPrefix(p.ID, dopplertest.Project+"/") },
			Requests:  h.Requests,
			Seen:      func() string { return "" },
			Trouble:   func(trouble destinationtest.Trouble) { h.Trouble(string(trouble)) },
			Overwrite: func(p destination.Place, value string) {
				h.Set(strings.TrimPrefix(p.ID, dopplertest.Project+"/"), value)
			},
			Readable: true,
		}
	})
}

// What a branch config takes from its root is no place of its own; what it overrides is.
func TestConfigs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		token   string
		files   destinationtest.Files
		chosen  string // by doppler setup on this machine
		account string
		want    []string
	}{
		"a person": {dopplertest.Token, described, "", "Ada (workplace Acme)", []string{
			"Doppler project shop, config dev: unreadable development", "Doppler project shop, config prd: sk_live_x production",
			"Doppler project shop, config stg: other ", "Doppler project shop, config prd_us: sk_live_us production",
		}},
		"a service token": {dopplertest.ServiceToken, described, "", "service token (workplace Acme)", []string{
			"only prd was looked at: unset DOPPLER_TOKEN, and run", "Doppler project shop, config prd: sk_live_x production",
		}},
		"set up on this machine": {dopplertest.Token, destinationtest.Files{"package.json": `{"scripts":{"dev":"doppler run -- next dev"}}`}, "shop", "Ada (workplace Acme)", []string{
			"config dev", "config prd", "config stg", "config prd_us",
		}},
		"not set up": {dopplertest.Token, destinationtest.Files{"Procfile": "web: doppler run -- node ."}, "", "Ada (workplace Acme)", []string{"run doppler setup"}},
		"another workplace": {dopplertest.Token, destinationtest.Files{"web/doppler.yaml": "setup:\n  - project: theirs\n    config: dev\n    path: web/\n"}, "", "Ada (workplace Acme)", []string{
			"Could not find requested project: run doppler me",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, home := start(t, "sk_live_x"), t.TempDir()
			for option, value := range map[string]string{"token": test.token, "project": test.chosen} {
				if err := os.WriteFile(filepath.Join(home, option), []byte(value), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			m := machine(h, home, "PATH="+destinationtest.Install(t, "doppler"))
			s := New(m).Look(t.Context(), clone(test.files, func(v string) destination.Holding { return destination.Holding(v) }))
			var got []string
			for _, p := range s.Problems {
				got = append(got, p.What+": "+p.Next)
			}
			for _, p := range s.Places {
				got = append(got, fmt.Sprintf("%s: %s %s", p.Title, p.Holding, p.Scope))
			}
			if !slices.EqualFunc(got, test.want, strings.Contains) || s.Account != test.account {
				t.Errorf("%q\nwant %q; account %q", got, test.want, s.Account)
			}
		})
	}
}

func TestWhatNobodyMayReadIsUnproven(t *testing.T) {
	t.Parallel()
	h := start(t, "x")
	d := New(machine(h, t.TempDir(), "DOPPLER_TOKEN="+dopplertest.Token))
	for id, want := range map[string]destination.Proof{"shop/dev/CLERK_SECRET_KEY": destination.Unproven, "shop/ci/CLERK_SECRET_KEY": destination.Stale} {
		if proof, err := d.Check(t.Context(), destination.Place{ID: id}, detect.NewSecret("y"), time.Time{}); proof != want || err != nil {
			t.Errorf("%s: %q, %v", id, proof, err)
		}
	}
}

func TestARepositoryMayHaveSeveralProjects(t *testing.T) {
	t.Parallel()
	const text = "setup:\n  - project: shop\n    config: dev\n    path: web/\n  - project: shop\n    config: dev_jobs\n    path: jobs/\n  - project: admin\n    path: admin/\n  - project: -evil\n"
	got, because := setups(clone(destinationtest.Files{"doppler.yaml": text}, nil))
	if want := []setup{{"shop", "dev"}, {"admin", ""}}; !slices.Equal(got, want) || because != "doppler.yaml" {
		t.Errorf("%+v by %q", got, because)
	}
}
