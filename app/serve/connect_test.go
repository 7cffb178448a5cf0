package serve

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
)

// TestTheRegistrationIsWatched: what the App lacks is logged once, with the link where it is added, and told to whoever asks, until
// it has it.
func TestTheRegistrationIsWatched(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	gh, err := githubtest.New(githubtest.Options{PrivateKey: key})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { gh.Close() })
	app, err := github.New(github.Config{AppID: gh.AppID(), PrivateKey: key, WebURL: gh.URL()})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	c := newConnection(app, gh.URL(), slog.New(slog.NewTextHandler(&log, nil)))
	ask := func() {
		t.Helper()
		if err := c.try(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	all := github.Wanted()
	ask()
	if c.missing() != "" || strings.Contains(log.String(), "lacks") {
		t.Errorf("nothing is missing: %q %s", c.missing(), log.String())
	}
	gh.SetPermissions(map[string]string{"metadata": "read", "contents": "read"}, all.Events)
	for range 3 {
		ask()
	}
	if got := strings.Count(log.String(), "lacks permissions or events"); got != 1 {
		t.Errorf("logged %d times: %s", got, log.String())
	}
	for _, want := range []string{"checks: write", "issues: write", "/settings/apps/rekey/permissions"} {
		if !strings.Contains(c.missing(), want) || !strings.Contains(log.String(), want) {
			t.Errorf("%q is not told: %q", want, c.missing())
		}
	}
	gh.SetPermissions(all.Permissions, []string{"push"})
	ask()
	if !strings.Contains(c.missing(), "issue_comment event") || strings.Contains(c.missing(), "checks") || strings.Count(log.String(), "lacks permissions or events") != 2 {
		t.Errorf("what is missing has changed: %q", c.missing())
	}
	gh.SetPermissions(all.Permissions, all.Events)
	ask()
	if c.missing() != "" || !strings.Contains(log.String(), "has all permissions and events now") || strings.Count(log.String(), "connected to GitHub") != 1 {
		t.Errorf("all is there again: %q %s", c.missing(), log.String())
	}

	gh.SetPermissions(nil, all.Events)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.watch(ctx, time.Millisecond)
	}()
	for deadline := time.Now().Add(20 * time.Second); c.missing() == "" && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
	}
	stop()
	<-done
	if c.missing() == "" {
		t.Error("nobody asks again")
	}
}
