package app

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
)

const deployment = `jobs:
  deploy:
    steps:
      - run: npm run deploy
        env:
          CLERK_SECRET_KEY: ${{ secrets.CLERK_SECRET_KEY }}
`

// secretsListed counts the requests for lists of secrets.
func (w *world) secretsListed() (n int) {
	for _, r := range w.github.Requests() {
		if strings.HasSuffix(r.Path, "/actions/secrets") || strings.HasSuffix(r.Path, "-secrets") {
			n++
		}
	}
	return n
}

// testSecretsTicked: the step that sets a secret of GitHub Actions says when it was last set, and is ticked once that was after the leak was found.
func testSecretsTicked(t *testing.T) {
	var later atomic.Int64
	options := guarded(t)
	options.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	w := newWorld(t, options)
	set := func(at time.Duration) {
		t.Helper()
		later.Store(int64(at))
		defer later.Store(0)
		if err := w.shop.SetSecret("CLERK_SECRET_KEY"); err != nil {
			t.Fatal(err)
		}
	}
	set(-24 * time.Hour)
	key, _ := w.secret(985, detect.Live)
	w.pushed(map[string]string{".github/workflows/deploy.yml": deployment, ".env": env(key)})
	issue := w.issues(1)[0].Number
	holds(t, "the issue", w.issue(issue).Body, "- [ ] Secret `CLERK_SECRET_KEY`: last updated on ", ", not since the leak was found")
	set(time.Hour)
	w.say(issue, "/rekey status", w.ada)
	holds(t, "the issue after the secret was updated", w.issue(issue).Body, "- [x] Secret `CLERK_SECRET_KEY`: updated on ")
	before := w.secretsListed()
	w.say(issue, "/rekey status", w.ada)
	if n := w.secretsListed() - before; n != 1 {
		t.Errorf("%d requests for one secret", n)
	}
}

// testSecretsUnseen: without the permission the step is as it was, and nothing is logged as an error.
func testSecretsUnseen(t *testing.T) {
	w := newWorld(t, githubtest.Options{})
	key, _ := w.secret(986, detect.Live)
	w.pushed(map[string]string{".github/workflows/deploy.yml": deployment, ".env": env(key)})
	body := w.issues(1)[0].Body
	holds(t, "the issue", body, "gh secret set CLERK_SECRET_KEY")
	if strings.Contains(body, "Secret `CLERK") || strings.Contains(w.logs.String(), `"level":"ERROR"`) {
		t.Errorf("the issue says\n%s", body)
	}
}
