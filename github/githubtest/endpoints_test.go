package githubtest_test

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/google/go-github/v62/github"
	"go.uber.org/goleak"

	"github.com/rekey-app/rekey/github/githubtest"
)

// TestEndpoints asks what the other tests do not ask.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{Quiet: true}))
	ctx := t.Context()
	app, c := b.asApp(), b.rest(nil)
	must := func(what string, good bool, err error) {
		t.Helper()
		if err != nil || !good {
			t.Errorf("%s: %v", what, err)
		}
	}
	self, _, err := app.Apps.Get(ctx, "")
	must("app", self.GetID() == b.AppID() && self.GetSlug() == "rekey", err)
	all, _, err := app.Apps.ListInstallations(ctx, nil)
	must("installations", len(all) == 1 && all[0].GetAccount().GetLogin() == "acme", err)
	one, _, err := app.Apps.GetInstallation(ctx, b.installation.ID())
	must("installation", one.GetRepositorySelection() == "selected" && one.GetPermissions().GetChecks() == "write", err)

	number, _ := b.repo.OpenIssue(ctx, "t", "b", b.ada)
	made, _, err := c.Issues.CreateComment(ctx, "acme", "shop", number, &github.IssueComment{Body: new("one")})
	must("comment", made.GetUser().GetLogin() == "rekey[bot]", err)
	_, err = c.Issues.DeleteComment(ctx, "acme", "shop", made.GetID())
	must("deleted comment", len(b.repo.Issues()[0].Comments) == 0, err)
	_, _, err = c.Issues.CreateComment(ctx, "acme", "shop", number, &github.IssueComment{Body: new(" ")})
	refused(t, err, 422, "missing_field")
	assignable, _, err := c.Issues.IsAssignee(ctx, "acme", "shop", "ada")
	must("assignee", assignable, err)
	stranger, _, err := c.Issues.IsAssignee(ctx, "acme", "shop", "stranger")
	must("stranger", !stranger, err)

	head := b.commit(githubtest.Change{Files: map[string]string{"x": "y"}})
	b.push(githubtest.Push{Ref: "refs/heads/topic", SHA: head})
	pr, _, err := b.repo.OpenPullRequest(ctx, githubtest.PullRequestOptions{HeadRef: "topic"})
	must("open", pr.Number() == 2, err)
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{}))
	c := b.rest(nil)
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			sha, err := b.repo.Commit(githubtest.Change{Parents: []string{b.first}, Author: b.ada, Files: map[string]string{"n": fmt.Sprint(i)}})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := b.repo.Push(t.Context(), githubtest.Push{Ref: fmt.Sprint("refs/heads/b", i), SHA: sha, By: b.ada}); err != nil {
				t.Error(err)
			}
			if _, _, err := c.Checks.CreateCheckRun(t.Context(), "acme", "shop", run(sha)); err != nil {
				t.Error(err)
			}
			if _, _, err := c.Issues.Create(t.Context(), "acme", "shop", &github.IssueRequest{Title: new(fmt.Sprint(i))}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	numbers := map[int]bool{}
	for _, i := range b.repo.Issues() {
		numbers[i.Number] = true
	}
	if len(numbers) != 6 || len(b.repo.CheckRuns("")) != 6 {
		t.Errorf("%d numbers of issues and %d check runs, want 6 of each", len(numbers), len(b.repo.CheckRuns("")))
	}
}

// TestCloseLeavesNothing does not run beside others, because it looks at all goroutines.
func TestCloseLeavesNothing(t *testing.T) {
	before := goleak.IgnoreCurrent()
	s, err := githubtest.New(githubtest.Options{PrivateKey: privateKey()})
	if err != nil {
		t.Fatal(err)
	}
	repo, err := s.CreateRepository(s.Organization("acme"), "shop", githubtest.RepositoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.Ping(t.Context())
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(repo.Dir()); !os.IsNotExist(err) {
		t.Errorf("the repository is still there: %v", err)
	}
	goleak.VerifyNone(t, before)
}
