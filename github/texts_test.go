package github_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
)

// every reads a list to its end, and counts its pages.
func every(t *testing.T, c *github.Client, list github.TextList) (texts []github.Text, pages int) {
	t.Helper()
	for cursor := ""; ; pages++ {
		page, err := c.TextPage(t.Context(), list, cursor)
		if err != nil {
			t.Fatalf("%s, page %d: %v", list, pages, err)
		}
		texts = append(texts, page.Texts...)
		if cursor = page.Next; cursor == "" {
			return texts, pages + 1
		}
	}
}

// TestTextLists: everything that people wrote is in one of the lists, once, and as they wrote it.
func TestTextLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	texts := w.as(t, github.TextsAccess, map[string]string{"discussions": "read"})
	discussions := w.as(t, github.DiscussionsAccess, map[string]string{"discussions": "read"})
	w.write(t, "body")
	for i, text := range w.repo.Texts() {
		if i%2 == 0 {
			if _, err := w.repo.EditText(ctx, text.NodeID, githubtest.Edited{Body: new("other")}, w.ada); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.repo.PublishRelease(ctx, githubtest.Release{Tag: "v1", Name: "One", Body: "notes", Assets: []githubtest.Asset{{Name: "a.zip", Content: []byte("12345")}}}, w.ada)
	got := map[string]github.Text{}
	for _, list := range []github.TextList{
		github.Issues, github.IssueComments, github.Reviews, github.ReviewComments, github.CommitComments, github.Discussions, github.Releases,
	} {
		client := texts
		if list == github.Discussions {
			client = discussions
		}
		all, pages := every(t, client, list)
		if len(all) == 0 || pages != 1 {
			t.Errorf("%s: %d texts on %d pages", list, len(all), pages)
		}
		for _, text := range all {
			if _, seen := got[text.NodeID]; seen {
				t.Errorf("%s is listed again", text.URL)
			}
			if text.Created.IsZero() || text.ID == 0 || (text.Hunk != "") != (list == github.ReviewComments) {
				t.Errorf("%+v", text)
			}
			if text.Changed.IsZero() == text.Edited || (text.Association != "MEMBER") != (list == github.Releases) {
				t.Errorf("%+v", text)
			}
			text.Created, text.Changed, text.Hunk, text.Association = time.Time{}, time.Time{}, "", ""
			got[text.NodeID] = text
		}
	}
	releases := slices.DeleteFunc(slices.Collect(maps.Values(got)), func(t github.Text) bool { return t.Kind != "Release" })
	if len(releases) != 1 || releases[0].Title != "One" || releases[0].Body != "notes" || releases[0].Author != "ada" ||
		len(releases[0].Assets) != 1 || releases[0].Assets[0].Name != "a.zip" || releases[0].Assets[0].Size != 5 {
		t.Errorf("%+v", releases)
	}
	maps.DeleteFunc(got, func(_ string, t github.Text) bool { return t.Kind == "Release" })
	want := map[string]github.Text{}
	for _, text := range w.repo.Texts() {
		want[text.NodeID] = github.Text{
			Kind: text.Kind, NodeID: text.NodeID, ID: text.ID, Number: text.Number, URL: text.URL, Title: text.Title, Body: text.Body,
			Author: text.Author, Edited: len(text.Versions) > 0,
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-written +listed\n%s", diff)
	}
}

// TestTextListsGoOn: a list is read page for page, also from a cursor that was kept while more was written and the repository was renamed.
func TestTextListsGoOn(t *testing.T) {
	t.Parallel()
	now := time.Now() // GitHub's clock stands: of texts that took seconds to write, pages overlap
	w := newWorldAt(t, func() time.Time { return now })
	ctx := t.Context()
	client := w.as(t, github.TextsAccess, nil)
	number, _ := w.repo.OpenIssue(ctx, "t", "b", w.ada)
	write := func(from, to int) {
		for i := from; i < to; i++ {
			if _, err := w.repo.Comment(ctx, number, fmt.Sprint(i), w.ada); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(0, 150)
	page, err := client.TextPage(ctx, github.IssueComments, "")
	first, cursor := page.Texts, page.Next
	if err != nil || len(first) != 100 || cursor == "" || page.Left != 100 {
		t.Fatalf("%d texts, %q, %d left, %v", len(first), cursor, page.Left, err)
	}
	write(150, 260)
	w.repo.Rename(ctx, w.ada, "backend")
	for cursor != "" {
		page, err := client.TextPage(ctx, github.IssueComments, cursor)
		if err != nil {
			t.Fatal(err)
		}
		first, cursor = append(first, page.Texts...), page.Next
	}
	if len(first) != 260 {
		t.Errorf("%d texts, want 260", len(first))
	}
	for i, text := range first {
		if text.Body != fmt.Sprint(i) {
			t.Fatalf("text %d is %q", i, text.Body)
		}
	}
	if w.Count(githubtest.Query) != 3 {
		t.Errorf("%d queries, want one a page", w.Count(githubtest.Query))
	}
	for _, cursor := range []string{"%zz", "a;b=%"} {
		if _, err := client.TextPage(ctx, github.IssueComments, cursor); err == nil {
			t.Errorf("%q is a cursor", cursor)
		}
	}
	if _, err := client.TextPage(ctx, "diaries", ""); github.Classify(err, time.Now()).Do != github.GiveUp {
		t.Errorf("a list that there is not: %v", err)
	}
}

// TestLongDiscussionsAndReviews: GraphQL cuts lists within lists; they are read to their ends.
func TestLongDiscussionsAndReviews(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	discussions := w.as(t, github.DiscussionsAccess, map[string]string{"discussions": "read"})
	texts := w.as(t, github.TextsAccess, map[string]string{"discussions": "read"})
	w.write(t, "body")
	number := w.find(t, "Discussion").Number
	comment := w.repo.Texts()[slices.IndexFunc(w.repo.Texts(), func(t githubtest.Text) bool { return t.Kind == "DiscussionComment" })]
	for i := range 70 {
		if _, err := w.repo.CommentOnDiscussion(ctx, number, 0, fmt.Sprint("comment ", i), w.ada); err != nil {
			t.Fatal(err)
		}
		if _, err := w.repo.CommentOnDiscussion(ctx, number, comment.ID, fmt.Sprint("reply ", i), w.ada); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 14 {
		w.repo.OpenDiscussion(ctx, fmt.Sprint("discussion ", i), "", w.ada)
	}
	all, pages := every(t, discussions, github.Discussions)
	count := map[string]int{}
	for _, text := range all {
		count[text.Kind]++
	}
	if diff := cmp.Diff(map[string]int{"Discussion": 15, "DiscussionComment": 142}, count); diff != "" || pages != 2 {
		t.Errorf("%d pages, -want +got\n%s", pages, diff)
	}
	pr, _, err := w.repo.OpenPullRequest(ctx, githubtest.PullRequestOptions{HeadRef: "topic"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 120 {
		body := fmt.Sprint("review ", i)
		if i%2 == 0 {
			body = "" // an approval without words
		}
		if _, err := pr.Review(ctx, githubtest.Review{State: "approved", Body: body}, w.ada); err != nil {
			t.Fatal(err)
		}
	}
	all, _ = every(t, texts, github.Reviews)
	if len(all) != 61 || all[60].Body != "review 119" {
		t.Errorf("%d reviews", len(all))
	}
	if _, err := texts.TextPage(ctx, github.Discussions, ""); !errors.Is(err, github.ErrForbidden) || !strings.Contains(err.Error(), "list discussions") {
		t.Errorf("without the permission: %v", err)
	}
}
