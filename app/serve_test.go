package app

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

func env(key string) string { return "CLERK_SECRET_KEY=" + key + "\n" }

func TestPushWithALeak(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	clean := w.pushed(map[string]string{"README.md": "# Shop\n"})
	if run := w.check(w.shop, clean); run.Conclusion != "success" {
		t.Errorf("clean push: %s, %s", run.Conclusion, run.Title)
	}
	key := w.key(1, detect.Live)
	leaking := w.pushed(map[string]string{"deploy/.env": "A=1\n" + env(key)})
	run := w.check(w.shop, leaking)
	if run.Conclusion != "failure" || !slices.Equal(places(run), []string{"deploy/.env:2:18"}) {
		t.Errorf("leaking push: %s at %v", run.Conclusion, places(run))
	}
	issue := w.issues(1)[0]
	redacted := detect.NewSecret(key).Redacted()
	if !strings.Contains(issue.Title, redacted) || !strings.Contains(issue.Body, "deploy/.env") {
		t.Errorf("issue %q does not say what leaked and where", issue.Title)
	}
	// The check run names the issue once there is one.
	w.eventually("the check run to name the issue", func() bool {
		return strings.Contains(w.shop.CheckRuns(leaking)[0].Summary, fmt.Sprintf("/issues/%d", issue.Number))
	})
	w.holdsNoKey()
}

func TestKeysInMessagesPathsAndNamesAreNotWrittenDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	key := w.key(2, detect.Live)
	sha := w.commit(w.shop, githubtest.Change{
		Author: &githubtest.Account{ID: 77, Login: "kim-" + key, Type: "User"}, Message: "Set " + env(key),
		Files: map[string]string{"keys/" + key + ".txt": env(key)},
	})
	w.push(w.shop, "refs/heads/main", sha)
	run := w.check(w.shop, sha)
	redacted := detect.NewSecret(key).Redacted()
	place := "keys/" + redacted + ".txt:1"
	if run.Conclusion != "failure" || !slices.Equal(places(run), []string{place + ":18"}) {
		t.Errorf("%s at %v", run.Conclusion, places(run))
	}
	// Where the key is, is said nevertheless.
	issue := w.issues(1)[0]
	holds(t, "the check", run.Summary, "message of [`"+sha[:7]+"`]", "[`"+place+"`]", "`kim-"+redacted+"`")
	holds(t, "the issue", issue.Title+issue.Body, redacted, "message of [`"+sha[:7]+"`]", "`"+place+"`")
	lacks(t, "the check", run.Title+run.Summary+run.Text, key)
	lacks(t, "the issue", issue.Title+issue.Body, key)
	w.holdsNoKey()
}

func TestKeyRemovedLaterInTheSamePush(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.check(w.shop, w.pushed(map[string]string{"README.md": "# Shop\n"}))
	key := w.key(3, detect.Live)
	leaking := w.commit(w.shop, githubtest.Change{Files: map[string]string{".env": env(key)}})
	removed := w.commit(w.shop, githubtest.Change{Parents: []string{leaking}, Remove: []string{".env"}})
	w.push(w.shop, "refs/heads/main", removed)
	run := w.check(w.shop, removed)
	if run.Conclusion != "failure" || len(run.Annotations) != 0 {
		t.Errorf("%s with %d annotations, want failure with none", run.Conclusion, len(run.Annotations))
	}
	for _, want := range []string{".env", leaking[:7], "isn't enough"} {
		if !strings.Contains(run.Summary, want) {
			t.Errorf("the summary lacks %q:\n%s", want, run.Summary)
		}
	}
	w.issues(1)
}

func TestBranches(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	first := w.pushed(map[string]string{"README.md": "# Shop\n"})
	w.check(w.shop, first)

	// A new branch: only what is new on it is read.
	key := w.key(4, detect.Test)
	feature := w.commit(w.shop, githubtest.Change{Parents: []string{first}, Files: map[string]string{"a.env": env(key)}})
	w.push(w.shop, "refs/heads/feature", feature)
	if run := w.check(w.shop, feature); run.Conclusion != "failure" || len(run.Annotations) != 1 {
		t.Errorf("new branch: %s", run.Conclusion)
	}

	// Forced: the branch moves to a commit beside; the old key is no part of it, a new one is.
	other := w.key(5, detect.Test)
	forced := w.commit(w.shop, githubtest.Change{Parents: []string{first}, Files: map[string]string{"b.env": env(other)}})
	w.push(w.shop, "refs/heads/feature", forced)
	if run := w.check(w.shop, forced); !slices.Equal(places(run), []string{"b.env:1:18"}) {
		t.Errorf("forced push: annotations at %v", places(run))
	}
	w.issues(2)

	// Deleted: answered, and nothing else happens.
	w.github.ForgetRequests()
	w.push(w.shop, "refs/heads/feature", "")
	w.settle()
	if n := len(w.github.Requests()); n != 0 {
		t.Errorf("a deleted branch caused %d requests", n)
	}
}

func TestNewBranchAtAnOldCommitKeepsItsCheckRed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	leaking := w.pushed(map[string]string{".env": env(w.key(6, detect.Live))})
	w.check(w.shop, leaking)
	w.check(w.shop, w.pushed(map[string]string{"README.md": "later\n"}))
	// The tips that are known hold all of it, so that the pack is empty.
	w.push(w.shop, "refs/heads/again", leaking)
	w.settle()
	if run := w.check(w.shop, leaking); run.Conclusion != "failure" {
		t.Errorf("the check of a leaking commit became %s by a push of another branch", run.Conclusion)
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	first := w.pushed(map[string]string{"README.md": "# Shop\n"})
	w.check(w.shop, first)
	side := w.commit(w.shop, githubtest.Change{Parents: []string{first}, Files: map[string]string{".env": env(w.key(7, detect.Live))}})
	tag, err := w.shop.Tag("v1", side, "First release", w.ada)
	if err != nil {
		t.Fatal(err)
	}
	w.push(w.shop, "refs/tags/v1", tag)
	if run := w.check(w.shop, side); run.Conclusion != "failure" || len(run.Annotations) != 1 {
		t.Errorf("annotated tag: %s at %v", run.Conclusion, places(run))
	}
	w.issues(1)
}

func TestPullRequestFromAFork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.check(w.shop, w.pushed(map[string]string{"README.md": "# Shop\n"}))
	fork, err := w.shop.Fork(w.sam)
	if err != nil {
		t.Fatal(err)
	}
	base, err := w.shop.Tip("refs/heads/main")
	if err != nil {
		t.Fatal(err)
	}
	open := func(seed int64, parent string) string {
		sha := w.commit(fork, githubtest.Change{
			Branch: "patch", Parents: []string{parent}, Author: w.sam,
			Files: map[string]string{fmt.Sprintf("%d.ts", seed): "const k = '" + w.key(seed, detect.Test) + "'\n"},
		})
		if _, err := fork.Push(w.ctx, githubtest.Push{Ref: "refs/heads/patch", SHA: sha, By: w.sam}); err != nil {
			t.Fatal(err)
		}
		return sha
	}
	head := open(8, base)
	if _, _, err := w.shop.OpenPullRequest(w.ctx, githubtest.PullRequestOptions{Head: fork, HeadRef: "patch", Title: "Patch"}); err != nil {
		t.Fatal(err)
	}
	if run := w.check(w.shop, head); run.Conclusion != "failure" || !slices.Equal(places(run), []string{"8.ts:1:12"}) {
		t.Errorf("opened: %s at %v", run.Conclusion, places(run))
	}
	// Synchronised: all that the pull request brings counts, not only the last commit.
	head = open(9, head)
	if run := w.check(w.shop, head); !slices.Equal(places(run), []string{"8.ts:1:12", "9.ts:1:12"}) {
		t.Errorf("synchronised: annotations at %v", places(run))
	}
}

func TestMergeGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	old := w.pushed(map[string]string{"old.env": env(w.key(9, detect.Test))})
	w.check(w.shop, old)
	w.issues(1)
	group := func(parent string, files map[string]string) (string, githubtest.CheckRun) {
		head := w.commit(w.shop, githubtest.Change{Parents: []string{parent}, Files: files})
		w.github.ForgetRequests()
		sent, err := w.shop.MergeGroup(w.ctx, "", head, w.ada)
		if err != nil || len(sent) == 0 {
			t.Fatalf("%d deliveries: %v", len(sent), err)
		}
		for _, d := range sent {
			if !d.OK() {
				t.Fatalf("%s was answered %d", d.Event, d.Status)
			}
		}
		return head, w.check(w.shop, head)
	}
	// What the group brings counts, and nothing that was there before.
	head, run := group(old, map[string]string{".env": env(w.key(10, detect.Live))})
	if run.Conclusion != "failure" || !slices.Equal(places(run), []string{".env:1:18"}) {
		t.Errorf("a group with a leak: %s at %v", run.Conclusion, places(run))
	}
	issue := w.issues(2)[1]
	holds(t, "the issue", issue.Body, ".env", head[:7])
	holds(t, "the check", w.shop.CheckRuns(head)[0].Summary, fmt.Sprintf("/issues/%d", issue.Number))
	w.view(func(ctx context.Context, tx *ledger.Tx) error {
		scans, err := tx.Scans(ctx, w.shop.ID(), head)
		ours := func(s respond.Scan) bool {
			return s.Trigger == respond.TriggerMergeGroup && s.Base == old && s.Commits == 1
		}
		if !slices.ContainsFunc(scans, ours) { // beside that of the push of its branch
			t.Errorf("the group itself was not read: %+v", scans)
		}
		return err
	})
	_, clean := group(old, map[string]string{"a.go": "package a\n"})
	if clean.Conclusion != "success" || len(clean.Annotations) != 0 {
		t.Errorf("a clean group: %s at %v", clean.Conclusion, places(clean))
	}
	lacks(t, "the check of a clean group", clean.Title+clean.Summary, "till open") // that is for the default branch
	w.issues(2)
}

func TestRerequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	leaking := w.pushed(map[string]string{".env": env(w.key(11, detect.Live))})
	run := w.check(w.shop, leaking)
	w.issues(1)
	for name, again := range map[string]func() (githubtest.Delivery, error){
		"check run":   func() (githubtest.Delivery, error) { return w.shop.Rerequest(w.ctx, run.ID, w.ada) },
		"check suite": func() (githubtest.Delivery, error) { return w.shop.RerequestSuite(w.ctx, leaking, w.ada) },
		"button":      func() (githubtest.Delivery, error) { return w.shop.PressButton(w.ctx, run.ID, "rescan", w.ada) },
	} {
		w.github.ForgetRequests()
		if sent, err := again(); err != nil || sent.Status != http.StatusAccepted {
			t.Fatalf("%s: answered %d, %v", name, sent.Status, err)
		}
		w.eventually(name+" to be read again", func() bool { return w.github.Count(githubtest.Git) > 0 })
		if run := w.check(w.shop, leaking); run.Conclusion != "failure" || len(run.Annotations) != 1 {
			t.Errorf("%s: %s with %d annotations", name, run.Conclusion, len(run.Annotations))
		}
	}
	w.issues(1)
}

func TestInstallationReadsTheWholePast(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	umbrella := w.github.Organization("umbrella")
	old, err := w.github.CreateRepository(umbrella, "old", githubtest.RepositoryOptions{Private: true})
	if err != nil {
		t.Fatal(err)
	}
	leaking := w.commit(old, githubtest.Change{Files: map[string]string{".env": env(w.key(12, detect.Live))}})
	removed := w.commit(old, githubtest.Change{Parents: []string{leaking}, Remove: []string{".env"}})
	if err := old.SetRef("refs/heads/main", removed); err != nil {
		t.Fatal(err)
	}
	w.github.Install(w.ctx, umbrella, w.ada)
	w.eventually("the issue of the old leak", func() bool { return len(old.Issues()) == 1 })
	w.settle()
	if runs := old.CheckRuns(removed); len(runs) != 0 {
		t.Errorf("the backfill made %d check runs", len(runs))
	}
	w.holdsNoKey()
}

func TestSweepReadsWhatMovedWithoutAnEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	first := w.pushed(map[string]string{"README.md": "# Shop\n"})
	w.check(w.shop, first)
	// More than three tags in one push send no event.
	leaking := w.commit(w.shop, githubtest.Change{Parents: []string{first}, Files: map[string]string{".env": env(w.key(17, detect.Live))}})
	tag, err := w.shop.Tag("v4", leaking, "Fourth", w.ada)
	if err != nil {
		t.Fatal(err)
	}
	for name, sha := range map[string]string{"v1": first, "v2": first, "v3": first, "v4": tag} {
		if err := w.shop.SetRef("refs/tags/"+name, sha); err != nil {
			t.Fatal(err)
		}
	}
	err = w.server.Store().Update(w.ctx, func(ctx context.Context, tx *ledger.Tx) error {
		return tx.Enqueue(ctx, job.Sweep{Repository: w.shop.ID()}, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	if run := w.check(w.shop, leaking); run.Conclusion != "failure" || len(run.Annotations) != 1 {
		t.Errorf("check run: %s at %v", run.Conclusion, places(run))
	}
	w.issues(1)
}

func TestUninstallForgets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.check(w.shop, w.pushed(map[string]string{".env": env(w.key(13, detect.Live))}))
	w.issues(1)
	w.app.Uninstall(w.ctx, w.ada)
	w.settle()
	w.github.ForgetRequests()
	if _, err := w.shop.Push(w.ctx, githubtest.Push{SHA: w.commit(w.shop, githubtest.Change{Files: map[string]string{"x": "y"}})}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if n := len(w.github.Requests()); n != 0 {
		t.Errorf("%d requests after the App was uninstalled", n)
	}
	if stats := w.stats(); !w.forgot() || len(stats.Leaks) != 0 {
		t.Errorf("the repository is known: %v, leaks: %v", !w.forgot(), stats.Leaks)
	}
}

func TestManyAnnotations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	const n = 120
	var lines strings.Builder
	for i := range n {
		lines.WriteString(env(w.key(int64(1000+i), detect.Test)))
	}
	sha := w.pushed(map[string]string{"all.env": lines.String()})
	if run := w.check(w.shop, sha); len(run.Annotations) != n {
		t.Errorf("%d annotations, want %d", len(run.Annotations), n)
	}
}

func TestInlineAllowSilencesTestKeysOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	test := w.pushed(map[string]string{"a.env": "CLERK_SECRET_KEY=" + w.key(14, detect.Test) + " # rekey:allow fixture\n"})
	if run := w.check(w.shop, test); run.Conclusion != "success" || !strings.Contains(run.Title+run.Summary, "allow") {
		t.Errorf("allowed test key: %s, %q", run.Conclusion, run.Title)
	}
	live := w.pushed(map[string]string{"b.env": "CLERK_SECRET_KEY=" + w.key(15, detect.Live) + " # rekey:allow\n"})
	if run := w.check(w.shop, live); run.Conclusion != "failure" {
		t.Errorf("allowed production key: %s", run.Conclusion)
	}
	w.issues(1)
}

func TestPublishableKeysNameTheInstance(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	sha := w.pushed(map[string]string{".env": "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY=" +
		detecttest.PublishableKey(detect.Test, "happy-otter-12.clerk.accounts.dev") + "\n" + env(w.key(16, detect.Test))})
	if run := w.check(w.shop, sha); !strings.Contains(run.Summary, "happy-otter-12.clerk.accounts.dev") {
		t.Errorf("the check does not name the instance:\n%s", run.Summary)
	}
	if body := w.issues(1)[0].Body; !strings.Contains(body, "happy-otter-12.clerk.accounts.dev") {
		t.Error("the issue does not name the instance")
	}
}
