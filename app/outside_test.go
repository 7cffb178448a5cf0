package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
)

func TestOutside(t *testing.T) {
	together(t, map[string]func(*testing.T){
		"CheckOnlyUntilTriage": testStrangersPullRequestIsCheckedOnly,
		"CheckOnlyUntilMerge":  testStrangersPullRequestIsMerged,
		"WriteAccess":          testPullRequestOfAWriter,
		"ChangesNothingOfOurs": testStrangersChangeNothingOfOurs,
	})
}

// pullFrom opens a pull request from a fork, with files.
func (w *world) pullFrom(by *githubtest.Account, files map[string]string) (head string, pr *githubtest.PullRequest) {
	w.t.Helper()
	fork, err := w.shop.Fork(by)
	if err != nil {
		w.t.Fatal(err)
	}
	base, err := w.shop.Tip("refs/heads/main")
	if err != nil {
		w.t.Fatal(err)
	}
	head = w.commit(fork, githubtest.Change{Branch: "patch", Parents: []string{base}, Author: by, Files: files})
	if _, err := fork.Push(w.ctx, githubtest.Push{Ref: "refs/heads/patch", SHA: head, By: by}); err != nil {
		w.t.Fatal(err)
	}
	pr, sent, err := w.shop.OpenPullRequest(w.ctx, githubtest.PullRequestOptions{Head: fork, HeadRef: "patch", Title: "Patch", By: by})
	w.took(sent, err)
	return head, pr
}

// notified makes a shop whose policy notifies a target.
func (w *world) notified() (told func() []string) {
	w.t.Helper()
	slack := newReceiver(w.t, 0)
	w.restart(func() {
		w.flags.NotifyFile = w.file("notify.yml", "- {name: team, format: slack, accounts: [acme], url: '"+slack.URL+"'}")
	})
	w.policy("notify: [{to: team}]", "issues: {max_per_hour: 5}")
	return func() []string { all, _ := slack.all(); return all }
}

func testStrangersPullRequestIsCheckedOnly(t *testing.T) {
	w := newShop(t)
	told := w.notified()
	files := map[string]string{}
	for seed := range int64(9) {
		text, _ := w.secret(300+seed, detect.Live)
		files[fmt.Sprintf("%d.env", seed)] = env(text)
	}
	head, pr := w.pullFrom(w.sam, files)
	run := w.shop.CheckRuns(head)[0]
	if run.Conclusion != "failure" || len(run.Annotations) != 9 {
		t.Errorf("%s with %d annotations", run.Conclusion, len(run.Annotations))
	}
	holds(t, "the check", run.Summary, "/rekey triage", "can't write to this repository")
	if labels := buttons(run); !slices.Equal(labels, []string{"triage", "not-a-secret", "rescan"}) {
		t.Errorf("buttons %v", labels)
	}
	untouched := func(when string) {
		t.Helper()
		if n := len(w.shop.Issues()); n != 0 || len(told()) != 0 || len(w.clerk.Requests()) != 0 {
			t.Fatalf("%s: %d issues, %d notices, %d questions to Clerk", when, n, len(told()), len(w.clerk.Requests()))
		}
	}
	untouched("opened")
	// Read again by somebody who may, it is still the stranger's; and a stranger's word admits nothing.
	w.took(w.shop.Rerequest(w.ctx, run.ID, w.ada))
	w.took(pr.Comment(w.ctx, "/rekey triage", w.sam), nil)
	w.took(pr.Comment(w.ctx, "please /rekey triage", w.ada), nil)
	w.took(pr.Comment(w.ctx, "/rekey rotated", w.ada), nil)
	untouched("after a stranger's word")

	w.took(pr.Comment(w.ctx, "/rekey triage", w.ada), nil)
	if n := len(w.shop.Issues()); n != 6 { // five, and the one that stands for the others
		t.Errorf("%d issues after /rekey triage, want 6", n)
	}
	if len(told()) == 0 {
		t.Error("nobody was notified after /rekey triage")
	}
	holds(t, "the check", w.shop.CheckRuns(head)[0].Summary, "The issue has the steps")
	w.holdsNoKey()
}

func buttons(run githubtest.CheckRun) (ids []string) {
	for _, a := range run.Actions {
		ids = append(ids, a.Identifier)
	}
	return ids
}

func testStrangersPullRequestIsMerged(t *testing.T) {
	w := newShop(t)
	told := w.notified()
	text, _ := w.secret(320, detect.Live)
	head, _ := w.pullFrom(w.sam, map[string]string{"a.env": env(text)})
	w.filed(0)
	// As "Rebase and merge" leaves it: the very commit becomes the branch's tip.
	w.push(w.shop, "refs/heads/main", head)
	w.settle()
	issue := w.filed(1)[0]
	holds(t, "the issue", issue.Body, "a.env")
	if len(told()) != 1 {
		t.Errorf("%d notices, want 1", len(told()))
	}
	run := w.shop.CheckRuns(head)[0]
	lacks(t, "the check", run.Summary, "/rekey triage")
	holds(t, "the check", run.Summary, fmt.Sprintf("/issues/%d", issue.Number))
}

func testPullRequestOfAWriter(t *testing.T) {
	w := newShop(t)
	w.pushed(map[string]string{"README.md": "# Shop\n"})
	w.settle()
	kim := w.github.User("kim")
	w.shop.SetRole(kim, "write")
	text, _ := w.secret(330, detect.Test)
	w.pullFrom(kim, map[string]string{"a.env": env(text)})
	w.filed(1)
	// Who may only read is a stranger, whatever the organisation says.
	lee := w.github.User("lee")
	w.shop.SetRole(lee, "read")
	text, _ = w.secret(331, detect.Test)
	head, _ := w.pullFrom(lee, map[string]string{"b.env": env(text)})
	w.filed(1)
	w.conclusion(head, "failure")
	// The button does what the comment does.
	w.took(w.shop.PressButton(w.ctx, w.shop.CheckRuns(head)[0].ID, "triage", w.ada))
	w.filed(2)
}

func testStrangersChangeNothingOfOurs(t *testing.T) {
	w := newShop(t)
	w.policy("verify: never", "allow: {paths: [{path: 'fixtures/**', reason: 'made up'}]}")
	_, _, open := w.leaked(340, detect.Test)
	_, _, closed := w.leaked(341, detect.Live)
	w.say(closed.Number, "/rekey rotated", w.ada)
	before := w.shop.Issues()
	head, _ := w.pullFrom(w.sam, map[string]string{
		"again.env": "# again\n" + env(w.keys[0]), "other.env": "# other\n" + env(w.keys[1]), "fixtures/x.env": env(w.key(342, detect.Test)),
	})
	for i, was := range before {
		if is := w.shop.Issues()[i]; is.Body != was.Body || is.State != was.State || len(is.Comments) != len(was.Comments) {
			t.Errorf("a stranger's pull request changed issue %d", is.Number)
		}
	}
	w.conclusion(head, "failure")
	holds(t, "the check", w.shop.CheckRuns(head)[0].Summary, fmt.Sprintf("/issues/%d", open.Number))
	// What the policy allowed there counts for nothing where nothing allows it.
	w.pushed(map[string]string{"src/x.env": env(w.keys[2])})
	w.settle()
	if n := len(w.shop.Issues()); n != 3 {
		t.Errorf("%d issues, want 3", n)
	}
	if strings.Contains(w.shop.Issues()[2].Body, "fixtures/x.env") {
		t.Error("the issue names the place outside")
	}
}
