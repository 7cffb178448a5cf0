package app

import (
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
)

// pushedBy commits files to the default branch and pushes them as somebody.
func (w *world) pushedBy(by *githubtest.Account, files map[string]string) string {
	w.t.Helper()
	sha := w.commit(w.shop, githubtest.Change{Files: files, Author: by})
	if _, err := w.shop.Push(w.ctx, githubtest.Push{Ref: "refs/heads/main", SHA: sha, By: by}); err != nil {
		w.t.Fatal(err)
	}
	w.settle()
	return sha
}

func testWhoMayAllowAProductionKey(t *testing.T) {
	w := newShop(t)
	slack := newReceiver(t, 0)
	w.restart(func() {
		w.flags.NotifyFile = w.file("notify.yml", "- {name: operators, format: slack, url: '"+slack.URL+"'}")
		w.flags.PolicyFile = w.file("rekey.yml", "notify: [{to: operators, on: [revoked]}]")
	})
	kim := w.github.User("kim")
	w.shop.SetRole(kim, "write")
	first, second := w.key(400, detect.Live), w.key(401, detect.Live)
	allow := func(keys ...string) string {
		text := "notify: []\nallow:\n  fingerprints:\n"
		for _, key := range keys {
			text += "    - {fingerprint: " + detect.NewSecret(key).Fingerprint() + ", reason: 'a decoy'}\n"
		}
		return text
	}
	// In the same push as the key, by somebody who may write: it does not count.
	sha := w.pushedBy(kim, map[string]string{policyPath: allow(first), "a.env": env(first)})
	w.conclusion(sha, "failure")
	holds(t, "the check", w.shop.CheckRuns(sha)[0].Summary, "that doesn't count", "`kim` pushed the entry")
	w.filed(1)
	// A maintainer who changes the file does not answer for what kim wrote into it, but for what she adds.
	sha = w.pushedBy(w.ada, map[string]string{policyPath: allow(first, second), "b.env": env(first) + env(second)})
	w.conclusion(sha, "failure")
	w.filed(1)
	sha = w.pushedBy(kim, map[string]string{"c.env": "#\n" + env(second)})
	w.conclusion(sha, "neutral")
	holds(t, "the check", w.shop.CheckRuns(sha)[0].Summary, "a decoy")
	w.filed(1)
	// The server's own targets are notified, though the repository's policy wants nobody to.
	if messages, _ := slack.all(); len(messages) != 1 {
		t.Errorf("%d notices, want 1: %q", len(messages), messages)
	}
	// Taken out and put in again by kim, it is kim's.
	third := w.key(402, detect.Live)
	w.pushedBy(w.ada, map[string]string{policyPath: allow(third)})
	w.pushedBy(w.ada, map[string]string{policyPath: "verify: never\n"})
	sha = w.pushedBy(kim, map[string]string{policyPath: allow(third), "d.env": env(third)})
	w.conclusion(sha, "failure")
	w.filed(2)
}
