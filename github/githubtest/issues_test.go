package githubtest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v62/github"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/webhook"
)

func TestIssues(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{}))
	c := b.rest(nil)
	ctx := t.Context()
	made, _, err := c.Issues.Create(ctx, "acme", "shop", &github.IssueRequest{
		Title: new("A key leaked"), Body: new("<!-- marker -->"), Labels: &[]string{"security", "clerk"}, Assignees: &[]string{"ada"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if made.GetNumber() != 1 || made.GetUser().GetLogin() != "rekey[bot]" || len(made.Labels) != 2 || made.GetAssignee().GetLogin() != "ada" {
		t.Errorf("made %v", made)
	}
	if _, _, err := c.Issues.CreateComment(ctx, "acme", "shop", 1, &github.IssueComment{Body: new("still open")}); err != nil {
		t.Error(err)
	}
	edited, _, err := c.Issues.Edit(ctx, "acme", "shop", 1, &github.IssueRequest{State: new("closed"), StateReason: new("not_planned"), Labels: &[]string{}})
	if err != nil || edited.GetState() != "closed" || edited.GetStateReason() != "not_planned" || len(edited.Labels) != 0 || edited.GetBody() != "<!-- marker -->" {
		t.Errorf("edited %v, %v", edited, err)
	}
	if got, want := b.took(), "issues.opened issue_comment.created issues.closed"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	if _, err := b.repo.ReopenIssue(ctx, 1, b.ada); err != nil {
		t.Error(err)
	}
	if _, err := b.repo.Comment(ctx, 1, "/rekey rotated", b.ada); err != nil {
		t.Error(err)
	}
	events := b.forget()
	if said := events[0].said(); said.Get("action").Str != "reopened" || said.Get("issue.state").Str != "open" ||
		said.Get("issue.state_reason").Str != "reopened" || said.Get("issue.performed_via_github_app.id").Int() != b.AppID() {
		t.Errorf("reopened: %s", said)
	}
	if e := events[1].event.(*webhook.IssueComment); e.Body != "/rekey rotated" || e.Author.Login != "ada" || e.AppID != 0 ||
		events[1].said().Get("comment.author_association").Str != "MEMBER" {
		t.Errorf("comment: %+v", e)
	}
	comments, _, err := c.Issues.ListComments(ctx, "acme", "shop", 1, nil)
	if err != nil || len(comments) != 2 || comments[1].GetBody() != "/rekey rotated" {
		t.Errorf("comments %v, %v", comments, err)
	}
	issues := b.repo.Issues()
	want := []githubtest.Comment{{Author: "rekey[bot]", Body: "still open"}, {Author: "ada", Body: "/rekey rotated"}}
	for i := range issues[0].Comments {
		issues[0].Comments[i].ID, issues[0].Comments[i].Created = 0, time.Time{}
	}
	if diff := cmp.Diff(want, issues[0].Comments); diff != "" {
		t.Error(diff)
	}
	if _, err := b.repo.DeleteIssue(ctx, 1, b.ada); err != nil {
		t.Error(err)
	}
	_, _, err = c.Issues.Get(ctx, "acme", "shop", 1)
	refused(t, err, 410, "deleted")
}

func TestIssueLists(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{Quiet: true}))
	c := b.rest(nil)
	ctx := t.Context()
	b.repo.OpenIssue(ctx, "by a person", "", b.ada)
	start := b.clock()
	for i := range 7 {
		b.pass(time.Second)
		labels := []string{"odd", "all"}[i%2:]
		if _, _, err := c.Issues.Create(ctx, "acme", "shop", &github.IssueRequest{Title: new(fmt.Sprint(i)), Labels: &labels}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.repo.CloseIssue(ctx, 3, "", b.ada); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		opt  github.IssueListByRepoOptions
		want string
	}{
		"open":    {github.IssueListByRepoOptions{}, "6 5 4 3 2 0 by a person"},
		"closed":  {github.IssueListByRepoOptions{State: "closed"}, "1"},
		"creator": {github.IssueListByRepoOptions{State: "all", Creator: "rekey[bot]"}, "6 5 4 3 2 1 0"},
		"labels":  {github.IssueListByRepoOptions{Labels: []string{"odd", "all"}}, "6 4 2 0"},
		"since":   {github.IssueListByRepoOptions{Creator: "rekey[bot]", Since: start.Add(6 * time.Second)}, "6 5"},
		"asc":     {github.IssueListByRepoOptions{Direction: "asc", Sort: "created", Labels: []string{"odd"}}, "0 2 4 6"},
	} {
		var titles []string
		test.opt.PerPage = 2
		for {
			some, resp, err := c.Issues.ListByRepo(ctx, "acme", "shop", &test.opt)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range some {
				titles = append(titles, i.GetTitle())
			}
			if test.opt.Page = resp.NextPage; resp.NextPage == 0 {
				break
			}
		}
		if got := strings.Join(titles, " "); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestIssuesRefused(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{Quiet: true}))
	c := b.rest(nil)
	ctx := t.Context()
	create := func(r *github.IssueRequest) error {
		_, _, err := c.Issues.Create(ctx, "acme", "shop", r)
		return err
	}
	title := new("t")
	refused(t, create(&github.IssueRequest{}), 422, "missing_field")
	refused(t, create(&github.IssueRequest{Title: new(strings.Repeat("x", 257))}), 422, "maximum is 256")
	refused(t, create(&github.IssueRequest{Title: title, Body: new(strings.Repeat("ä", 65537))}), 422, "maximum is 65536")
	refused(t, create(&github.IssueRequest{Title: title, Assignees: &[]string{"stranger"}}), 422, "assignees")
	refused(t, create(&github.IssueRequest{Title: title, Labels: &[]string{strings.Repeat("x", 51)}}), 422, "Label")
	if len(b.repo.Issues()) != 0 {
		t.Error("refused issues were kept")
	}
	if err := create(&github.IssueRequest{Title: title, Body: new(strings.Repeat("ä", 65536))}); err != nil {
		t.Error(err)
	}
	_, _, err := c.Issues.Get(ctx, "acme", "shop", 99)
	refused(t, err, 404, "Not Found")
	b.repo.DisableIssues(true)
	refused(t, create(&github.IssueRequest{Title: title}), 410, "disabled")
	b.repo.DisableIssues(false)
	b.repo.Archive(ctx, b.ada)
	refused(t, create(&github.IssueRequest{Title: title}), 403, "archived")
	if _, _, err := c.Issues.Get(ctx, "acme", "shop", 1); err != nil {
		t.Errorf("an archived repository's issue cannot be read: %v", err)
	}
}
