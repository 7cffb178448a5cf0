package policies

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// leaked records an open leak of a repository.
func (b *bench) leaked(repository, fingerprint, path string, env detect.Environment) {
	b.t.Helper()
	severity := detect.MediumSeverity
	if env == detect.Live {
		severity = detect.CriticalSeverity
	}
	err := b.store.Update(b.t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
		_, err := tx.RecordScan(ctx, respond.Scan{
			Repository: b.repositories[repository].ID(), Head: fingerprint, Trigger: respond.TriggerPush, Ref: "refs/heads/main",
		}, []respond.Observation{{
			Leak: respond.Leak{
				Repository: b.repositories[repository].ID(), Fingerprint: fingerprint, Kind: detect.SecretKey, Environment: env,
				Severity: severity, Confidence: detect.HighConfidence, Detected: b.clock,
			},
			Sighting: respond.Sighting{Source: "blob", Blob: fingerprint, Path: path, Line: 1, Commit: fingerprint, Authored: time.Unix(1, 0)},
		}})
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// TestPreview: what a file would change in the place of the default branch's, with the files above it, and the leaks that are open.
func TestPreview(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const live, test = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
	b.file(".github", "lock: [issues]\nverify: watch")
	b.file("shop", "fail_on: low")
	b.leaked("shop", live, "a.env", detect.Live)
	b.leaked("shop", test, "fixtures/b.env", detect.Test)
	b.leaked("board", live, "a.env", detect.Live)
	for name, c := range map[string]struct {
		of, text string
		want     respond.PolicyPreview
	}{
		"nothing":     {"shop", "fail_on: low", respond.PolicyPreview{}},
		"only words":  {"shop", "fail_on: low # as before", respond.PolicyPreview{}},
		"none at all": {"shop", "", respond.PolicyPreview{Changes: []respond.SettingChange{{Setting: "fail_on", From: "low", To: "any"}}}},
		"less severe": {"shop", "fail_on: critical", respond.PolicyPreview{Changes: []respond.SettingChange{{Setting: "fail_on", From: "low", To: "critical"}}, Spared: 1}},
		"locked": {"shop", "fail_on: low\nissues: {off: true, repository: acme/nowhere}\nlock: [issues]", respond.PolicyPreview{
			Changes: []respond.SettingChange{
				{Setting: "lock", From: "", To: "issues"},
				{Setting: "issues.off", From: "false", To: "true", LockedBy: "acme/.github"},
				{Setting: "issues.repository", From: "none", To: "acme/nowhere", LockedBy: "acme/.github"},
			}, VainLock: true,
		}},
		"observing": {"shop", "fail_on: low\nmode: observe", respond.PolicyPreview{
			Changes: []respond.SettingChange{{Setting: "mode", From: "enforce", To: "observe", LockedBy: "acme/.github"}},
		}},
		"a path": {"shop", "fail_on: low\nallow: {paths: [{path: '**', reason: x}]}", respond.PolicyPreview{
			Changes: []respond.SettingChange{{Setting: "allow.paths", From: "none", To: "1 entry"}}, Allowed: 1,
		}},
		"both, each in its way": {"shop", "fail_on: none\nallow: {fingerprints: [{fingerprint: " + live + ", reason: x}]}", respond.PolicyPreview{
			Changes: []respond.SettingChange{
				{Setting: "fail_on", From: "low", To: "none"}, {Setting: "allow.fingerprints", From: "none", To: "1 entry"},
			}, Allowed: 1, Spared: 1,
		}},
		"the organisation's": {".github", "fail_on: none", respond.PolicyPreview{
			Changes: []respond.SettingChange{
				{Setting: "lock", From: "issues", To: ""}, {Setting: "fail_on", From: "any", To: "none"}, {Setting: "verify", From: "watch", To: "on-request"},
			},
			Organisation: true, Repositories: 4, Leaks: 3,
		}},
	} {
		b.policies.Forget(0, ".github")
		sha, err := b.repositories[c.of].Commit(githubtest.Change{Files: map[string]string{respond.PolicyPath: c.text + "\n"}})
		if err != nil {
			t.Fatal(err)
		}
		problem, preview, err := b.policies.Look(t.Context(), b.repository(c.of), sha, false)
		if err != nil || problem.Message != "" {
			t.Errorf("%s: %+v, %v", name, problem, err)
		}
		if diff := cmp.Diff(c.want, preview); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}
