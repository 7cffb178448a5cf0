package app

import (
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
)

// TestTheCheckOfAHeadFailsWhoeverReadItsCommitsFirst loses deliveries of pushes that leak. What they brought is read for other
// refs, and lands on the default branch; then they come at last, or somebody asks for the check.
func TestTheCheckOfAHeadFailsWhoeverReadItsCommitsFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	base := w.pushed(map[string]string{"README.md": "# Shop\n"})
	w.check(w.shop, base)
	old := w.commit(w.shop, githubtest.Change{Parents: []string{base}, Files: map[string]string{"a.env": env(w.key(140, detect.Live))}})
	upon := w.commit(w.shop, githubtest.Change{Parents: []string{old}, Files: map[string]string{"a": "1"}})
	branch := w.lost("refs/heads/feature", upon)
	other := w.commit(w.shop, githubtest.Change{Parents: []string{upon}, Files: map[string]string{"b.env": env(w.key(141, detect.Live))}})
	tag := w.lost("refs/tags/v1", other)
	last := w.commit(w.shop, githubtest.Change{Parents: []string{other}, Files: map[string]string{"c": "2"}})
	w.push(w.shop, "refs/heads/other", last)
	w.concludes(last, "failure")
	merged := w.commit(w.shop, githubtest.Change{Parents: []string{last}, Files: map[string]string{"d": "3"}})
	w.push(w.shop, "refs/heads/main", merged)
	w.concludes(merged, "failure")
	w.issues(2)

	w.redeliver(branch)
	w.concludes(upon, "failure")
	w.redeliver(tag)
	w.concludes(other, "failure")

	// A branch that is made of what others pushed brings nothing.
	clean := w.commit(w.shop, githubtest.Change{Parents: []string{last}, Files: map[string]string{"e": "4"}})
	w.push(w.shop, "refs/heads/clean", clean)
	w.concludes(clean, "success")
	w.issues(2)
}

// TestAChecksRangeIsThatOfItsPush asks for the check of a push that was lost, when all it brought was merged.
func TestAChecksRangeIsThatOfItsPush(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	base := w.pushed(map[string]string{"README.md": "# Shop\n"})
	w.check(w.shop, base)
	leaking := w.commit(w.shop, githubtest.Change{Parents: []string{base}, Files: map[string]string{".env": env(w.key(142, detect.Live))}})
	upon := w.commit(w.shop, githubtest.Change{Parents: []string{leaking}, Files: map[string]string{"a": "1"}})
	w.lost("refs/heads/main", upon)
	merged := w.commit(w.shop, githubtest.Change{Parents: []string{upon}, Files: map[string]string{"b": "2"}})
	w.push(w.shop, "refs/heads/main", merged)
	w.concludes(merged, "failure")
	if _, err := w.shop.RerequestSuite(w.ctx, upon, w.ada); err != nil {
		t.Fatal(err)
	}
	w.concludes(upon, "failure")
	w.issues(1)
}

// TestAPullRequestAndAMergeGroupComeLate loses all that was said of a branch until it is merged.
func TestAPullRequestAndAMergeGroupComeLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	base := w.pushed(map[string]string{"README.md": "# Shop\n"})
	w.check(w.shop, base)
	leaking := w.commit(w.shop, githubtest.Change{Parents: []string{base}, Files: map[string]string{".env": env(w.key(143, detect.Live))}})
	upon := w.commit(w.shop, githubtest.Change{Parents: []string{leaking}, Files: map[string]string{"a": "1"}})
	queued := w.commit(w.shop, githubtest.Change{Parents: []string{base, upon}, Files: map[string]string{"b": "2"}})
	w.lost("refs/heads/feature", upon)
	w.github.SetWebhookURL(nobody)
	_, pull, err := w.shop.OpenPullRequest(w.ctx, githubtest.PullRequestOptions{HeadRef: "feature", By: w.ada})
	if err != nil {
		t.Fatal(err)
	}
	group, err := w.shop.MergeGroup(w.ctx, "", queued, w.ada)
	if err != nil {
		t.Fatal(err)
	}
	w.github.SetWebhookURL(w.url("/webhook"))
	merged := w.commit(w.shop, githubtest.Change{Parents: []string{queued}, Files: map[string]string{"c": "3"}})
	w.push(w.shop, "refs/heads/main", merged)
	w.concludes(merged, "failure")
	w.redeliver(pull)
	w.concludes(upon, "failure")
	w.redeliver(group[len(group)-1])
	w.concludes(queued, "failure")
	w.issues(1)
}

// concludes waits for the check run of a commit, which is the only one, and demands its conclusion.
func (w *world) concludes(sha, want string) {
	w.t.Helper()
	if run := w.check(w.shop, sha); run.Conclusion != want {
		w.t.Errorf("the check run of %s: %s, want %s", sha, run.Conclusion, want)
	}
}
