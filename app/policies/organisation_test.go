package policies

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// forgetKept forgets the last valid policy of the organisation.
func (b *bench) forgetKept() {
	b.t.Helper()
	err := b.store.Update(b.t.Context(), func(ctx context.Context, tx *ledger.Tx) error { return tx.DropPolicy(ctx, b.installation) })
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) kept() (p ledger.KeptPolicy) {
	b.t.Helper()
	err := b.store.View(b.t.Context(), func(ctx context.Context, tx *ledger.Tx) (err error) {
		p, _, err = tx.KeptPolicy(ctx, b.installation)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

// withoutFile points a repository's default branch to a commit without a policy.
func (b *bench) withoutFile(repository string) {
	b.t.Helper()
	if err := b.repositories[repository].SetRef("refs/heads/main", b.bare(repository)); err != nil {
		b.t.Fatal(err)
	}
}

// TestTheLastValidOrganisationPolicyApplies: what an organisation's file says holds until it says something else, or is deleted. Neither a
// mistake nor the App's loss of access sets its repositories free.
func TestTheLastValidOrganisationPolicyApplies(t *testing.T) {
	t.Parallel()
	const valid = "lock: [fail_on]\nfail_on: high"
	for name, c := range map[string]struct {
		then    func(b *bench)
		problem string // "": the file as it is applies
		failOn  respond.FailOn
	}{
		"it stays":                    {then: func(*bench) {}, failOn: "high"},
		"a mistake":                   {then: func(b *bench) { b.file(".github", "fail_on: [") }, problem: "an error", failOn: "high"},
		"too large":                   {then: func(b *bench) { b.file(".github", "# "+strings.Repeat("x", 1<<20)) }, problem: "too large", failOn: "high"},
		"larger than a policy may be": {then: func(b *bench) { b.file(".github", "# "+strings.Repeat("x", 1<<17)) }, problem: "an error", failOn: "high"},
		"taken out of the installation": {
			then: func(b *bench) { b.app.Remove(b.t.Context(), b.github.User("ada"), b.repositories[".github"]) }, problem: "can't access", failOn: "high",
		},
		"taken out, and GitHub answers as if the file were deleted": {
			then: func(b *bench) {
				hidden := func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/repos/acme/.github") }
				b.github.Inject(githubtest.Times(1000, hidden, githubtest.Answer(404, "Not Found")))
			},
			problem: "can't access", failOn: "high",
		},
		"deleted":            {then: func(b *bench) { b.withoutFile(".github") }, failOn: "none"},
		"another valid one":  {then: func(b *bench) { b.file(".github", "lock: [fail_on]\nfail_on: low") }, failOn: "low"},
		"emptied":            {then: func(b *bench) { b.file(".github", "") }, failOn: "none"},
		"spoilt, then fixed": {then: func(b *bench) { b.file(".github", "fail_on: ["); b.of("shop"); b.file(".github", valid) }, failOn: "high"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			var log bytes.Buffer
			b.policies.Log = slog.New(slog.NewTextHandler(&log, nil))
			b.file(".github", valid)
			b.file("shop", "fail_on: none")
			if got := b.of("shop").FailOn; got != "high" {
				t.Fatalf("at first it fails on %s", got)
			}
			c.then(b)
			for range 2 { // the second time, the same
				b.clock = b.clock.Add(KeptFor)
				p := b.of("shop")
				if p.FailOn != c.failOn {
					t.Errorf("it fails on %s, want %s", p.FailOn, c.failOn)
				}
				if (p.Kept.Source != "") != (c.problem != "") || !strings.Contains(p.Kept.Problem, c.problem) {
					t.Errorf("it says %+v, want %q", p.Kept, c.problem)
				}
				if c.problem != "" && p.Kept.Source != "acme/.github" {
					t.Errorf("the file is that of %q", p.Kept.Source)
				}
			}
			if n := strings.Count(log.String(), "the last valid one applies"); n > 1 || (n == 1) != (c.problem != "") && !strings.Contains(name, "fixed") {
				t.Errorf("the log says %d times that the last valid one applies:\n%s", n, log.String())
			}
			if strings.Contains(name, "access") || strings.Contains(name, "taken out") {
				return // nobody asks for the policy of a repository that is not reached
			}
			// To the organisation's own repository it applies too.
			if own := b.of(".github"); c.problem != "" && (own.FailOn != c.failOn || own.Kept.Source == "") {
				t.Errorf("in .github it fails on %s: %+v", own.FailOn, own.Kept)
			}
		})
	}
}

// TestNoLastValidPolicyIsNone: what was never valid is not kept, and an outage is an error, not a policy.
func TestNoLastValidPolicyIsNone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.file(".github", "fail_on: [")
	b.file("shop", "fail_on: none")
	if p := b.of("shop"); p.FailOn != "none" || p.Kept.Source != "" {
		t.Errorf("fails on %s, %+v", p.FailOn, p.Kept)
	}
	b.file(".github", "lock: [fail_on]")
	b.clock = b.clock.Add(KeptFor)
	b.of("shop")
	b.clock = b.clock.Add(KeptFor)
	b.github.Inject(githubtest.Times(1, githubtest.Is(githubtest.REST, "GET"), githubtest.Answer(502, "Server Error")))
	if p, err := b.policies.Of(t.Context(), b.repository("shop")); err == nil {
		t.Errorf("without GitHub it fails on %s", p.FailOn)
	}
}

// TestAPushedPolicyIsKept: an organisation's file that nobody asked for while it was valid is kept all the same.
func TestAPushedPolicyIsKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.file("shop", "fail_on: none")
	organisation := b.repository(".github")
	push := func(before, text string) (after string) {
		t.Helper()
		after = b.file(".github", text)
		if err := b.policies.Changed(t.Context(), organisation, Change{Before: before, After: after, Pusher: "ada", Received: time.Now()}); err != nil {
			t.Fatal(err)
		}
		return after
	}
	valid := push("", "lock: [fail_on]")
	spoilt := push(valid, "lock: [")
	if got := b.of("shop").FailOn; got != "any" {
		t.Errorf("it fails on %s", got)
	}
	problem, _, err := b.policies.Look(t.Context(), organisation, spoilt, true)
	if err != nil || !problem.Organisation || !problem.Kept {
		t.Errorf("the check of the commit: %+v, %v", problem, err)
	}
	// Installed when the file was there already, and then spoilt at once.
	b.forgetKept()
	b.policies.Forget(0, ".github")
	valid = b.file(".github", "lock: [fail_on]\nfail_on: low")
	push(valid, "lock: [")
	if got := b.of("shop").FailOn; got != "low" {
		t.Errorf("it fails on %s", got)
	}
}

// TestNoKeyIsKept: a policy file that somebody pasted a key into is kept without it.
func TestNoKeyIsKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := detecttest.Key(7, detect.Live)
	b.file(".github", "lock: [fail_on] # not "+key+"\nallow: {paths: [{path: docs/, reason: 'as in "+key+"'}]}")
	b.file("shop", "fail_on: none")
	b.of("shop")
	b.file(".github", "lock: [")
	b.clock = b.clock.Add(KeptFor)
	if p := b.of("shop"); p.FailOn != "any" || len(p.Allow.Paths) != 1 {
		t.Errorf("it fails on %s, and allows %+v", p.FailOn, p.Allow.Paths)
	}
	if kept := string(b.kept().Content); strings.Contains(kept, key) || !strings.Contains(kept, "lock: [fail_on]") {
		t.Errorf("kept: %s", kept)
	}
}
