package heroku

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
	"github.com/rekey-app/rekey/app/rotate/destination/heroku/herokutest"
	"github.com/rekey-app/rekey/detect"
)

func TestMain(m *testing.M) {
	destinationtest.Main(m, map[string]destinationtest.Program{"heroku": func(p *destinationtest.Process) int {
		token, err := os.ReadFile(filepath.Join(os.Getenv("HOME"), "keychain"))
		if err != nil || strings.Join(p.Args, " ") != "auth:token" {
			fmt.Fprintln(p.Err, " ›   Error: not logged in")
			return 100
		}
		fmt.Fprintln(p.Err, " ›   Warning: token will expire tomorrow")
		fmt.Fprintln(p.Out, string(token))
		return 0
	}})
}

const staging = "https://git.heroku.com/shop-staging.git"

// clone makes a clone with git remotes.
func clone(t *testing.T, remotes ...string) string {
	t.Helper()
	dir := t.TempDir()
	config := "[core]\n\tbare = false\n"
	for i, url := range remotes {
		config += fmt.Sprintf("[remote \"r%d\"]\n\turl = %s\n", i, url)
	}
	write(t, filepath.Join(dir, ".git", "config"), config)
	write(t, filepath.Join(dir, ".git", "HEAD"), "ref: refs/heads/main\n")
	for _, sub := range []string{"objects", "refs"} {
		if err := os.MkdirAll(filepath.Join(dir, ".git", sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func project(dir string, files destinationtest.Files, judge func(string) destination.Holding) destination.Project {
	return destination.Project{Dir: dir, Files: files, Variables: []string{"CLERK_SECRET_KEY", "CLERK_API_KEY"}, Environment: detect.Live, Judge: judge}
}

func start(t *testing.T, value string) *herokutest.Host {
	t.Helper()
	h := herokutest.Start(map[string]map[string]string{
		"apps/shop":         {"CLERK_SECRET_KEY": value, "DATABASE_URL": "postgres://db"},
		"apps/shop-staging": {"CLERK_API_KEY": "sk_test_x", "PORT": "80"},
		"apps/alone":        {"CLERK_SECRET_KEY": value},
		"pipelines/" + herokutest.Pipeline + "/stage/review": {"CLERK_SECRET_KEY": "sk_test_y"},
		"pipelines/" + herokutest.Pipeline + "/stage/test":   {},
	}, map[string]string{"shop": "production", "shop-staging": "staging", "shop-pr-7": "review"})
	t.Cleanup(h.Close)
	return h
}

func TestDriver(t *testing.T) {
	t.Parallel()
	destinationtest.Run(t, func(t *testing.T, judge func(string) destination.Holding, compromised string) *destinationtest.World {
		t.Helper()
		h := start(t, compromised)
		machine := func(environ ...string) *destination.Machine {
			return &destination.Machine{Environ: append(environ, "HEROKU_HOST="+h.URL), Home: t.TempDir(), Now: time.Now}
		}
		return &destinationtest.World{
			Machine:   machine("HEROKU_API_KEY=" + herokutest.Token),
			LoggedOut: machine(),
			Driver:    func(m *destination.Machine) destination.Driver { return New(m) },
			Project:   project(clone(t, staging), destinationtest.Files{"Procfile": "web: node ."}, judge),
			Unused:    project(clone(t, "https://github.com/acme/shop.git"), destinationtest.Files{"Procfile": "web: node .", "app.json": `{"expo":{"name":"shop"}}`}, judge),
			Values:    h.Values,
			Key:       func(p destination.Place) string { return p.ID },
			Requests:  h.Requests,
			Seen:      func() string { return "" },
			Trouble:   func(trouble destinationtest.Trouble) { h.Trouble(string(trouble)) },
			Overwrite: func(p destination.Place, value string) { h.Set(p.ID, value) },
			Readable:  true,
		}
	})
}

// What the pipeline has beside the app of the remote is found, each for its stage.
func TestAPipelineIsFoundWhole(t *testing.T) {
	t.Parallel()
	h := start(t, "sk_live_x")
	m := &destination.Machine{Environ: []string{"HEROKU_API_KEY=" + herokutest.Token, "HEROKU_HOST=" + h.URL}, Now: time.Now}
	s := New(m).Look(t.Context(), project(clone(t, staging), nil, func(v string) destination.Holding { return destination.Holding(v) }))
	var got []string
	for _, p := range s.Places {
		got = append(got, fmt.Sprintf("%s %s %s %s", p.Title, p.Scope, p.Variable, p.Holding))
	}
	want := []string{
		"Heroku app shop-staging  CLERK_API_KEY sk_test_x",
		"Heroku app shop production CLERK_SECRET_KEY sk_live_x",
		"Heroku pipeline shop, review apps preview CLERK_SECRET_KEY sk_test_y",
	}
	if !slices.Equal(got, want) || len(s.Problems) > 0 || s.Account != "ada@example.com" {
		t.Errorf("%q, want %q; %+v", got, want, s)
	}
}

func TestWhichApps(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		remotes []string
		files   destinationtest.Files
		apps    []string
		because string
	}{
		"none":          {[]string{"https://github.com/acme/shop"}, destinationtest.Files{"Procfile": "web: x"}, nil, ""},
		"ssh":           {[]string{"git@heroku.com:shop.git"}, nil, []string{"shop"}, "the git remote r0"},
		"several":       {[]string{"https://heroku:x@git.heroku.com/shop.git", staging}, nil, []string{"shop", "shop-staging"}, "the git remote r0"},
		"another host":  {[]string{"https://git.heroku.com.evil.example/shop.git"}, nil, nil, ""},
		"workflow":      {nil, destinationtest.Files{".github/workflows/d.yml": "with:\n  heroku_app_name: \"shop\"\n"}, []string{"shop"}, ".github/workflows/d.yml"},
		"script":        {nil, destinationtest.Files{"package.json": `{"scripts":{"logs":"heroku logs --tail --app shop"}}`}, []string{"shop"}, "package.json"},
		"manifest only": {nil, destinationtest.Files{"app.json": `{"name":"shop","buildpacks":[]}`}, nil, "app.json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			apps, because := named(project(clone(t, test.remotes...), test.files, nil))
			if !slices.Equal(apps, test.apps) || because != test.because {
				t.Errorf("%q by %q, want %q by %q", apps, because, test.apps, test.because)
			}
		})
	}
}

func TestLogins(t *testing.T) {
	t.Parallel()
	const netrc = "machine git.heroku.com\n  login a\n  password other-one\nmachine api.heroku.com\n  login a\n  password " + herokutest.Token + "\n"
	for name, test := range map[string]struct {
		files     map[string]string // in the home directory
		installed bool
		environ   string
		want      string
	}{
		"environment":        {nil, true, "HEROKU_API_KEY=" + herokutest.Token, herokutest.Token},
		"program's keychain": {map[string]string{"keychain": herokutest.Token, ".netrc": "machine api.heroku.com password stale-token"}, true, "", herokutest.Token},
		"netrc":              {map[string]string{".netrc": netrc}, false, "", herokutest.Token},
		"logged out":         {map[string]string{".netrc": netrc}, true, "", ""},
		"nothing":            {nil, false, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home, dir := t.TempDir(), t.TempDir()
			for file, text := range test.files {
				write(t, filepath.Join(home, file), text)
			}
			if test.installed {
				dir = destinationtest.Install(t, "heroku")
			}
			d := New(&destination.Machine{Environ: []string{"PATH=" + dir, "HOME=" + home, test.environ}, Home: home})
			if got, err := d.token(t.Context()); got != test.want || (err == nil) != (test.want != "") {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// Somebody else's app is told, with the account; the others are still found.
func TestAnotherAccountsApp(t *testing.T) {
	t.Parallel()
	h := start(t, "sk_live_x")
	m := &destination.Machine{Environ: []string{"HEROKU_API_KEY=" + herokutest.Token, "HEROKU_HOST=" + h.URL}, Now: time.Now}
	dir := clone(t, "https://git.heroku.com/theirs.git", "https://git.heroku.com/alone.git")
	s := New(m).Look(t.Context(), project(dir, nil, func(string) destination.Holding { return destination.Compromised }))
	if len(s.Problems) != 1 || !strings.Contains(s.Problems[0].What, "theirs") || !strings.Contains(s.Problems[0].Next, "heroku auth:whoami") || len(s.Places) != 1 {
		t.Errorf("%+v", s)
	}
}
