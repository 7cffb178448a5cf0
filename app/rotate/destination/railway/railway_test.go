package railway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest"
	"github.com/rekey-app/rekey/app/rotate/destination/railway/railwaytest"
	"github.com/rekey-app/rekey/detect"
)

var now = time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	destinationtest.Main(m, map[string]destinationtest.Program{"railway": func(p *destinationtest.Process) int {
		if strings.Join(p.Args, " ") != "whoami" {
			return 2
		}
		if err := keep(os.Getenv("HOME"), nil, railwaytest.Token, now.Add(time.Hour)); err != nil { // renewed
			fmt.Fprintln(p.Err, err)
			return 1
		}
		return 0
	}})
}

// keep writes the program's file: the folders that are linked to the project, and the login.
func keep(home string, linked []string, token string, until time.Time) error {
	projects := map[string]any{}
	for _, dir := range linked {
		projects[dir] = map[string]any{"projectPath": dir, "project": railwaytest.Project, "environment": railwaytest.Production, "service": railwaytest.Web}
	}
	text, err := json.Marshal(map[string]any{"projects": projects, "user": map[string]any{"accessToken": token, "tokenExpiresAt": until.Unix()}})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(home, ".railway"), 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(home, ".railway", "config.json"), text, 0o600)
}

// redirect sends what goes to Railway to the stand-in.
type redirect struct{ to string }

func (r redirect) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host != "backboard.railway.com" {
		return nil, fmt.Errorf("a request to %s", req.URL.Host)
	}
	to, err := url.Parse(r.to)
	if err != nil {
		return nil, err
	}
	out := req.Clone(req.Context())
	out.URL.Scheme, out.URL.Host = to.Scheme, to.Host
	return http.DefaultTransport.RoundTrip(out)
}

func start(t *testing.T, value string) *railwaytest.Host {
	t.Helper()
	at := now.Add(-time.Hour)
	h := railwaytest.Start(func() time.Time { return now }, map[string]railwaytest.Variable{
		"e-production/s-web/CLERK_SECRET_KEY":    {Value: value, Updated: at},
		"e-production/s-web/DATABASE_URL":        {Value: "${{Postgres.DATABASE_URL}}", Updated: at},
		"e-production/s-worker/CLERK_SECRET_KEY": {Value: "${{shared.CLERK_SECRET_KEY}}", Updated: at},
		"e-production//CLERK_SECRET_KEY":         {Value: "sk_test_shared", Updated: at},
		"e-production//PORT":                     {Value: "80", Updated: at},
		"e-pr-7/s-web/CLERK_SECRET_KEY":          {Value: "sk_test_sealed", Sealed: true, Updated: at},
	})
	t.Cleanup(h.Close)
	return h
}

func machine(h *railwaytest.Host, home string, environ ...string) *destination.Machine {
	return &destination.Machine{Environ: append(environ, "HOME="+home), Home: home, Transport: redirect{h.URL}, Now: func() time.Time { return now }}
}

func clone(dir string, files destinationtest.Files, judge func(string) destination.Holding) destination.Project {
	return destination.Project{Dir: dir, Files: files, Variables: []string{"CLERK_SECRET_KEY"}, Environment: detect.Live, Judge: judge}
}

func TestDriver(t *testing.T) {
	t.Parallel()
	destinationtest.Run(t, func(t *testing.T, judge func(string) destination.Holding, compromised string) *destinationtest.World {
		t.Helper()
		h, home, dir := start(t, compromised), t.TempDir(), t.TempDir()
		if err := keep(home, []string{dir}, railwaytest.Token, now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		return &destinationtest.World{
			Machine:   machine(h, home),
			LoggedOut: machine(h, t.TempDir()),
			Driver:    func(m *destination.Machine) destination.Driver { return New(m) },
			Project:   clone(dir, destinationtest.Files{"railway.toml": ""}, judge),
			Unused:    clone(t.TempDir(), destinationtest.Files{"README.md": "railway.json"}, judge),
			Values:    h.Values,
			Key:       func(p destination.Place) string { return strings.TrimPrefix(p.ID, railwaytest.Project+"/") },
			Requests:  h.Requests,
			Seen: func() string {
				if h.Started() > 0 {
					t.Error("a write deployed by itself")
				}
				return ""
			},
			Trouble: func(trouble destinationtest.Trouble) { h.Trouble(string(trouble)) },
			Finish:  h.Finish,
			Overwrite: func(p destination.Place, value string) {
				h.Set(strings.TrimPrefix(p.ID, railwaytest.Project+"/"), value)
			},
			Readable: true,
		}
	})
}

func TestEverythingOfAProjectIsFound(t *testing.T) {
	t.Parallel()
	h, home, dir := start(t, "sk_live_x"), t.TempDir(), t.TempDir()
	if err := keep(home, []string{filepath.Join(dir, "apps", "web")}, railwaytest.Token, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	judge := func(v string) destination.Holding { return destination.Holding(v) }
	for name, test := range map[string]struct {
		environ string
		account string
		want    []string
	}{
		"a person": {"", "ada@example.com", []string{
			"Railway service web of project shop (production): sk_live_x, production, by redeploy",
			"Railway service worker of project shop (production): other, production, by redeploy",
			"Shared variables of Railway project shop (production): sk_test_shared, production, by hand",
			"Railway service web of project shop (shop-pr-7): unreadable, preview, by redeploy",
		}},
		"a project's token": {"RAILWAY_TOKEN=" + railwaytest.ProjectToken, "a token of project shop (production)", []string{
			"Railway service web of project shop (production): sk_live_x, production, by redeploy",
			"Railway service worker of project shop (production): other, production, by redeploy",
			"Shared variables of Railway project shop (production): sk_test_shared, production, by hand",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(machine(h, home, test.environ)).Look(t.Context(), clone(dir, nil, judge))
			var got []string
			for _, p := range s.Places {
				got = append(got, fmt.Sprintf("%s: %s, %s, %s", p.Title, p.Holding, p.Scope, p.Unit.Takes))
			}
			slices.Sort(got)
			slices.Sort(test.want)
			if !slices.Equal(got, test.want) || s.Account != test.account || len(s.Problems) > 0 {
				t.Errorf("%q\nwant %q\n%+v", got, test.want, s)
			}
		})
	}
}

// The program alone may renew a login: a second holder of what it renews it with would have the login revoked.
func TestALoginThatRanOutIsRenewedByTheProgram(t *testing.T) {
	t.Parallel()
	for name, installed := range map[string]bool{"installed": true, "not installed": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, home, path := start(t, "x"), t.TempDir(), t.TempDir()
			if installed {
				path = destinationtest.Install(t, "railway")
			}
			if err := keep(home, nil, "old", now); err != nil {
				t.Fatal(err)
			}
			d := New(machine(h, home, "PATH="+path, "RAILWAY_PROJECT_ID="+railwaytest.Project))
			s := d.Look(t.Context(), clone(t.TempDir(), destinationtest.Files{"railway.json": "{}"}, func(string) destination.Holding { return destination.Other }))
			if installed != (len(s.Places) == 4) || installed != (len(s.Problems) == 0) {
				t.Errorf("%+v", s)
			}
			if !installed && !strings.Contains(s.Problems[0].Next, "railway login") {
				t.Errorf("%+v", s.Problems)
			}
		})
	}
}

func TestWhatCannotBeDone(t *testing.T) {
	t.Parallel()
	h, home := start(t, "x"), t.TempDir()
	if err := keep(home, nil, railwaytest.Token, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	d := New(machine(h, home))
	if err := d.Write(t.Context(), destination.Place{ID: "p-shop/e-production/s-web/CLERK_SECRET_KEY"}, detect.NewSecret("a ${{shared.B}}")); err == nil {
		t.Error("a reference was written")
	}
	unit := destination.Unit{ID: "p-shop/e-production/s-worker", Title: "worker"}
	if _, err := d.Redeploy(t.Context(), unit); err == nil || !strings.Contains(err.Error(), "no deployment of worker is live") {
		t.Errorf("a service that was never deployed: %v", err)
	}
	s := d.Look(t.Context(), clone(t.TempDir(), destinationtest.Files{"railway.json": "{}"}, nil))
	if len(s.Problems) != 1 || !strings.Contains(s.Problems[0].Next, "railway link") {
		t.Errorf("without a link: %+v", s)
	}
	sealed := destination.Place{ID: "p-shop/e-pr-7/s-web/CLERK_SECRET_KEY"}
	if proof, err := d.Check(t.Context(), sealed, detect.NewSecret("y"), now); proof != destination.Unproven || err != nil {
		t.Errorf("a sealed variable before it is written: %q, %v", proof, err)
	}
	if err := d.Write(t.Context(), sealed, detect.NewSecret("y")); err != nil {
		t.Fatal(err)
	}
	if proof, err := d.Check(t.Context(), sealed, detect.NewSecret("y"), now); proof != destination.Touched || err != nil {
		t.Errorf("a sealed variable: %q, %v", proof, err)
	}
}

// What failed, or was skipped, is of a commit that has never run: it is not made again.
func TestWhatRunsIsMadeAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		newer []string
		want  string // the id, or a part of the error
	}{
		"the newest":        {nil, "d-0"},
		"a newer one":       {[]string{"SUCCESS"}, "d-1"},
		"one that crashed":  {[]string{"CRASHED"}, "d-1"},
		"a failed build":    {[]string{"FAILED", "SKIPPED", "REMOVED"}, "d-0"},
		"one is under way":  {[]string{"FAILED", "BUILDING"}, "is under way"},
		"one waits for yes": {[]string{"NEEDS_APPROVAL"}, "is under way"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, home := start(t, "x"), t.TempDir()
			if err := keep(home, nil, railwaytest.Token, now.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			for _, status := range test.newer {
				h.Deployed(status)
			}
			_, err := New(machine(h, home)).Redeploy(t.Context(), destination.Unit{ID: "p-shop/e-production/s-web", Title: "Railway service web"})
			got := strings.Join(h.Remade(), " ")
			if err != nil {
				got += err.Error()
			}
			if !strings.Contains(got, test.want) || err != nil && len(h.Remade()) > 0 {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// A token of one project sees nothing of another that the clone is linked to: that is told.
func TestATokenOfAnotherProject(t *testing.T) {
	t.Parallel()
	h, home, dir := start(t, "x"), t.TempDir(), t.TempDir()
	if err := os.MkdirAll(filepath.Join(home, ".railway"), 0o700); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"projects": map[string]any{dir: map[string]string{"project": "p-other"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, ".railway", "config.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	s := New(machine(h, home, "RAILWAY_TOKEN="+railwaytest.ProjectToken)).Look(t.Context(), clone(dir, nil, func(string) destination.Holding { return destination.Other }))
	if len(s.Problems) != 1 || !strings.Contains(s.Problems[0].What, "RAILWAY_TOKEN is a token of project shop (production), and the clone is linked to another project too") {
		t.Errorf("%+v", s.Problems)
	}
}
