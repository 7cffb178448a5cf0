package rotate

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/respond/clerk/clerktest"
)

// TestStoppedAnywhere stops a rotation at each of its moments, and goes on with the same command: in the end everything has been done, and what must
// be done once was done once.
func TestStoppedAnywhere(t *testing.T) {
	t.Parallel()
	for _, way := range []Way{Guided, ByAPI} {
		t.Run(string(way), func(t *testing.T) {
			t.Parallel()
			stopped := 0
			for at := 1; at < 60; at++ {
				w := newWorld(t)
				key := w.newKey(2)
				w.person.pastes = []detect.Secret{key}
				if way == ByAPI {
					w.clerk.Delete(key)
					token := detect.NewSecret(detecttest.PlatformAPIKey(3))
					w.clerk.AddLogin(token, clerktest.Login{})
					w.login = token.Reveal()
				}
				with := func(o *Options) {
					o.Subject, o.Way = issueLinked, way
					if way == ByAPI {
						o.Abused = true
					}
				}
				ctx, cancel := context.WithCancel(t.Context())
				w.moments.stopAt, w.moments.stop = at, cancel
				out, err := w.run(ctx, with)
				cancel()
				if err == nil {
					if !out.Report.Finished {
						t.Errorf("not finished: %+v", out.Report.Left)
					}
					break
				}
				stopped++
				w.moments.stop = nil
				if way == ByAPI {
					key = detect.Secret{}
				}
				if out, err = w.run(t.Context(), with); err != nil || !out.Report.Finished {
					t.Errorf("stopped at %d, then: %v, %+v\n%s", at, err, out.Report.Left, w.person.said.String())
					continue
				}
				w.check(fmt.Sprintf("stopped at %d", at), way, key)
			}
			if stopped < 8 {
				t.Errorf("only %d moments", stopped)
			}
		})
	}
}

func (w *world) check(when string, way Way, key detect.Secret) {
	w.t.Helper()
	now := detect.NewSecret(w.hosts[1].places["prod"])
	if way == Guided && now.Reveal() != key.Reveal() {
		w.t.Errorf("%s: another key was written", when)
	}
	w.all(now)
	if !w.clerk.Works(now) || w.clerk.Works(w.old) || w.hosts[1].live != now.Reveal() {
		w.t.Errorf("%s: the new key works: %t, the old one: %t", when, w.clerk.Works(now), w.clerk.Works(w.old))
	}
	if n := w.rotations(); way == ByAPI && n != 1 {
		w.t.Errorf("%s: %d rotations", when, n)
	}
	if !w.issue.closed || !slices.Contains(w.issue.comments, "/rekey rotated") {
		w.t.Errorf("%s: comments %q", when, w.issue.comments)
	}
	w.noKeyIn("the state", w.files(), now)
	w.noKeyIn("what was said", w.person.said.String(), now)
}
