package app

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/text"
)

// TestAudits: the second check run, from deliveries to what GitHub shows, in one world whose default branch has one mistake.
func TestAudits(t *testing.T) {
	t.Parallel()
	a := newAudited(t)
	for _, step := range []struct {
		name string
		test func(*audited, *testing.T)
	}{
		{"TheDefaultBranchShowsItsState", (*audited).showsItsState},
		{"APullRequestIsToldOfWhatItBrings", (*audited).tellsWhatIsNew},
		{"WhatABaseMovedOnToIsNotThePullRequests", (*audited).comparesWithTheMergeBase},
		{"NothingCheckedMeansNoCheck", (*audited).leavesOthersAlone},
		{"WhatWasMendedPasses", (*audited).passesWhatWasMended},
		{"WhatIsTooLargeIsAGap", (*audited).namesGaps},
		{"WhatACommentAcceptsIsCounted", (*audited).countsWhatIsAccepted},
		{"ARerunIsAnswered", (*audited).answersReruns},
		{"RoutesAreMapped", (*audited).mapsRoutes},
		{"ProductionOnADevelopmentInstanceIsCounted", (*audited).countsDevelopment},
		{"AKeyThatAnAdvisoryExposesIsALeak", (*audited).followsExposedKeys},
		{"OneIssueFollowsTheDefaultBranchByPolicy", (*audited).keepsAnIssue},
		{"AFailPolicyFails", (*audited).failsByPolicy},
		{"AMergeGroupIsCheckedToo", (*audited).checksMergeGroups},
		{"ObservingNeverFails", (*audited).neverFailsWhileObserving},
		{"OffMeansNone", (*audited).canBeSwitchedOff},
		{"ALockIsStricter", (*audited).isLockedByTheOrganisation},
	} {
		if !t.Run(step.name, func(t *testing.T) { a.t = t; step.test(a, t) }) {
			return
		}
	}
}

// audited is a shop that uses Clerk.
type audited struct {
	*world
	main  string // commit of the default branch
	topic int
}

const dockerfile = "FROM node:24\nARG CLERK_SECRET_KEY\nCOPY . .\nRUN npm run build\n"

func newAudited(t *testing.T) *audited {
	a := &audited{world: newWorld(t, githubtest.Options{})}
	a.onto(map[string]string{
		"package.json": `{"name": "shop", "dependencies": {"@clerk/nextjs": "^6.39.2", "next": "^16.0.0"}}` + "\n",
		"Dockerfile":   dockerfile, "api/views.py": guard, "README.md": "# Shop\n",
	})
	return a
}

// onto commits files to the default branch.
func (a *audited) onto(files map[string]string) {
	a.t.Helper()
	var parents []string
	if a.main != "" {
		parents = []string{a.main}
	}
	a.main = a.commit(a.shop, githubtest.Change{Parents: parents, Files: files})
	a.push(a.shop, "refs/heads/main", a.main)
	a.settle()
}

// pull opens a pull request with a commit upon another one.
func (a *audited) pull(on string, files map[string]string) (head string) {
	a.t.Helper()
	a.topic++
	branch := "topic" + string(rune('a'+a.topic))
	head = a.commit(a.shop, githubtest.Change{Parents: []string{on}, Files: files})
	a.push(a.shop, "refs/heads/"+branch, head)
	_, sent, err := a.shop.OpenPullRequest(a.ctx, githubtest.PullRequestOptions{HeadRef: branch, BaseRef: "main", Title: branch, By: a.ada})
	a.took(sent, err)
	a.settle()
	return head
}

// next pushes a commit to the last pull request's branch, which removes a file.
func (a *audited) next(on, removed string) string {
	a.t.Helper()
	head := a.commit(a.shop, githubtest.Change{Parents: []string{on}, Remove: []string{removed}})
	a.push(a.shop, "refs/heads/topic"+string(rune('a'+a.topic)), head)
	a.settle()
	return head
}

// second returns the second check runs of a commit.
func (a *audited) second(head string) (runs []githubtest.CheckRun) {
	for _, run := range a.shop.CheckRuns(head) {
		if run.Name == text.AuditCheckName {
			runs = append(runs, run)
		}
	}
	return runs
}

func (a *audited) one(head string) githubtest.CheckRun {
	a.t.Helper()
	runs := a.second(head)
	if len(runs) != 1 || runs[0].Status != "completed" {
		a.t.Fatalf("second check runs on %s: %+v; the log:\n%s", head, runs, a.logs.tail())
	}
	return runs[0]
}

func (a *audited) is(head, conclusion, title string, at ...string) githubtest.CheckRun {
	a.t.Helper()
	run := a.one(head)
	if run.Conclusion != conclusion || run.Title != title {
		a.t.Errorf("%s: %q, want %s: %q\n%s", run.Conclusion, run.Title, conclusion, title, run.Summary)
	}
	var marked []string
	for _, p := range places(run) {
		marked = append(marked, strings.TrimSuffix(p, ":0"))
	}
	if slices.Sort(marked); !slices.Equal(marked, at) {
		a.t.Errorf("marked at %q, want %q", marked, at)
	}
	return run
}

func (a *audited) none(head string) {
	a.t.Helper()
	if runs := a.second(head); len(runs) > 0 {
		a.t.Errorf("second check runs: %+v", runs)
	}
}

func (a *audited) state() (state ledger.Audit) {
	a.t.Helper()
	a.view(func(ctx context.Context, tx *ledger.Tx) (err error) {
		state, err = tx.Audit(ctx, a.shop.ID())
		return err
	})
	return state
}

func (a *audited) showsItsState(t *testing.T) {
	run := a.is(a.main, "neutral", "2 mistakes in the Clerk configuration, 1 critical")
	holds(t, "the summary", run.Summary, "The state of the default branch, `main`", "Dockerfile:2", "docs/checks/C23.md", "api/views.py:2")
	if state := a.state(); state.Head != a.main || !state.Clerk || len(state.Findings) != 2 || state.Findings[1].Check != "C23" {
		t.Errorf("kept: %+v", state)
	}
	// A push that changes nothing of it costs one list of files, and no reading of the policy or of files.
	before := a.github.Count(githubtest.Git)
	a.onto(map[string]string{"README.md": "# The shop\n"})
	a.is(a.main, "neutral", "2 mistakes in the Clerk configuration, 1 critical")
	if n := a.github.Count(githubtest.Git) - before; n != 2 {
		t.Errorf("a push that changes nothing took %d git requests, want 2: the push and the list", n)
	}
}

// guard is a function with a mistake in its second line.
const guard = "def remove(user, post):\n    if user.unsafe_metadata.get(\"role\") != \"admin\":\n        raise PermissionError\n    post.delete()\n"

// threeMistakes are on lines 1, 2 and 9 of their files. A fourth was in the second line of api/views.py, and is in the third now.
func threeMistakes() map[string]string {
	return map[string]string{
		".env.example":      "NEXT_PUBLIC_CLERK_SECRET_KEY=\n",
		"deploy/Dockerfile": dockerfile,
		"api/views.py":      "# What moderators do.\n" + guard + "\n\n" + strings.ReplaceAll(strings.ReplaceAll(guard, "remove", "hide"), "user", "member"),
	}
}

func (a *audited) tellsWhatIsNew(t *testing.T) {
	git, rest := a.github.Count(githubtest.Git), a.github.Count(githubtest.REST)
	head := a.pull(a.main, threeMistakes())
	run := a.is(head, "neutral", "3 mistakes in the Clerk configuration, 1 critical", ".env.example:1", "api/views.py:9", "deploy/Dockerfile:2")
	for _, annotation := range run.Annotations {
		if annotation.Level != "warning" || !strings.Contains(annotation.Message, "docs/checks/C") || strings.Contains(annotation.Message, "\n") {
			t.Errorf("annotation %+v", annotation)
		}
	}
	holds(t, "the summary", run.Summary, "The files that this pull request changes had 1 mistake before")
	if first := a.shop.CheckRuns(head)[0]; first.Name != text.CheckName || first.Conclusion != "success" {
		t.Errorf("the first check: %+v", first)
	}
	t.Logf("the push and its pull request took %d git and %d REST requests", a.github.Count(githubtest.Git)-git, a.github.Count(githubtest.REST)-rest)
}

// comparesWithTheMergeBase: a mistake that the default branch has mended since the branch began isn't the branch's.
func (a *audited) comparesWithTheMergeBase(t *testing.T) {
	old := a.main
	a.onto(map[string]string{"Dockerfile": "FROM node:24\nCOPY . .\nRUN npm run build\n", "api/views.py": "# Nothing yet.\n"})
	a.is(a.main, "success", "No mistakes in the Clerk configuration")
	head := a.pull(old, map[string]string{"Dockerfile": dockerfile + "CMD npm start\n"})
	a.is(head, "success", "No new mistakes in the Clerk configuration")
}

func (a *audited) leavesOthersAlone(t *testing.T) {
	head := a.pull(a.main, map[string]string{"README.md": "# A shop\n"})
	a.none(head)
	other := a.tenant("tenant")
	sha := a.commit(other, githubtest.Change{Files: map[string]string{"package.json": `{"dependencies": {"next": "16"}}`, "Dockerfile": dockerfile}})
	a.push(other, "refs/heads/main", sha)
	a.settle()
	if runs := other.CheckRuns(sha); len(runs) != 1 {
		t.Errorf("%d check runs where there is no Clerk", len(runs))
	}
	// From then on its pushes cost what they always did.
	git := a.github.Count(githubtest.Git)
	sha = a.commit(other, githubtest.Change{Parents: []string{sha}, Files: map[string]string{"Dockerfile": dockerfile + "\n"}})
	a.push(other, "refs/heads/main", sha)
	a.settle()
	if n := a.github.Count(githubtest.Git) - git; n != 1 {
		t.Errorf("a push without Clerk took %d git requests", n)
	}
}

func (a *audited) passesWhatWasMended(t *testing.T) {
	head := a.pull(a.main, map[string]string{"deploy/Dockerfile": dockerfile})
	a.is(head, "neutral", "1 mistake in the Clerk configuration", "deploy/Dockerfile:2")
	// Nothing of it is left to be checked, but an earlier head had the check.
	head = a.next(head, "deploy/Dockerfile")
	run := a.is(head, "success", "No mistakes in the Clerk configuration")
	if strings.Count(strings.TrimSpace(run.Summary), "\n") != 0 {
		t.Errorf("a check that found nothing says more than a line:\n%s", run.Summary)
	}
}

func (a *audited) namesGaps(t *testing.T) {
	head := a.pull(a.main, map[string]string{"deploy/large.env": "A=" + strings.Repeat("b", 3<<20) + "\n", "deploy/Dockerfile": "FROM node:24\n"})
	run := a.one(head)
	if run.Conclusion != "neutral" || !strings.HasPrefix(run.Title, "Not everything was checked: deploy/large.env") {
		t.Errorf("%s: %s", run.Conclusion, run.Title)
	}
}

func (a *audited) countsWhatIsAccepted(t *testing.T) {
	head := a.pull(a.main, map[string]string{"deploy/Dockerfile": "FROM node:24\n# rekey:allow C23 the image is never pushed\nARG CLERK_SECRET_KEY\nRUN make\n"})
	run := a.is(head, "success", "No mistakes in the Clerk configuration")
	holds(t, "the summary", run.Summary, "**Accepted** by a comment with `rekey:allow` (1 finding)", "the image is never pushed")
}

func (a *audited) answersReruns(t *testing.T) {
	head := a.pull(a.main, map[string]string{"deploy/Dockerfile": dockerfile})
	before := a.one(head)
	a.took(a.shop.Rerequest(a.ctx, before.ID, a.ada))
	a.settle()
	after := a.is(head, "neutral", "1 mistake in the Clerk configuration", "deploy/Dockerfile:2")
	if after.ID != before.ID || !after.Completed.After(before.Completed) || a.shop.SuiteStatus(head) != "completed" {
		t.Errorf("before %+v, after %+v, the suite is %s", before, after, a.shop.SuiteStatus(head))
	}
}

// mapsRoutes: the default branch's check has the map of routes, also where a push changes none of its files; a pull request's only where it
// changes routes, at no further request.
func (a *audited) mapsRoutes(t *testing.T) {
	const (
		admin   = "app/api/admin/route.ts"
		checked = "import { auth } from \"@clerk/nextjs/server\";\n\nexport async function GET() {\n  await auth.protect();\n  return Response.json({});\n}\n"
	)
	a.onto(map[string]string{admin: checked, "app/about/page.tsx": "export default function Page() {\n  return <h1>About</h1>;\n}\n"})
	a.onto(map[string]string{"README.md": "# Routes\n"})
	holds(t, "the default branch's summary", a.one(a.main).Summary, "<summary>2 routes: 1 protected here, 1 unknown</summary>", "/api/admin`", "GET | protected here | auth")
	git := a.github.Count(githubtest.Git)
	head := a.pull(a.main, map[string]string{admin: strings.ReplaceAll(checked, "  await auth.protect();\n", ""), "app/api/users/route.ts": checked})
	summary := a.is(head, "success", "No mistakes in the Clerk configuration").Summary
	holds(t, "the pull request's summary", summary, "<summary>2 routes changed by this pull request</summary>", "GET | protected here | unknown", "GET | new | protected here", "3 routes: ")
	if strings.Contains(summary, "unprotected") {
		t.Errorf("the map says what nobody knows:\n%s", summary)
	}
	if n := a.github.Count(githubtest.Git) - git; n != 5 {
		t.Errorf("%d git requests, want 5: the push and the pull request, where it begins, the lists, the files", n)
	}
	head = a.pull(a.main, map[string]string{"app/about/page.tsx": "export default function Page() {\n  return <h1>About us</h1>;\n}\n"})
	if summary := a.one(head).Summary; strings.Contains(summary, "<details>") {
		t.Errorf("a pull request that changes no route has a map:\n%s", summary)
	}
}

// countsDevelopment: the dashboard counts what the check shows only where the policy wants to see it.
func (a *audited) countsDevelopment(t *testing.T) {
	a.onto(map[string]string{".env.production": "CLERK_FRONTEND_API=https://clean-mayfly-62.clerk.accounts.dev\n"})
	a.is(a.main, "success", "No mistakes in the Clerk configuration")
	if state := a.state(); state.Development != 1 || len(state.Findings) > 0 {
		t.Errorf("kept: %+v", state)
	}
	a.onto(map[string]string{policyPath: "audit: {level: all}\n"})
	if state := a.state(); state.Development != 1 || len(state.Findings) == 0 {
		t.Errorf("kept for all levels: %+v", state)
	}
	a.onto(map[string]string{policyPath: "audit: notice\n", ".env.production": "CLERK_FRONTEND_API=https://clerk.acme.example\n"})
	if state := a.state(); state.Development != 0 || len(state.Findings) > 0 {
		t.Errorf("kept once it is gone: %+v", state)
	}
}

// proxying is a server that gives its secret key away, with these versions.
func proxying(express, backend string) map[string]string {
	asks := `"dependencies": {"@clerk/express": "^2.0.0"}`
	return map[string]string{
		"server/package.json": "{" + asks + "}\n",
		"server/package-lock.json": `{"lockfileVersion": 3, "packages": {"": {` + asks + `}, "node_modules/@clerk/express": {"version": "` + express +
			`"}, "node_modules/@clerk/backend": {"version": "` + backend + `"}}}` + "\n",
		"server/index.ts": "import { clerkMiddleware } from \"@clerk/express\";\nimport express from \"express\";\n\nexpress().use(clerkMiddleware({ frontendApiProxy: { enabled: true } }));\n",
	}
}

// followsExposedKeys: the default branch has a server that may have given its key away. That is a leak without a key, until somebody says that
// the key is rotated; the upgrade alone only ticks a step.
func (a *audited) followsExposedKeys(t *testing.T) {
	a.onto(proxying("2.0.6", "3.2.2"))
	issue := a.issues(1)[0]
	holds(t, "the issue", issue.Title+issue.Body, "Clerk secret key exposed by GHSA-gjxx-92w9-8v8f", "No key was found in the repository", "Upgrade @clerk/express to 2.0.7 or later.",
		"server/index.ts:4", "as `CLERK_SECRET_KEY`", "`/rekey rotated`")
	a.onto(proxying("2.0.6", "3.2.2"))
	a.filed(1)
	// Said too early: each new key is given away too.
	a.say(issue.Number, "/rekey rotated", a.ada)
	if now := a.issue(issue.Number); now.State != "closed" {
		t.Errorf("rotated, and the issue is %s", now.State)
	}
	a.onto(map[string]string{"README.md": "# Not upgraded\n"})
	if now := a.issue(issue.Number); now.State != "open" || !strings.Contains(now.Comments[len(now.Comments)-1].Body, "the default branch has an affected version") {
		t.Errorf("still affected, and the issue is %s: %+v", now.State, now.Comments)
	}
	// The upgrade is one step of several.
	a.onto(proxying("2.0.7", "3.2.3"))
	now := a.issue(issue.Number)
	holds(t, "the issue after the upgrade", now.Body, "Upgrade: done", "Delete the old key in Clerk")
	if leak, _ := a.leak(issue.Number); now.State != "open" || leak.Kind != respond.ExposedKey || leak.State != respond.Open {
		t.Errorf("upgraded: the issue is %s, the leak %+v", now.State, leak)
	}
	a.say(issue.Number, "/rekey rotated", a.ada)
	a.onto(map[string]string{"README.md": "# Rotated\n"})
	leak, _ := a.leak(issue.Number)
	if now := a.issue(issue.Number); now.State != "closed" || leak.State != respond.Resolved || leak.ClosedBy != a.ada.Login {
		t.Errorf("rotated: the issue is %s, the leak %+v", now.State, leak)
	}
	if asked := a.clerk.Requests(); len(asked) > 0 {
		t.Errorf("Clerk was asked about a key that nobody knows: %q", asked)
	}
	a.filed(1)
}

// keepsAnIssue: one issue has the mistakes on the default branch. What a person closed opens again when others are found, and not before.
func (a *audited) keepsAnIssue(t *testing.T) {
	filed := len(a.shop.Issues())
	a.onto(map[string]string{policyPath: "audit: {issue: true}\nissues: {labels: [security]}\n"})
	a.filed(filed) // there is nothing to say
	a.onto(map[string]string{"Dockerfile": dockerfile})
	number := a.filed(filed + 1)[filed].Number
	is := func(state, title string, parts ...string) {
		t.Helper()
		issue := a.issue(number)
		if issue.State != state || issue.Title != "Clerk configuration: "+title || !slices.Equal(issue.Labels, []string{"security"}) {
			t.Errorf("the issue is %s, %q, %q; want %s, %q", issue.State, issue.Title, issue.Labels, state, title)
		}
		holds(t, "the issue", issue.Body, parts...)
		a.filed(filed + 1)
	}
	is("open", "1 mistake", "Dockerfile:2", "docs/checks/C23.md", "Closed by hand")
	edits := a.issueEdits()
	a.onto(map[string]string{"README.md": "# Nothing of it\n"})
	if n := a.issueEdits() - edits; n != 0 {
		t.Errorf("%d edits by a push that changes nothing of it", n)
	}
	a.took(a.shop.CloseIssue(a.ctx, number, "completed", a.ada))
	a.onto(map[string]string{"Dockerfile": "# The same, a line below.\n" + dockerfile})
	is("closed", "1 mistake", "Dockerfile:3")
	a.onto(map[string]string{"api/views.py": guard})
	is("open", "2 mistakes, 1 critical", "api/views.py:2")
	a.onto(map[string]string{"api/views.py": "# Nothing.\n", "Dockerfile": "FROM node:24\n"})
	is("closed", "no mistakes", "**No mistakes**")
	a.onto(map[string]string{"Dockerfile": dockerfile})
	is("open", "1 mistake", "Dockerfile:2")
	a.onto(map[string]string{policyPath: "audit: {issue: true}\nmode: observe\n", "Dockerfile": "FROM node:24\n"})
	is("open", "1 mistake") // the policy lets nothing be written
}

// checksMergeGroups: as the check can be required, it is there for what a merge queue builds.
func (a *audited) checksMergeGroups(t *testing.T) {
	for name, c := range map[string]struct {
		files             map[string]string
		conclusion, title string
		at                []string
	}{
		"with a mistake": {map[string]string{"deploy/Dockerfile": dockerfile}, "failure", "1 mistake in the Clerk configuration", []string{"deploy/Dockerfile:2"}},
		"without":        {map[string]string{"README.md": "# Queued\n"}, "success", "No mistakes in the Clerk configuration", nil},
	} {
		head := a.commit(a.shop, githubtest.Change{Parents: []string{a.main}, Files: c.files})
		sent, err := a.shop.MergeGroup(a.ctx, "", head, a.ada)
		a.took(sent[len(sent)-1], err)
		a.settle()
		run := a.is(head, c.conclusion, c.title, c.at...)
		if strings.Contains(run.Summary, "pull request") {
			t.Errorf("%s: the summary is about a pull request:\n%s", name, run.Summary)
		}
	}
}

func (a *audited) failsByPolicy(t *testing.T) {
	a.onto(map[string]string{policyPath: "audit: fail\n", "Dockerfile": dockerfile})
	a.is(a.main, "neutral", "1 mistake in the Clerk configuration") // the state fails nobody
	head := a.pull(a.main, map[string]string{"deploy/Dockerfile": dockerfile})
	run := a.is(head, "failure", "1 mistake in the Clerk configuration", "deploy/Dockerfile:2")
	if run.Annotations[0].Level != "failure" {
		t.Errorf("annotation %+v", run.Annotations[0])
	}
	// A check that may be required is there on each pull request.
	head = a.pull(a.main, map[string]string{"README.md": "# Our shop\n"})
	a.is(head, "success", "No mistakes in the Clerk configuration")
}

func (a *audited) neverFailsWhileObserving(t *testing.T) {
	a.onto(map[string]string{policyPath: "audit: fail\nmode: observe\n"})
	head := a.pull(a.main, map[string]string{"deploy/Dockerfile": dockerfile})
	holds(t, "the summary", a.is(head, "neutral", "1 mistake in the Clerk configuration", "deploy/Dockerfile:2").Summary, "only observes")
}

func (a *audited) canBeSwitchedOff(t *testing.T) {
	a.onto(map[string]string{policyPath: "audit: off\n"})
	head := a.pull(a.main, map[string]string{"deploy/Dockerfile": dockerfile})
	a.none(head)
	if state := a.state(); state.Clerk || len(state.Findings) > 0 {
		t.Errorf("kept: %+v", state)
	}
}

// isLockedByTheOrganisation: what the repository's own policy switches off, the organization demands.
func (a *audited) isLockedByTheOrganisation(*testing.T) {
	a.organisation(a.other(".github", true), "lock: [audit]", "audit: fail")
	head := a.pull(a.main, map[string]string{"deploy/Dockerfile": dockerfile, ".env.example": "NEXT_PUBLIC_CLERK_SECRET_KEY=\n"})
	a.is(head, "failure", "2 mistakes in the Clerk configuration", ".env.example:1", "deploy/Dockerfile:2")
	// A file that only got another name brings nothing.
	a.onto(map[string]string{"docker/old.Dockerfile": dockerfile})
	moved := a.commit(a.shop, githubtest.Change{Parents: []string{a.main}, Remove: []string{"docker/old.Dockerfile"}, Files: map[string]string{"docker/new.Dockerfile": dockerfile}})
	a.push(a.shop, "refs/heads/moved", moved)
	_, sent, err := a.shop.OpenPullRequest(a.ctx, githubtest.PullRequestOptions{HeadRef: "moved", BaseRef: "main", Title: "moved", By: a.ada})
	a.took(sent, err)
	a.is(moved, "success", "No new mistakes in the Clerk configuration")
}
