package ledger_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/routes"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// anAudit is an audit of repository 9 with a finding of each severity.
func anAudit() ledger.Audit {
	a := ledger.Audit{
		Repository: 9, Head: headA, At: start(), Clerk: true, Manifests: "m", Files: "f", Gaps: []string{"large.js: over a limit"}, Allowed: 2,
		Packages: []respond.AuditPackage{
			{Name: "@clerk/nextjs", Version: "6.39.2", Locked: true},
			{Name: "@clerk/nextjs", Version: "^7.0.0", Root: "apps/web"},
		},
		Development: 1,
		Routes: []routes.Route{{
			Framework: "Next.js", Kind: routes.Page, Path: "/admin", File: "app/admin/page.tsx", Line: 3, State: routes.Protected,
			Evidence: []routes.Evidence{{What: "auth.protect()", File: "app/admin/page.tsx", Line: 4}},
		}},
	}
	for i, severity := range []detect.Severity{detect.CriticalSeverity, detect.HighSeverity, detect.MediumSeverity, detect.LowSeverity} {
		a.Findings = append(a.Findings, respond.AuditFinding{Check: "C3", Severity: severity, Path: "src/proxy.ts", Line: i, EndLine: i})
	}
	return a
}

func TestAuditIssuesAreKept(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		know(t, s, repository())
		want := ledger.AuditIssue{Summary: ledger.Summary{Repository: 9, IssueRepository: 10, IssueNumber: 4, IssueURL: "https://github.com/acme/security/issues/4", IssueDigest: "d"}, Found: "f"}
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			if _, err := tx.AuditIssue(ctx, 9); !errors.Is(err, ledger.ErrNotFound) {
				t.Errorf("before: %v", err)
			}
			return errors.Join(tx.SaveAuditIssue(ctx, ledger.AuditIssue{Summary: ledger.Summary{Repository: 9}}), tx.SaveAuditIssue(ctx, want))
		})
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			got, err := tx.AuditIssue(ctx, 9)
			equal(t, "audit issue", got, want)
			return err
		})
	})
}

func TestAuditsAreKeptWithoutSourceText(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		know(t, s, repository())
		want := anAudit()
		written := want
		written.Findings = append([]respond.AuditFinding(nil), want.Findings...)
		written.Findings[0].Seen = "const secret = something"
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			if known, uses, err := tx.AuditKnown(ctx, 9); known || uses || err != nil {
				t.Errorf("before: %t, %t, %v", known, uses, err)
			}
			if _, err := tx.Audit(ctx, 9); !errors.Is(err, ledger.ErrNotFound) {
				t.Errorf("before: %v", err)
			}
			return errors.Join(tx.SaveAudit(ctx, ledger.Audit{Repository: 9, Head: "old", Packages: []respond.AuditPackage{{Name: "@clerk/express"}}}), tx.SaveAudit(ctx, written))
		})
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			got, err := tx.Audit(ctx, 9)
			equal(t, "audit", got, want)
			known, uses, knownErr := tx.AuditKnown(ctx, 9)
			if !known || !uses {
				t.Errorf("known %t, uses %t", known, uses)
			}
			return errors.Join(err, knownErr)
		})
		err := s.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
			a := anAudit()
			a.Repository = 4711
			return tx.SaveAudit(ctx, a)
		})
		if !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("of a repository that is gone: %v", err)
		}
	})
}

func TestAuditChecksAreFoundByTheirPullRequest(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		know(t, s, repository())
		want := ledger.AuditCheck{Check: ledger.Check{Repository: 9, Head: headA, RunID: 5, Conclusion: "neutral", Digest: "d", Updated: start().Add(time.Minute)}, Pull: 12}
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			if _, err := tx.AuditCheck(ctx, 9, headA); !errors.Is(err, ledger.ErrNotFound) {
				t.Errorf("before: %v", err)
			}
			state := want
			state.Head, state.Pull = headB, 0
			return errors.Join(tx.SaveAuditCheck(ctx, want), tx.SaveAuditCheck(ctx, state))
		})
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			got, err := tx.AuditCheck(ctx, 9, headA)
			equal(t, "check", got, want)
			for pull, want := range map[int]bool{12: true, 13: false, 0: false} {
				if had, err := tx.AuditedPull(ctx, 9, pull); had != want || err != nil {
					t.Errorf("pull request %d had one: %t, %v", pull, had, err)
				}
			}
			return err
		})
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.ForgetAuditText(ctx, 9, headA) })
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			got, err := tx.AuditCheck(ctx, 9, headA)
			if got.Digest != "" || got.RunID != 5 {
				t.Errorf("forgotten: %+v", got)
			}
			return err
		})
	})
}

// TestAuditsAreListedByTheirWorst: one critical finding is worse than many others.
func TestAuditsAreListedByTheirWorst(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		of := func(id int64, name string, severities ...detect.Severity) {
			r := repository()
			r.ID, r.Name = id, name
			know(t, s, r)
			a := ledger.Audit{Repository: id, Head: headA, Clerk: true}
			for _, severity := range severities {
				a.Findings = append(a.Findings, respond.AuditFinding{Check: "C1", Severity: severity, Path: name})
			}
			if len(severities) == 0 {
				a.Gaps = []string{"large.js: over a limit"}
			}
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.SaveAudit(ctx, a) })
		}
		of(9, "b", detect.HighSeverity, detect.HighSeverity, detect.HighSeverity, detect.LowSeverity)
		of(10, "c", detect.CriticalSeverity)
		of(11, "a")
		none := repository()
		none.ID, none.Name = 12, "d"
		know(t, s, none)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return tx.SaveAudit(ctx, ledger.Audit{Repository: 12, Head: headA})
		})
		names := func(query ledger.AuditQuery) (list string) {
			t.Helper()
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				pages, err := allAudits(ctx, tx, ledger.Visible{Everything: true}, query)
				for _, page := range pages {
					for _, row := range page.Audits {
						list += row.Repository.Name
					}
				}
				return err
			})
			return list
		}
		for want, query := range map[string]ledger.AuditQuery{
			"cba": {}, "": {Search: "x"}, "abc": {Order: ledger.AuditsByName}, "cb": {WithFindings: true}, "a": {WithGaps: true},
		} {
			if got := names(query); got != want {
				t.Errorf("%+v: %q, want %q", query, got, want)
			}
		}
		if got := names(ledger.AuditQuery{Reverse: true}); got != "abc" {
			t.Errorf("the best first: %q", got)
		}
	})
}
