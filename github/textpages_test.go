package github_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
)

// newSlowWorld is a world in which there are some moments between one text and the next, until the present.
func newSlowWorld(t *testing.T) (w *world, present func()) {
	t.Helper()
	begin := time.Now().Add(-2 * time.Hour)
	var asked atomic.Int64
	var over atomic.Bool
	return newWorldAt(t, func() time.Time {
		if over.Load() {
			return time.Now()
		}
		return begin.Add(time.Duration(asked.Add(1)) * 300 * time.Millisecond)
	}), func() { over.Store(true) }
}

// bodies reads a list to its end, does something after each page, and counts what it met by its body.
func bodies(t *testing.T, c *github.Client, list github.TextList, between func()) map[string]int {
	t.Helper()
	met := map[string]int{}
	for cursor := ""; ; {
		page, err := c.TextPage(t.Context(), list, cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range page.Texts {
			met[text.Body]++
		}
		if cursor = page.Next; cursor == "" {
			return met
		}
		between()
	}
}

// TestNothingIsLostBetweenPages: texts of pages that were read are deleted, edited and written while others wait to be read. Those that
// nobody touched come all the same, and once.
func TestNothingIsLostBetweenPages(t *testing.T) {
	t.Parallel()
	w, present := newSlowWorld(t)
	ctx := t.Context()
	client := w.as(t, github.TextsAccess, nil)
	w.write(t, "body")
	number, sha := w.find(t, "Issue").Number, w.push(t, map[string]string{"f": "g"})
	release := func(i int) {
		w.repo.PublishRelease(ctx, githubtest.Release{Tag: fmt.Sprint("v", i), Body: fmt.Sprint(i)}, w.ada)
	}
	for i := range 250 {
		if _, err := w.repo.Comment(ctx, number, fmt.Sprint(i), w.ada); err != nil {
			t.Fatal(err)
		}
		if _, err := w.repo.CommentOnCommit(ctx, githubtest.CommitComment{SHA: sha, Body: fmt.Sprint(i)}, w.ada); err != nil {
			t.Fatal(err)
		}
		release(i)
	}
	present()
	var written []githubtest.Text // in the order of writing
	for _, text := range w.repo.Texts() {
		if text.Kind == "IssueComment" || text.Kind == "CommitComment" {
			written = append(written, text)
		}
	}
	for _, c := range []struct {
		list          github.TextList
		kind          string
		touched, most int // how many of the oldest, or newest, are deleted; and edited
	}{{github.IssueComments, "IssueComment", 90, 1}, {github.CommitComments, "CommitComment", 90, 2}} {
		mine := slices.DeleteFunc(slices.Clone(written), func(t githubtest.Text) bool { return t.Kind != c.kind })
		met := bodies(t, client, c.list, func() {
			for _, text := range mine[:min(len(mine), 30)] {
				if _, err := w.repo.DeleteText(ctx, text.NodeID, w.ada); err != nil {
					t.Fatal(err)
				}
			}
			mine = mine[min(len(mine), 30):]
			if _, err := w.repo.EditText(ctx, mine[0].NodeID, githubtest.Edited{Body: new("edited")}, w.ada); err != nil {
				t.Fatal(err)
			}
		})
		for i := range 250 {
			if n := met[fmt.Sprint(i)]; n < 1 || n > c.most {
				t.Errorf("%s: text %d was listed %d times", c.list, i, n)
			}
		}
	}
	gone := 250
	met := bodies(t, client, github.Releases, func() {
		for range 40 {
			gone--
			release(1000 + gone)
		}
	})
	for i := range 250 {
		if met[fmt.Sprint(i)] == 0 {
			t.Errorf("release %d was not listed", i)
		}
	}
}

// TestManyTextsOfOneSecond: a page's texts may all have been changed at the same time, as where an issue tracker was imported.
func TestManyTextsOfOneSecond(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	w := newWorldAt(t, func() time.Time { return now })
	number, _ := w.repo.OpenIssue(t.Context(), "t", "b", w.ada)
	for i := range 230 {
		if _, err := w.repo.Comment(t.Context(), number, fmt.Sprint(i), w.ada); err != nil {
			t.Fatal(err)
		}
	}
	met := bodies(t, w.as(t, github.TextsAccess, nil), github.IssueComments, func() {})
	for i := range 230 {
		if met[fmt.Sprint(i)] != 1 {
			t.Errorf("text %d was listed %d times", i, met[fmt.Sprint(i)])
		}
	}
}

// TestHistories: the histories of many texts cost a query for each twenty; a long one costs one more, and a deleted text is left out.
func TestHistories(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	client := w.as(t, github.TextsAccess, nil)
	number, _ := w.repo.OpenIssue(ctx, "old", "b", w.ada)
	for i := range 24 {
		if _, err := w.repo.Comment(ctx, number, fmt.Sprint(i), w.ada); err != nil {
			t.Fatal(err)
		}
	}
	texts := w.repo.Texts()
	if _, err := w.repo.EditText(ctx, texts[0].NodeID, githubtest.Edited{Title: new("new")}, w.ada); err != nil {
		t.Fatal(err)
	}
	for i := range 15 {
		if _, err := w.repo.EditText(ctx, texts[1].NodeID, githubtest.Edited{Body: new(fmt.Sprint("version ", i))}, w.ada); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.repo.DeleteText(ctx, texts[24].NodeID, w.ada); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, text := range texts {
		ids = append(ids, text.NodeID)
	}
	counting, spent := github.Counted(ctx)
	got := map[string]github.History{}
	if err := client.Histories(counting, ids, func(id string, h github.History) { got[id] = h }); err != nil {
		t.Fatal(err)
	}
	if n := spent(); n != (github.Spent{Points: 3}) || w.Count(githubtest.Query) != 3 {
		t.Errorf("spent %+v, %d queries", n, w.Count(githubtest.Query))
	}
	for i, id := range ids {
		want, err := client.Edits(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		h, there := got[id]
		if there != (i != 24) || len(h.Edits) != len(want.Edits) || len(h.Titles) != len(want.Titles) || h.Body != want.Body {
			t.Errorf("text %d: %+v, want %+v", i, h, want)
		}
	}
	if h := got[ids[1]]; len(h.Edits) != 16 || h.Edits[0].Text != "version 14" || h.Edits[15].Text != "0" {
		t.Errorf("the long history: %+v", h)
	}
}

// TestWhatAPageCosts, in requests of REST and points of GraphQL.
func TestWhatAPageCosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	texts := w.as(t, github.TextsAccess, map[string]string{"discussions": "read"})
	discussions := w.as(t, github.DiscussionsAccess, map[string]string{"discussions": "read"})
	w.write(t, "body")
	for list, want := range map[github.TextList]github.Spent{
		github.Issues: {1, 2}, github.CommitComments: {1, 2}, github.Releases: {1, 0}, github.Reviews: {0, 1}, github.Discussions: {0, 5},
	} {
		client := texts
		if list == github.Discussions {
			client = discussions
		}
		ctx, spent := github.Counted(t.Context())
		if _, err := client.TextPage(ctx, list, ""); err != nil || spent() != want {
			t.Errorf("%s: %+v, want %+v, %v", list, spent(), want, err)
		}
	}
}

// TestTextsOfStrangers: of a pull request it is told whether it comes from another repository, and what its author is here.
func TestTextsOfStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, "body")
	w.repo.Publicize(t.Context(), w.ada)
	eve := w.User("eve")
	fork, err := w.repo.Fork(eve)
	if err != nil {
		t.Fatal(err)
	}
	sha, err := fork.Commit(githubtest.Change{Files: map[string]string{"x": "y"}, Author: eve})
	if err == nil {
		err = fork.SetRef("refs/heads/x", sha)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.repo.OpenPullRequest(t.Context(), githubtest.PullRequestOptions{Head: fork, HeadRef: "x", Title: "mine", By: eve}); err != nil {
		t.Fatal(err)
	}
	all, _ := every(t, w.as(t, github.TextsAccess, nil), github.Issues)
	for _, text := range all {
		if strangers := text.Title == "mine"; text.Fork != strangers || (text.Association == "NONE") != strangers {
			t.Errorf("%+v", text)
		}
	}
}
