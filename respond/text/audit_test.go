package text

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/routes"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/routemap"
)

func unawaited(line int, changed bool) respond.AuditFinding {
	return respond.AuditFinding{
		Check: "C3", Severity: detect.CriticalSeverity, Path: "src/proxy.ts", Line: line, EndLine: line, Changed: changed,
		Title: "auth.protect() is not awaited", Seen: "the promise of auth.protect() is dropped",
		Fix:  "Write await auth.protect(): without it the request goes on.",
		Page: "https://github.com/rekey-app/rekey/blob/main/docs/checks/C3.md",
	}
}

func auditFacts(of func(*AuditFacts)) AuditFacts {
	f := AuditFacts{
		Repository: shop, Head: strings.Repeat("0a", 20), Pull: 7, Policy: respond.DefaultPolicy(), Changes: 3, Began: monday, Ended: monday.Add(300 * time.Millisecond),
	}
	f.Repository.DefaultBranch = "main"
	of(&f)
	return f
}

// TestSecondCheckRuns shows each as GitHub gets it.
func TestSecondCheckRuns(t *testing.T) {
	t.Parallel()
	renamed := respond.AuditFinding{
		Check: "C6", Severity: detect.HighSeverity, Path: "middleware.ts ", Changed: true, Title: "The middleware file is not where Next.js looks for it",
		Fix: "Rename it to src/proxy.ts.", Page: "https://github.com/rekey-app/rekey/blob/main/docs/checks/C6.md",
	}
	bring := func(f *AuditFacts) {
		f.Findings, f.Stood = []respond.AuditFinding{unawaited(12, true), unawaited(40, false), renamed}, 1
	}
	var b strings.Builder
	for _, c := range []struct {
		name string
		of   func(*AuditFacts)
	}{
		{"three mistakes", bring},
		{"three mistakes and a policy that fails on them", func(f *AuditFacts) { bring(f); f.Policy.Audit.Check = respond.AuditFail }},
		{"the same while only observing", func(f *AuditFacts) {
			bring(f)
			f.Policy.Audit.Check, f.Policy.Mode = respond.AuditFail, respond.ModeObserve
		}},
		{"findings of all levels", func(f *AuditFacts) {
			f.Findings, f.Policy.Audit.Level = []respond.AuditFinding{unawaited(12, true)}, respond.AuditAll
		}},
		{"nothing new", func(f *AuditFacts) { f.Stood = 2 }},
		{"nothing at all", func(*AuditFacts) {}},
		{"nothing that is checked", func(f *AuditFacts) { f.Changes = 0 }},
		{"a file that was not read", func(f *AuditFacts) { f.Gaps = []string{"web/bundle.js: over a limit of what is read"} }},
		{"one that a comment accepts", func(f *AuditFacts) {
			f.Allowed = []AuditAllowed{{Finding: unawaited(12, true), Reason: "this route *is* public"}}
		}},
		{"the default branch", func(f *AuditFacts) {
			f.Pull, f.Changes, f.AllowedBefore = 0, 0, 2
			f.Policy.Audit.Check = respond.AuditFail
			f.Findings = []respond.AuditFinding{unawaited(12, false), renamed}
		}},
		{"a clean default branch", func(f *AuditFacts) { f.Pull, f.Changes = 0, 0 }},
		{"a default branch with routes", func(f *AuditFacts) { f.Pull, f.Changes, f.Routes = 0, 0, state(f, someRoutes()) }},
		{"a pull request that changes routes", func(f *AuditFacts) {
			before := someRoutes()
			before.Routes[0].State = routes.Unknown
			before.Routes[1].Path = "/api/legacy"
			f.Routes = brought(f, before, someRoutes())
		}},
		{"a pull request that moves routes to other lines", func(f *AuditFacts) {
			before := someRoutes()
			before.Routes[0].Line++
			f.Routes = brought(f, before, someRoutes())
		}},
		{"a merge group", func(f *AuditFacts) { bring(f); f.Pull, f.Merge = 0, true }},
		{"a merge group with nothing that is checked", func(f *AuditFacts) { f.Pull, f.Merge, f.Changes = 0, true, 0 }},
	} {
		run := AuditCheck(auditFacts(c.of))
		fmt.Fprintf(&b, "# %s\n\n%s: **%s**\n\n%s\n", c.name, run.Conclusion, run.Title, run.Summary)
		for _, a := range run.Annotations {
			fmt.Fprintf(&b, "\n> %s:%d %s: %s\n> %s\n", a.Path, a.StartLine, a.Level, a.Title, a.Message)
		}
		b.WriteString("\n")
	}
	golden(t, "audit.md", b.String())
}

// TestTheSecondDigestKnowsAnnotations: what only marks other lines is sent too.
func TestTheSecondDigestKnowsAnnotations(t *testing.T) {
	t.Parallel()
	digest := func(line int, changed bool) string {
		run := AuditCheck(auditFacts(func(f *AuditFacts) { f.Findings = []respond.AuditFinding{unawaited(line, changed)} }))
		run.Summary = ""
		return AuditDigest(run)
	}
	all := []string{digest(1, true), digest(2, true), digest(1, false)}
	if slices.Sort(all); len(slices.Compact(all)) != 3 {
		t.Errorf("digests %q", all)
	}
}

// state and brought are the map of routes as the check gets it.
func state(f *AuditFacts, m routes.Map) func(int) (string, string) {
	return routemap.State(m, routemap.Options{Repository: f.Repository.URL, Commit: f.Head})
}

func brought(f *AuditFacts, before, now routes.Map) func(int) (string, string) {
	return routemap.Brought(before, now, f.This(), routemap.Options{Repository: f.Repository.URL, Commit: f.Head})
}

func someRoutes() routes.Map {
	return routes.Map{Routes: []routes.Route{
		{
			Framework: "Next.js", Kind: routes.Page, Path: "/dashboard", File: "app/dashboard/page.tsx", Line: 3, State: routes.Protected,
			Evidence: []routes.Evidence{{What: "auth.protect()", File: "app/dashboard/page.tsx", Line: 4}},
		},
		{Framework: "Next.js", Kind: routes.Handler, Method: "POST", Path: "/api/orders", File: "app/api/orders/route.ts", Line: 1, State: routes.Unknown},
	}}
}

// TestManyRoutesFit: the map takes what the findings leave.
func TestManyRoutesFit(t *testing.T) {
	t.Parallel()
	many := func(state routes.State) (m routes.Map) {
		for n := range 3000 {
			r := someRoutes().Routes[0]
			r.Path, r.State = fmt.Sprintf("/%s/%d", strings.Repeat("[deep]/", 20), n), state
			m.Routes = append(m.Routes, r)
		}
		return m
	}
	for name, of := range map[string]func(*AuditFacts){
		"the default branch": func(f *AuditFacts) { f.Pull, f.Changes, f.Routes = 0, 0, state(f, many(routes.Unknown)) },
		"a pull request":     func(f *AuditFacts) { f.Routes = brought(f, many(routes.Public), many(routes.Unknown)) },
		"findings too": func(f *AuditFacts) {
			f.Pull, f.Changes, f.Routes = 0, 0, state(f, many(routes.Unknown))
			for n := range 50 {
				finding := unawaited(n+1, true)
				finding.Fix = strings.Repeat("Do this. ", 80)
				f.Findings = append(f.Findings, finding)
			}
		},
	} {
		summary := AuditCheck(auditFacts(of)).Summary
		switch folds := strings.Count(summary, "<details>"); {
		case len(summary) > 65_535, folds != strings.Count(summary, "</details>"), folds != 1 && name != "findings too":
			t.Errorf("%s: a summary of %d bytes with %d folded parts", name, len(summary), folds)
		case folds == 1 && !strings.Contains(summary, "more routes: `rekey audit --routes` lists them all"):
			t.Errorf("%s: the summary doesn't say what is missing", name)
		case strings.Contains(summary, "longer than GitHub allows"):
			t.Errorf("%s: the summary is cut", name)
		}
	}
}

// TestManyFindingsFit: GitHub refuses what is too long.
func TestManyFindingsFit(t *testing.T) {
	t.Parallel()
	run := AuditCheck(auditFacts(func(f *AuditFacts) {
		for n := range 3000 {
			f.Findings = append(f.Findings, unawaited(n+1, true))
			f.Gaps = append(f.Gaps, strings.Repeat("long/", 100)+"file.ts: over a limit")
		}
	}))
	if len(run.Annotations) != maxMarked || len(run.Summary) > 65_535 || !strings.Contains(run.Summary, "950 more findings") {
		t.Errorf("%d annotations, a summary of %d bytes", len(run.Annotations), len(run.Summary))
	}
}
