package app

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
)

// lost pushes while nobody listens, and returns the delivery that GitHub could not make.
func (w *world) lost(ref, sha string) githubtest.Delivery {
	w.t.Helper()
	w.github.SetWebhookURL("http://127.0.0.1:1/nobody-listens")
	defer w.github.SetWebhookURL(w.url("/webhook"))
	sent, err := w.shop.Push(w.ctx, githubtest.Push{Ref: ref, SHA: sha, By: w.ada})
	if err != nil {
		w.t.Fatal(err)
	}
	return sent[0]
}

// redeliver makes a delivery again, as GitHub does when it is asked to.
func (w *world) redeliver(d githubtest.Delivery) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.url("/webhook"), bytes.NewReader(d.Payload))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header = d.Header.Clone()
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted {
		w.t.Fatalf("redelivery was answered %d", answer.StatusCode)
	}
}

// TestALostDeliveryHidesNothing loses the delivery of a push that leaks: the next push reads what it brought, and the
// redelivered one turns its own check red.
func TestALostDeliveryHidesNothing(t *testing.T) {
	t.Parallel()
	for name, ref := range map[string]string{"a branch that moved": "refs/heads/main", "a new branch": "refs/heads/feature"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, githubtest.Options{})
			base := w.pushed(map[string]string{"README.md": "# Shop\n"})
			w.check(w.shop, base)
			leaking := w.commit(w.shop, githubtest.Change{Parents: []string{base}, Files: map[string]string{".env": env(w.key(40, detect.Live))}})
			d := w.lost(ref, leaking)
			next := w.commit(w.shop, githubtest.Change{Parents: []string{leaking}, Files: map[string]string{"x": "y"}})
			w.push(w.shop, ref, next)
			if run := w.check(w.shop, next); run.Conclusion != "failure" {
				t.Errorf("the next push: %s", run.Conclusion)
			}
			w.issues(1)
			w.redeliver(d)
			if run := w.check(w.shop, leaking); run.Conclusion != "failure" {
				t.Errorf("the redelivered push: %s", run.Conclusion)
			}
			w.issues(1)
		})
	}
}

// TestAGivenUpScanHidesNothing gives the scan of a leaking push up: its check says so, and the next push reads what it
// brought.
func TestAGivenUpScanHidesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.check(w.shop, w.pushed(map[string]string{"README.md": "# Shop\n"}))
	w.github.Inject(githubtest.Times(1, githubtest.Is(githubtest.Git, http.MethodPost),
		githubtest.Answer(http.StatusForbidden, "Resource not accessible by integration")))
	leaking := w.pushed(map[string]string{".env": env(w.key(41, detect.Live))})
	if run := w.check(w.shop, leaking); run.Conclusion != "failure" || len(run.Annotations) != 0 {
		t.Errorf("the scan that was given up: %s with %d annotations", run.Conclusion, len(run.Annotations))
	}
	if run := w.check(w.shop, w.pushed(map[string]string{"x": "y"})); run.Conclusion != "failure" {
		t.Errorf("the next push: %s", run.Conclusion)
	}
	w.issues(1)
}

// TestATransferredRepositoryKeepsItsLeaks moves a repository to another installation, whose events come in any order.
func TestATransferredRepositoryKeepsItsLeaks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	leaking := w.pushed(map[string]string{".env": env(w.key(42, detect.Live))})
	w.check(w.shop, leaking)
	w.issues(1)
	globex := w.github.Organization("globex")
	w.github.Install(w.ctx, globex, w.ada)
	w.shop.Transfer(w.ctx, w.ada, globex)
	w.settle()
	w.app.Remove(w.ctx, w.ada, w.shop)
	w.settle()
	again := w.commit(w.shop, githubtest.Change{Files: map[string]string{"copy/.env": "A=1\n" + env(w.keys[0])}})
	w.push(w.shop, "refs/heads/main", again)
	if run := w.check(w.shop, again); run.Conclusion != "failure" {
		t.Errorf("after the transfer: %s", run.Conclusion)
	}
	w.issues(1)
}

// TestAPushBeforeATransfer works a push off after its repository has moved to another installation, of which the events come later: the
// one that the push names does not reach the repository any more. A server that was down has no token of it either.
func TestAPushBeforeATransfer(t *testing.T) {
	t.Parallel()
	for name, down := range map[string]bool{"the server was up": false, "the server was down": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, githubtest.Options{})
			w.check(w.shop, w.pushed(map[string]string{"README.md": "The shop."}))
			globex := w.github.Organization("globex")
			w.github.Install(w.ctx, globex, w.ada)
			w.settle()
			if down {
				w.stop()
			}
			w.github.SetWebhookURL(nobody)
			leaking := w.commit(w.shop, githubtest.Change{Files: map[string]string{".env": env(w.key(45, detect.Live))}})
			pushed, err := w.shop.Push(w.ctx, githubtest.Push{Ref: "refs/heads/main", SHA: leaking, By: w.ada})
			if err != nil {
				t.Fatal(err)
			}
			transferred := w.shop.Transfer(w.ctx, w.ada, globex)
			if down {
				w.start()
			} else {
				w.github.SetWebhookURL(w.url("/webhook"))
				w.redeliver(pushed[0])
				w.redeliver(transferred)
			}
			if run := w.check(w.shop, leaking); run.Conclusion != "failure" || len(run.Annotations) != 1 {
				t.Errorf("%s: %s, %d annotations", run.Conclusion, run.Title, len(run.Annotations))
			}
			w.issues(1)
		})
	}
}

// TestAMergeAfterALostDelivery merges a branch that leaks after the delivery of a push was lost: the merge's check shows what it brought,
// as it does where none was lost.
func TestAMergeAfterALostDelivery(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]bool{"lost": true, "delivered": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, githubtest.Options{})
			base := w.pushed(map[string]string{"README.md": "The shop."})
			w.check(w.shop, base)
			leaking := w.commit(w.shop, githubtest.Change{Parents: []string{base}, Files: map[string]string{".env": env(w.key(46, detect.Live))}})
			w.push(w.shop, "refs/heads/feature", leaking)
			w.check(w.shop, leaking)
			w.settle()
			next := w.commit(w.shop, githubtest.Change{Parents: []string{base}, Files: map[string]string{"next.txt": "Nothing."}})
			if lost {
				w.lost("refs/heads/main", next)
			} else {
				w.push(w.shop, "refs/heads/main", next)
				w.check(w.shop, next)
			}
			merge := w.commit(w.shop, githubtest.Change{Parents: []string{next, leaking}, Files: map[string]string{"merged.txt": "Both."}})
			w.push(w.shop, "refs/heads/main", merge)
			if run := w.check(w.shop, merge); run.Conclusion != "failure" {
				t.Errorf("%s: %s", run.Conclusion, run.Title)
			}
		})
	}
}

// TestNoTextCarriesAKey puts keys where people put them by mistake, and where nobody looks for them.
func TestNoTextCarriesAKey(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]func(key, other string) map[string]string{
		"a variable's name": func(key, other string) map[string]string {
			return map[string]string{"a.env": key + "=" + other + "\n", "b.json": `{"` + key + `": "` + other + `"}`}
		},
		"paths that the instructions name": func(key, _ string) map[string]string {
			return map[string]string{
				"package.json": `{"dependencies":{"@clerk/nextjs":"1"}}`, "x-" + key + "/fly.toml": "app = '" + key + "'\n[env]\nCLERK_SECRET_KEY='x'\n",
				".github/workflows/" + key + ".yml": "jobs:\n  a:\n    env:\n      CLERK_SECRET_KEY: ${{ secrets.CLERK_SECRET_KEY }}\n", ".env": env(key),
			}
		},
		"a policy's setting": func(key, _ string) map[string]string {
			return map[string]string{".github/rekey.yml": "allow:\n  fingerprints:\n    - " + key + ": because\n", ".env": env(key)}
		},
		"a policy's anchor": func(key, _ string) map[string]string {
			return map[string]string{".github/rekey.yml": "allow:\n  fingerprints: *" + key + "\n", ".env": env(key)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, githubtest.Options{})
			sha := w.commit(w.shop, githubtest.Change{Files: files(w.key(43, detect.Live), w.key(44, detect.Live))})
			w.push(w.shop, "refs/heads/main", sha)
			w.push(w.shop, "refs/heads/f-"+w.keys[0], sha)
			if run := w.check(w.shop, sha); run.Conclusion != "failure" {
				t.Errorf("check run: %s", run.Conclusion)
			}
			w.settle()
			w.holdsNoKey()
		})
	}
}
