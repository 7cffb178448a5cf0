package fly

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest"
	"github.com/rekey-app/rekey/app/rotate/destination/fly/flytest"
	"github.com/rekey-app/rekey/detect"
)

func TestMain(m *testing.M) {
	destinationtest.Main(m, map[string]destinationtest.Program{"fly": flytest.Program, "flyctl": flytest.Program})
}

// machine is one on which somebody is logged in to Fly, or nobody.
func machine(t *testing.T, path string, loggedIn bool) *destination.Machine {
	t.Helper()
	home := t.TempDir()
	if loggedIn {
		file := filepath.Join(home, flytest.SignedIn)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &destination.Machine{Environ: []string{"PATH=" + path, "HOME=" + home}, Home: home, Now: time.Now}
}

func project(files destinationtest.Files) destination.Project {
	return destination.Project{Files: files, Variables: []string{"CLERK_SECRET_KEY"}, Environment: detect.Live}
}

func TestDriver(t *testing.T) {
	t.Parallel()
	destinationtest.Run(t, func(t *testing.T, _ func(string) destination.Holding, compromised string) *destinationtest.World {
		t.Helper()
		dir := destinationtest.Install(t, "fly")
		destinationtest.Memory(t, dir, func(m *flytest.Memory) {
			m.Apps = map[string]map[string]string{
				"shop":         {"CLERK_SECRET_KEY": compromised, "DATABASE_URL": "postgres://db"},
				"shop-staging": {"CLERK_SECRET_KEY": "another", "CLERK_SECRET_KEY_2": "x"},
			}
		})
		return &destinationtest.World{
			Machine:   machine(t, dir, true),
			LoggedOut: machine(t, dir, false),
			Driver:    func(m *destination.Machine) destination.Driver { return New(m) },
			Project:   project(destinationtest.Files{"fly.toml": "app = \"shop\"\n", "fly.staging.toml": "app = 'shop-staging'\n", "README.md": "fly"}),
			Unused:    project(destinationtest.Files{"README.md": "fly.toml", "vercel.json": "{}"}),
			Values: func() map[string]string {
				all := map[string]string{}
				destinationtest.Memory(t, dir, func(m *flytest.Memory) {
					for app, secrets := range m.Apps {
						for name, value := range secrets {
							all[app+"/"+name] = value
						}
					}
				})
				return all
			},
			Key:      func(p destination.Place) string { return p.ID },
			Requests: func() int { return destinationtest.Runs(t, dir) },
			Seen:     func() string { return destinationtest.Calls(t, dir) },
			Trouble: func(trouble destinationtest.Trouble) {
				destinationtest.Memory(t, dir, func(m *flytest.Memory) { m.Trouble = trouble })
			},
		}
	})
}

func TestLook(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		program string
		files   destinationtest.Files
		token   string
		want    []string // places, and problems by a word of theirs
	}{
		"flyctl alone":  {"flyctl", destinationtest.Files{"fly.toml": `app = "shop"`}, flytest.Token, []string{"shop/CLERK_SECRET_KEY"}},
		"no program":    {"", destinationtest.Files{"fly.toml": `app = "shop"`}, flytest.Token, []string{"isn't installed"}},
		"wrong token":   {"fly", destinationtest.Files{"fly.toml": `app = "shop"`}, "fo1_eve", []string{"fly auth login"}},
		"another's app": {"fly", destinationtest.Files{"fly.toml": `app = "shop"`, "fly.production.toml": `app = "theirs"`}, flytest.Token, []string{"can't see the Fly app theirs", "shop/CLERK_SECRET_KEY"}},
		"no app":        {"fly", destinationtest.Files{"apps/web/fly.toml": "[build]\n"}, flytest.Token, []string{"doesn't say which app"}},
		"a flag":        {"fly", destinationtest.Files{"fly.toml": `app = "--access-token"`}, flytest.Token, []string{"doesn't say which app"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if test.program != "" {
				dir = destinationtest.Install(t, test.program)
			}
			destinationtest.Memory(t, dir, func(m *flytest.Memory) {
				m.Apps = map[string]map[string]string{"shop": {"CLERK_SECRET_KEY": "x"}}
			})
			m := machine(t, dir, false)
			m.Environ = append(m.Environ, "FLY_API_TOKEN="+test.token)
			s := New(m).Look(t.Context(), project(test.files))
			var got []string
			for _, p := range s.Problems {
				got = append(got, p.What+": "+p.Next)
			}
			for _, p := range s.Places {
				got = append(got, p.ID)
			}
			if len(got) != len(test.want) || slices.ContainsFunc(test.want, func(w string) bool { return !strings.Contains(strings.Join(got, "\n"), w) }) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// What somebody else has staged goes live with the write: that is said before.
func TestStagedSecretsAreSaid(t *testing.T) {
	t.Parallel()
	dir := destinationtest.Install(t, "fly")
	destinationtest.Memory(t, dir, func(m *flytest.Memory) {
		m.Apps = map[string]map[string]string{"shop": {"CLERK_SECRET_KEY": "x", "OTHER": "y"}}
		m.Staged = []string{"OTHER"}
	})
	d := New(machine(t, dir, true))
	look := func() destination.Place {
		s := d.Look(t.Context(), project(destinationtest.Files{"fly.toml": `app = "shop"`}))
		if len(s.Places) != 1 {
			t.Fatalf("%+v", s)
		}
		return s.Places[0]
	}
	place := look()
	if !strings.Contains(place.Note, "fly secrets list --app shop") {
		t.Errorf("%q", place.Note)
	}
	if err := d.Write(t.Context(), place, detect.NewSecret("new")); err != nil {
		t.Fatal(err)
	}
	if note := look().Note; note != "" {
		t.Errorf("afterwards: %q", note)
	}
}

func TestScopesAreReadFromNames(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]destination.Scope{
		"fly.toml": "", "fly.prod.toml": destination.Production, "fly.production.toml": destination.Production, "fly.staging.toml": "", "fly.dev.toml": destination.Development,
	} {
		if got := scope(file); got != want {
			t.Errorf("%s: %q, want %q", file, got, want)
		}
	}
}

// The stand-in reads what the driver writes, by the program's rules: whatever is written is read again, or refused.
func TestValuesAreKeptExactlyOrRefused(t *testing.T) {
	t.Parallel()
	for value, refused := range map[string]bool{
		`a#b`: false, `a"#b`: false, `a""#"b#`: false, `"quoted"`: false, `'quoted'`: false, "\"\"\"triple\"\"\"": false, "\nstarts with a break": false, "ends\n": false,
		"one\n#two": false, "a\"#b\nc": true, "a\"\"\"\nb": true, "a\nb\"\"\"\nc": true, "a\r\nb": true, strings.Repeat("x", 1<<16): true,
	} {
		line, err := encode("NAME", value)
		if (err != nil) != refused {
			t.Errorf("%.20q: %v", value, err)
		}
		if err != nil {
			continue
		}
		got, err := flytest.Parse([]byte(line + "OTHER=x\n"))
		if err != nil || got["NAME"] != value || got["OTHER"] != "x" {
			t.Errorf("%q is read as %q, %v", value, got, err)
		}
	}
}

// Where Fly can't be reached it is asked once for all apps, since each question takes its time.
func TestFlyThatIsAwayIsAskedOnce(t *testing.T) {
	t.Parallel()
	dir := destinationtest.Install(t, "fly")
	destinationtest.Memory(t, dir, func(m *flytest.Memory) { m.Trouble = destinationtest.Down })
	m := machine(t, dir, true)
	m.Pause = time.Millisecond
	s := New(m).Look(t.Context(), project(destinationtest.Files{"a/fly.toml": `app = "a"`, "b/fly.toml": `app = "b"`, "c/fly.toml": `app = "c"`}))
	if n := strings.Count(destinationtest.Calls(t, dir), `"list"`); len(s.Problems) != 1 || n > 2 {
		t.Errorf("%d questions, %+v", n, s.Problems)
	}
}
