package app

import (
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
)

func TestLock(t *testing.T) {
	together(t, map[string]func(*testing.T){
		"AnAdminTriesEverything": testAnAdminTriesEverything,
		"ABaseToHideBehind":      testABaseToHideBehind,
		"InPublic":               testALockInPublic,
		"Observe":                testObserve,
		"ObserveHere":            testARepositoryObserves,
		"ServerObserves":         testTheServerObserves,
		"Chain":                  testIssuesGoOneStep,
		"LostOrganisation":       testTheOrganisationsPolicyIsLost,
		"Preview":                testAPullRequestSaysWhatItChanges,
		"PreviewForStrangers":    testAForkSaysWhatItChanges,
	})
}

// organisation pushes the policy of the organisation's .github repository.
func (w *world) organisation(r *githubtest.Repository, lines ...string) (sha string) {
	w.t.Helper()
	sha = w.commit(r, githubtest.Change{Files: map[string]string{policyPath: strings.Join(lines, "\n") + "\n"}})
	w.push(r, "refs/heads/main", sha)
	w.settle()
	return sha
}

// testAnAdminTriesEverything: where the organisation locks its settings, nothing that an administrator of a repository puts into its
// policy keeps a production key's check from failing, or its issue from being filed there.
func testAnAdminTriesEverything(t *testing.T) {
	for cases := range slices.Chunk(weakenings(), 7) {
		t.Run(cases[0].name, func(t *testing.T) {
			t.Parallel()
			testAnAdminTries(t, cases)
		})
	}
}

// weakening is a policy with which an administrator of a repository tries to have a key's check pass, or its issue not filed.
type weakening struct {
	name    string
	text    string // KEY stands for the key's fingerprint
	ignored []string
}

// weakenings are those that settings allow which nobody locks, and what looks like them.
func weakenings() []weakening {
	return []weakening{
		{"nobody is told", "notify: []", []string{"notify"}},
		{"fail on nothing", "fail_on: none", []string{"fail_on: none"}},
		{"no issues", "issues: {off: true}", []string{"issues.off: true"}},
		{"issues in the attic", "issues: {repository: acme/attic}", []string{"issues.repository: acme/attic"}},
		{"hardly any issues", "issues: {max_per_hour: 1}", []string{"issues.max_per_hour: 1"}},
		{"no labels", "issues: {labels: [], assignees: []}", []string{"issues.labels"}},
		{"the key", "allow: {fingerprints: [{fingerprint: KEY, reason: mine}]}", []string{"allow.fingerprints"}},
		{"all paths", "allow: {paths: [{path: '**', reason: mine}]}", []string{"allow.paths"}},
		{"nobody asks Clerk", "verify: never", []string{"verify: never"}},
		{"observe", "mode: observe", []string{"mode: observe"}},
		{"unread is neutral", "unread: neutral", []string{"unread: neutral"}},
		{"details", "public: {details: true}", []string{"public.details: true"}},
		{"no lock", "lock: []\nfail_on: none", []string{"fail_on: none"}},
		{"a lock of their own", "lock: [fail_on, mode]\nmode: observe\nfail_on: none", []string{"mode: observe", "fail_on: none"}},
		{"a mistake in the file", "fail_on: [", nil},
		{"in capitals", "FAIL_ON: none\nMode: OBSERVE", nil},
		{"an alias", "mode: &a observe\n<<: {fail_on: none}", nil},
		{"two documents", "fail_on: any\n---\nfail_on: none", nil},
		{"too large", "fail_on: none\n" + strings.Repeat("# more\n", 10_000), nil},
		{"something else besides", "issues: {labels: [mine]}\nfail_on: none", []string{"fail_on: none"}},
		{
			"all at once",
			"lock: []\nmode: observe\nfail_on: none\nverify: never\nunread: neutral\nissues: {off: true, repository: acme/attic, labels: [], max_per_hour: 1}\n" +
				"allow: {fingerprints: [{fingerprint: KEY, reason: mine}], paths: [{path: '**', reason: mine}]}\npublic: {details: true}\nnotify: []",
			[]string{"mode: observe", "fail_on: none", "verify: never", "issues.off: true", "issues.repository", "allow.fingerprints", "allow.paths", "notify"},
		},
	}
}

func testAnAdminTries(t *testing.T, cases []weakening) {
	t.Helper()
	w := newShop(t)
	slack := newReceiver(t, 0)
	w.restart(func() {
		w.flags.NotifyFile = w.file("notify.yml", "- {name: security, format: slack, url: '"+slack.URL+"', accounts: [acme]}")
	})
	w.organisation(w.other(".github", true), "lock: [fail_on, issues, verify, allow, public, unread, mode, notify]", "issues: {labels: [security], max_per_hour: 100}", "notify: [{to: security}]")
	w.accepts(w.other("attic", true), "acme/*")
	fingerprint := func(key string) string { return detect.NewSecret(key).Fingerprint() }
	seed := int64(9000)
	for _, c := range cases {
		seed++
		name := c.name
		key := w.key(seed, detect.Live)
		// The file comes before the key, by who may vouch for it, and once more with the key.
		w.policy(strings.ReplaceAll(c.text, "KEY", fingerprint(key)))
		before, told := w.shop.Issues(), len(first(slack.all()))
		sha := w.pushed(map[string]string{strings.ReplaceAll(name, " ", "-") + ".env": "# " + name + "\n" + env(key)})
		w.settle()
		w.conclusion(sha, "failure")
		issues := w.shop.Issues()
		if len(issues) != len(before)+1 {
			t.Fatalf("%s: %d issues, want one more than %d", name, len(issues), len(before))
		}
		issue := issues[len(before)]
		if !strings.Contains(strings.Join(issue.Labels, " "), "security") {
			t.Errorf("%s: the issue's labels are %q", name, issue.Labels)
		}
		lacks(t, name+", the issue", issue.Body, "doesn't ask Clerk")
		if now := len(first(slack.all())); now != told+1 { // a digest begins after ten in an hour
			t.Errorf("%s: %d notices, want one more than %d", name, now, told)
		}
		run := w.shop.CheckRuns(sha)[0]
		if len(c.ignored) > 0 {
			holds(t, name+", the check", run.Summary, "`acme/.github` locks it")
			holds(t, name+", the check", run.Summary, c.ignored...)
		}
		if len(run.Annotations) != 1 {
			t.Errorf("%s: %d annotations", name, len(run.Annotations))
		}
	}
}

func first[T, U any](t T, _ U) T { return t }

// testABaseToHideBehind: a pull request into a branch that has the key already brings nothing, until it is to be merged into another one.
func testABaseToHideBehind(t *testing.T) {
	w := newShop(t)
	main := w.pushed(map[string]string{"README.md": "shop\n"})
	w.settle()
	leak := w.commit(w.shop, githubtest.Change{Branch: "decoy", Parents: []string{main}, Files: map[string]string{".env": env(w.key(9150, detect.Live))}})
	w.push(w.shop, "refs/heads/decoy", leak)
	w.settle()
	w.conclusion(leak, "failure")
	w.push(w.shop, "refs/heads/patch", leak)
	w.settle()
	head := w.commit(w.shop, githubtest.Change{Branch: "patch", Parents: []string{leak}, Files: map[string]string{"README.md": "hello\n"}})
	w.push(w.shop, "refs/heads/patch", head)
	pull, sent, err := w.shop.OpenPullRequest(w.ctx, githubtest.PullRequestOptions{HeadRef: "patch", BaseRef: "decoy", Title: "Patch"})
	w.took(sent, err)
	w.conclusion(head, "success")
	w.took(pull.Retarget(w.ctx, "main", w.ada))
	w.conclusion(head, "failure")
}

// testALockInPublic: what strangers are told stays what the organisation wants, whatever the repository says.
func testALockInPublic(t *testing.T) {
	w := newShop(t)
	w.organisation(w.other(".github", true), "lock: [public]")
	board := w.other("board", false)
	text, key := w.secret(9100, detect.Live)
	sha := w.commit(board, githubtest.Change{Files: map[string]string{policyPath: "public: {details: true, annotations: true}\n", ".env": env(text)}})
	w.push(board, "refs/heads/main", sha)
	w.settle()
	run := board.CheckRuns(sha)[0]
	if run.Conclusion != "failure" || len(run.Annotations) > 0 {
		t.Errorf("%s with %d annotations", run.Conclusion, len(run.Annotations))
	}
	holds(t, "the check", run.Summary, "public.details: true", "`acme/.github` locks it")
	lacks(t, "the check", run.Title+run.Summary, key.Redacted(), "production")
	lacks(t, "the issue", board.Issues()[0].Title+board.Issues()[0].Body, key.Redacted(), "Clerk")
}

// testObserve: a first week, and what follows when it is over.
func testObserve(t *testing.T) {
	w := newShop(t)
	slack := newReceiver(t, 0)
	w.restart(func() {
		w.flags.NotifyFile = w.file("notify.yml", "- {name: security, format: slack, url: '"+slack.URL+"', accounts: [acme]}")
	})
	github := w.other(".github", true)
	w.organisation(github, "mode: observe", "notify: [{to: security}]", "issues: {max_per_hour: 2}")
	var commits []string
	for seed := int64(9200); seed < 9203; seed++ {
		text, _ := w.secret(seed, detect.Live)
		commits = append(commits, w.pushed(map[string]string{text[len(text)-6:] + ".env": env(text)}))
		w.settle()
	}
	pull := w.commit(w.shop, githubtest.Change{Branch: "patch", Parents: commits[2:], Files: map[string]string{"b.env": env(w.key(9204, detect.Test))}})
	w.push(w.shop, "refs/heads/patch", pull)
	if _, sent, err := w.shop.OpenPullRequest(w.ctx, githubtest.PullRequestOptions{Head: w.shop, HeadRef: "patch", Title: "Patch"}); err != nil || !sent.OK() {
		t.Fatal(sent.Status, err)
	}
	w.settle()
	commits = append(commits, pull)
	for _, sha := range commits {
		w.conclusion(sha, "neutral")
		run := w.shop.CheckRuns(sha)[0]
		holds(t, "the check", run.Title+run.Summary, "leaked", "`acme/.github` sets `mode: observe`")
	}
	w.filed(0)
	if messages, _ := slack.all(); len(messages) != 4 {
		t.Errorf("%d notices, want one for each leak", len(messages))
	}
	// Enforced: as many issues as an hour allows, a summary for the others, and the checks fail.
	w.organisation(github, "mode: enforce", "notify: [{to: security}]", "issues: {max_per_hour: 2}")
	for _, sha := range commits {
		w.conclusion(sha, "failure")
		lacks(t, "the check", w.shop.CheckRuns(sha)[0].Summary, "observe")
	}
	issues := w.filed(3)
	filed := 0
	for _, i := range issues {
		if strings.Contains(i.Title, "secret key") {
			filed++
		}
	}
	if filed != 2 {
		t.Errorf("%d issues of leaks, want the two that an hour allows: %v", filed, titles(issues))
	}
	if messages, _ := slack.all(); len(messages) != 4 {
		t.Errorf("%d notices after the week, want none more", len(messages))
	}
}

func titles(issues []githubtest.Issue) (titles []string) {
	for _, i := range issues {
		titles = append(titles, i.Title)
	}
	return titles
}

// testARepositoryObserves: where nobody locks it, a repository may observe by itself; /rekey and the key's end work as ever.
func testARepositoryObserves(t *testing.T) {
	w := newShop(t)
	sha, key, issue := w.leaked(9300, detect.Live)
	w.conclusion(sha, "failure")
	w.policy("mode: observe")
	w.conclusion(sha, "neutral")
	holds(t, "the check", w.shop.CheckRuns(sha)[0].Summary, "this repository's `.github/rekey.yml` sets `mode: observe`")
	// The issue that is there stays, and closes.
	w.state(issue.Number, "open", respond.Open)
	w.clerk.Delete(key)
	w.say(issue.Number, "/rekey rotated", w.ada)
	w.state(issue.Number, "closed", respond.Revoked)
	w.conclusion(sha, "success")
}

// testTheServerObserves: a server's policy changes with a restart.
func testTheServerObserves(t *testing.T) {
	w := newShop(t)
	w.restart(func() { w.flags.PolicyFile = w.file("rekey.yml", "mode: observe") })
	text, _ := w.secret(9400, detect.Live)
	sha := w.pushed(map[string]string{".env": env(text)})
	w.settle()
	w.conclusion(sha, "neutral")
	holds(t, "the check", w.shop.CheckRuns(sha)[0].Summary, "the rekey server's policy sets `mode: observe`")
	w.filed(0)
	w.restart(func() { w.flags.PolicyFile = "" })
	w.eventually("the issue", func() bool { return len(w.shop.Issues()) == 1 })
	w.settle()
	w.conclusion(sha, "failure")
}

// testIssuesGoOneStep: where two repositories send their issues to each other, each goes one step, and no further.
func testIssuesGoOneStep(t *testing.T) {
	w := newShop(t)
	security := w.other("security", true)
	w.policy("issues: {repository: acme/security, accepts: [acme/security]}")
	w.organisation(security, "issues: {repository: acme/shop, accepts: [acme/shop]}")
	w.policy("issues: {repository: acme/security, accepts: [acme/security]} # both know of each other")
	ours, _ := w.secret(9500, detect.Live)
	theirs, _ := w.secret(9501, detect.Live)
	w.pushed(map[string]string{".env": env(ours)})
	w.push(security, "refs/heads/main", w.commit(security, githubtest.Change{Files: map[string]string{".env": env(theirs)}}))
	w.settle()
	if here, there := w.shop.Issues(), security.Issues(); len(here) != 1 || len(there) != 1 ||
		!strings.Contains(here[0].Body, "acme/security") || !strings.Contains(there[0].Body, "acme/shop") {
		t.Errorf("%d issues here and %d there", len(w.shop.Issues()), len(security.Issues()))
	}
}

// testTheOrganisationsPolicyIsLost: an organisation's policy goes on to apply when its file is spoilt and when the App does not reach it
// any more, and checks say so.
func testTheOrganisationsPolicyIsLost(t *testing.T) {
	w := newShop(t)
	github := w.other(".github", true)
	w.organisation(github, "lock: [fail_on]")
	w.policy("fail_on: none")
	leak := func(seed int64) githubtest.CheckRun {
		t.Helper()
		sha, _, _ := w.leaked(seed, detect.Live)
		w.conclusion(sha, "failure")
		return w.shop.CheckRuns(sha)[0]
	}
	leak(9600)
	spoilt := w.organisation(github, "lock: [")
	run := github.CheckRuns(spoilt)[0]
	holds(t, "the check of the commit", run.Title+run.Summary, "invalid", "the last valid version applies in all repositories of `acme`")
	holds(t, "the check", leak(9601).Summary, "The policy in `acme/.github` can't be used:", "it has an error", "The last valid version")
	w.took(w.app.Remove(w.ctx, w.ada, github), nil)
	w.shop.SetRole(w.ada, "admin")
	w.policy("fail_on: none # again")
	holds(t, "the check", leak(9602).Summary, "can't access the repository", "The last valid version")
}

// testAPullRequestSaysWhatItChanges: also after a later push to it, and with what the organisation locks; of other pull requests nothing.
func testAPullRequestSaysWhatItChanges(t *testing.T) {
	w := newShop(t)
	organisation := w.other(".github", true)
	w.organisation(organisation, "lock: [fail_on]")
	w.leaked(9700, detect.Test)
	base := w.policy("fail_on: any")
	const title = "This commit's `.github/rekey.yml` differs from the default branch's. When it is merged:"
	pull := func(r *githubtest.Repository, branch string, files ...map[string]string) (run githubtest.CheckRun) {
		t.Helper()
		at, opened := "", false
		if r == w.shop {
			at = base
		}
		for _, some := range files {
			change := githubtest.Change{Branch: branch, Files: some}
			if at != "" {
				change.Parents = []string{at}
			}
			at = w.commit(r, change)
			w.push(r, "refs/heads/"+branch, at)
			if !opened {
				if _, sent, err := r.OpenPullRequest(w.ctx, githubtest.PullRequestOptions{HeadRef: branch, Title: branch}); err != nil || !sent.OK() {
					t.Fatal(sent.Status, err)
				}
				opened = true
			}
			w.settle()
		}
		return r.CheckRuns(at)[0]
	}
	weaker := func(reason string) map[string]string { // each in a commit of its own
		return map[string]string{policyPath: "fail_on: none\nallow: {paths: [{path: '**', reason: " + reason + "}]}\nlock: [allow]\n"}
	}
	for name, run := range map[string]githubtest.CheckRun{
		"the first push": pull(w.shop, "one", weaker("mine")),
		"a later push":   pull(w.shop, "two", weaker("made up"), map[string]string{"README.md": "more\n"}),
	} {
		if run.Conclusion != "success" {
			t.Errorf("%s: %s", name, run.Conclusion)
		}
		holds(t, name, run.Summary, title, "`fail_on`: stays `any`; `none` has no effect, because `acme/.github` locks it",
			"`allow.paths`: `none` → `1 entry`", "It allows 1 credential that is an open leak now.", "`lock` has no effect in a repository's own file")
	}
	w.github.ForgetRequests()
	lacks(t, "another pull request", pull(w.shop, "three", map[string]string{"README.md": "most\n"}).Summary, "### Policy")
	for _, r := range w.github.Requests() {
		if strings.Contains(r.Path, "/contents/") {
			t.Errorf("a pull request that leaves the policy alone asks for %s", r.Path)
		}
	}
	holds(t, "the organisation's", pull(organisation, "four", map[string]string{policyPath: "fail_on: none\n"}).Summary,
		title, "`lock`: `fail_on` → nothing", "`fail_on`: `any` → `none`", "It applies to 2 repositories, with 1 open leak.")
	// Merged, the check of the default branch's commit says what counts, and nothing of what would be.
	merged := w.policy("fail_on: none", "lock: [fail_on]")
	summary := w.shop.CheckRuns(merged)[0].Summary
	lacks(t, "the merged commit", summary, "When it is merged")
	holds(t, "the merged commit", summary, "`lock` has no effect", "because `acme/.github` locks it: `fail_on: none`")
}

// testAForkSaysWhatItChanges: a fork's pull request, whose author is told nothing of leaks that are open.
func testAForkSaysWhatItChanges(t *testing.T) {
	w := newShop(t)
	board := w.other("board", false)
	text, _ := w.secret(9800, detect.Test)
	w.push(board, "refs/heads/main", w.commit(board, githubtest.Change{Files: map[string]string{".env": env(text)}}))
	w.settle()
	mallory := w.github.User("mallory")
	fork, err := board.Fork(mallory)
	if err != nil {
		t.Fatal(err)
	}
	main, err := board.Tip("refs/heads/main")
	if err != nil {
		t.Fatal(err)
	}
	pull := func(branch string, files map[string]string) githubtest.CheckRun {
		t.Helper()
		sha := w.commit(fork, githubtest.Change{Branch: branch, Parents: []string{main}, Files: files, Author: mallory})
		if err := fork.SetRef("refs/heads/"+branch, sha); err != nil {
			t.Fatal(err)
		}
		w.github.ForgetRequests()
		_, sent, err := board.OpenPullRequest(w.ctx, githubtest.PullRequestOptions{Head: fork, HeadRef: branch, Title: branch, By: mallory})
		w.took(sent, err)
		return board.CheckRuns(sha)[0]
	}
	run := pull("weaker", map[string]string{policyPath: "fail_on: none\nallow: {paths: [{path: '**', reason: mine}]}\n"})
	holds(t, "the check", run.Summary, "When it is merged:", "`fail_on`: `any` → `none`", "`allow.paths`: `none` → `1 entry`")
	lacks(t, "the check", run.Summary, "open leak", "credential that")
	lacks(t, "the check of another", pull("other", map[string]string{"README.md": "hello\n"}).Summary, "### Policy")
	asked := 0
	for _, r := range w.github.Requests() {
		if strings.Contains(r.Path, "/contents/") {
			asked++
		}
	}
	if asked > 2 {
		t.Errorf("a fork's pull request that leaves the policy alone takes %d requests for files", asked)
	}
}
