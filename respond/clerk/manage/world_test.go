package manage_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/respond/clerk/clerktest"
	"github.com/rekey-app/rekey/respond/clerk/clerktest/openapi"
	"github.com/rekey-app/rekey/respond/clerk/manage"
)

// TestMain is the clerk command where it is run as such: it notes how, and does what the command does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "api" {
		syscall.Exit(asCommand()) // os.Exit sleeps a second with -race
	}
	goleak.VerifyTestMain(m)
}

func asCommand() int {
	here, err := os.ReadDir(".")
	note := fmt.Sprintln(os.Args[1:], len(here), err, strings.Join(os.Environ(), "\n"))
	if err := os.WriteFile(filepath.Join(os.Getenv("CLERK_CONFIG_DIR"), "seen"), []byte(note), 0o600); err != nil {
		return 3
	}
	return clerktest.Command(os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
}

const (
	app        = "app_teashop"
	production = "ins_production"
	developing = "ins_development"
	stranger   = "app_stranger"
	host       = "clerk.teashop.example"
)

// world is a workspace with one application of two instances, of which production has two keys.
type world struct {
	*clerktest.Server

	clock          *clock
	token          detect.Secret
	leaked, second detect.Secret // of production
	test           detect.Secret // of development
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := unwatched(t)
	w.Wrap(openapi.Watch(t))
	return w
}

// unwatched is a world whose answers may be broken on purpose.
func unwatched(t *testing.T) *world {
	t.Helper()
	w := &world{
		clock:  &clock{now: time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)},
		token:  detect.NewSecret(detecttest.PlatformAPIKey(1)),
		leaked: detect.NewSecret(detecttest.Key(1, detect.Live)),
		second: detect.NewSecret(detecttest.Key(2, detect.Live)),
		test:   detect.NewSecret(detecttest.Key(3, detect.Test)),
	}
	w.Server = clerktest.New(w.clock.Now)
	t.Cleanup(w.Close)
	w.AddLogin(w.token, clerktest.Login{Workspace: "org_tea"})
	w.AddApplication(clerktest.Application{ID: stranger, Name: "Not ours", Workspace: "org_other"})
	w.AddApplication(clerktest.Application{ID: app, Name: "Tea shop", Workspace: "org_tea", Instances: []clerktest.Instance{
		{ID: developing, Environment: detect.Test}, {ID: production, Environment: detect.Live, Host: host},
	}})
	w.Add(w.leaked, production, detect.Live)
	w.Add(w.second, production, detect.Live)
	w.Add(w.test, developing, detect.Test)
	return w
}

// platform is the Platform API with a token.
func (w *world) platform(t *testing.T, token detect.Secret) *manage.Platform {
	t.Helper()
	p, err := manage.NewPlatform(manage.Options{URL: w.URL, Credential: token, Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// byCommand is the Platform API through the clerk command, which is logged in with the token; with none it has no login. What the command saw
// is in the file.
func (w *world) byCommand(t *testing.T, token detect.Secret) (p *manage.Platform, seen string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if token != (detect.Secret{}) {
		if err := clerktest.WriteLogin(dir, token); err != nil {
			t.Fatal(err)
		}
	}
	environ := append(os.Environ(), "CLERK_CONFIG_DIR="+dir, "CLERK_PLATFORM_API_URL="+w.URL,
		"CLERK_PLATFORM_API_KEY=of-another-workspace", "CLERK_SECRET_KEY=not-for-children")
	p, err = manage.NewPlatformByCommand(manage.CommandOptions{Path: self, Environ: environ, Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return p, filepath.Join(dir, "seen")
}

// ways are both ways to the Platform API.
func (w *world) ways(t *testing.T, token detect.Secret) map[string]*manage.Platform {
	t.Helper()
	command, _ := w.byCommand(t, token)
	return map[string]*manage.Platform{"http": w.platform(t, token), "command": command}
}

func (w *world) backend(t *testing.T, key detect.Secret) *manage.Backend {
	t.Helper()
	b, err := manage.NewBackend(manage.Options{URL: w.URL, Credential: key, Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// posts counts the requests that change something.
func (w *world) posts() int {
	n := 0
	for _, r := range w.Requests() {
		if strings.HasPrefix(r, "POST ") {
			n++
		}
	}
	return n
}

// holdsNone fails the test if any way of printing the error shows the body of a credential.
func holdsNone(t *testing.T, err error, credentials ...detect.Secret) {
	t.Helper()
	shown := fmt.Sprintf("%v %+v %#v %q", err, err, err, err)
	for _, c := range credentials {
		value := c.Reveal()
		if body := value[strings.LastIndex(value, "_")+1:]; strings.Contains(shown, body) {
			t.Errorf("a credential is in the error: %s", strings.ReplaceAll(shown, body, "[credential]"))
		}
	}
}
