package github_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
)

// as returns the client of the world's repository with another access, which the installation is given first.
func (w *world) as(t *testing.T, access github.Access, permissions map[string]string) *github.Client {
	t.Helper()
	all := map[string]string{"checks": "write", "contents": "read", "issues": "write", "metadata": "read", "pull_requests": "read"}
	maps.Copy(all, permissions)
	w.in.AcceptPermissions(t.Context(), w.ada, all)
	return w.app.Repository(github.Repository{Installation: w.in.ID(), ID: w.repo.ID(), Owner: "acme", Name: "api"}, access)
}

// find returns the text of that kind that was written last.
func (w *world) find(t *testing.T, kind string) githubtest.Text {
	t.Helper()
	var found githubtest.Text
	for _, text := range w.repo.Texts() {
		if text.Kind == kind {
			found = text
		}
	}
	if found.NodeID == "" {
		t.Fatalf("there is no %s", kind)
	}
	return found
}

// write puts a text of each kind into the repository, with that body.
func (w *world) write(t *testing.T, body string) {
	t.Helper()
	ctx := t.Context()
	number, _ := w.repo.OpenIssue(ctx, "an issue", body, w.ada)
	if _, err := w.repo.Comment(ctx, number, body, w.ada); err != nil {
		t.Fatal(err)
	}
	sha, err := w.repo.Commit(githubtest.Change{Files: map[string]string{"topic": "one\ntwo\n"}, Author: w.ada})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.repo.Push(ctx, githubtest.Push{Ref: "refs/heads/topic", SHA: sha, By: w.ada}); err != nil {
		t.Fatal(err)
	}
	pr, _, err := w.repo.OpenPullRequest(ctx, githubtest.PullRequestOptions{HeadRef: "topic", Title: "a pull request", Body: body, By: w.ada})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pr.Review(ctx, githubtest.Review{Body: body, Comments: []githubtest.ReviewComment{{Path: "topic", Line: 2, Body: body}}}, w.ada); err != nil {
		t.Fatal(err)
	}
	if _, err := w.repo.CommentOnCommit(ctx, githubtest.CommitComment{SHA: sha, Path: "topic", Line: 1, Body: body}, w.ada); err != nil {
		t.Fatal(err)
	}
	number, _ = w.repo.OpenDiscussion(ctx, "a discussion", body, w.ada)
	if _, err := w.repo.CommentOnDiscussion(ctx, number, 0, body, w.ada); err != nil {
		t.Fatal(err)
	}
	if _, err := w.repo.CommentOnDiscussion(ctx, number, w.find(t, "DiscussionComment").ID, body, w.ada); err != nil {
		t.Fatal(err)
	}
}

func TestEdits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	texts := w.as(t, github.TextsAccess, map[string]string{"discussions": "read"})
	discussions := w.as(t, github.DiscussionsAccess, map[string]string{"discussions": "read"})
	w.write(t, "first")
	titles := map[string]string{"Issue": "an issue", "PullRequest": "a pull request", "Discussion": "a discussion"}
	for _, kind := range []string{
		"Issue", "IssueComment", "PullRequest", "PullRequestReview", "PullRequestReviewComment", "CommitComment", "Discussion", "DiscussionComment",
	} {
		client, text := texts, w.find(t, kind)
		if strings.HasPrefix(kind, "Discussion") {
			client = discussions
		}
		want := github.History{Exists: true, Kind: kind, Title: titles[kind], Body: "first"}
		got, err := client.Edits(ctx, text.NodeID)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v, -want +got\n%s", kind, err, diff)
		}
		for _, body := range []string{"second", "third"} {
			if _, err := w.repo.EditText(ctx, text.NodeID, githubtest.Edited{Body: &body}, w.ada); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.repo.DeleteVersion(text.NodeID, 1, w.ada); err != nil {
			t.Fatal(err)
		}
		want.Body = "third"
		want.Edits = []github.Edit{{Text: "third", Editor: "ada"}, {Editor: "ada", DeletedBy: "ada"}, {Text: "first", Editor: "ada"}}
		got, err = client.Edits(ctx, text.NodeID)
		ignore := cmpopts.IgnoreFields(github.Edit{}, "NodeID", "EditedAt", "DeletedAt")
		if diff := cmp.Diff(want, got, ignore); err != nil || diff != "" {
			t.Errorf("%s: %v, -want +got\n%s", kind, err, diff)
		}
		for i, e := range got.Edits {
			if e.Deleted() != (i == 1) || e.EditedAt.IsZero() || e.NodeID == "" {
				t.Errorf("%s: %+v", kind, e)
			}
		}
	}
	comment := w.find(t, "IssueComment")
	if _, err := w.repo.DeleteText(ctx, comment.NodeID, w.ada); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{comment.NodeID, "nonsense"} {
		if got, err := texts.Edits(ctx, id); err != nil || got.Exists {
			t.Errorf("what is not there: %+v, %v", got, err)
		}
	}
	if _, err := texts.Edits(ctx, w.find(t, "Discussion").NodeID); !errors.Is(err, github.ErrForbidden) ||
		github.Classify(err, time.Now()).Do != github.GiveUp {
		t.Errorf("without the permission for discussions: %v", err)
	}
	if _, err := texts.Edits(ctx, ""); err == nil {
		t.Error("a text without an id is asked for")
	}
}

// TestFormerTitles: GitHub shows what a title was to whoever reads the issue.
func TestFormerTitles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	client := w.as(t, github.TextsAccess, nil)
	w.write(t, "body")
	for kind, first := range map[string]string{"Issue": "an issue", "PullRequest": "a pull request"} {
		id := w.find(t, kind).NodeID
		for _, title := range []string{"second", "second", "third"} {
			if _, err := w.repo.EditText(ctx, id, githubtest.Edited{Title: &title}, w.ada); err != nil {
				t.Fatal(err)
			}
		}
		want := github.History{
			Exists: true, Kind: kind, Title: "third", Body: "body", Titles: []github.FormerTitle{{Text: first, Editor: "ada"}, {Text: "second", Editor: "ada"}},
		}
		got, err := client.Edits(ctx, id)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(github.FormerTitle{}, "ChangedAt")); err != nil || diff != "" {
			t.Errorf("%s: %v, -want +got\n%s", kind, err, diff)
		}
	}
	created, err := w.client.CreateIssue(ctx, github.Issue{Title: "ours"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.EditIssue(ctx, github.Issue{Number: created.Number, Title: "other"}); err != nil {
		t.Fatal(err)
	}
	if got, err := client.Edits(ctx, w.find(t, "Issue").NodeID); err != nil || len(got.Titles) != 1 || got.Titles[0].Text != "ours" || got.Titles[0].ChangedAt.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestEditsPageToTheEnd: GitHub gives a hundred versions at a time.
func TestEditsPageToTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.repo.OpenIssue(t.Context(), "t", "0", w.ada)
	id := w.find(t, "Issue").NodeID
	for i := range 230 {
		body := fmt.Sprint(i + 1)
		if _, err := w.repo.EditText(t.Context(), id, githubtest.Edited{Body: &body}, w.ada); err != nil {
			t.Fatal(err)
		}
	}
	w.ForgetRequests()
	got, err := w.as(t, github.TextsAccess, nil).Edits(t.Context(), id)
	if err != nil || len(got.Edits) != 231 || got.Edits[230].Text != "0" || got.Edits[0].Text != "230" || w.Count(githubtest.Query) != 3 {
		t.Errorf("%d versions with %d queries, %v", len(got.Edits), w.Count(githubtest.Query), err)
	}
}

func TestEdited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	var ids []string
	for range 150 {
		w.repo.OpenIssue(ctx, "t", "b", w.ada)
		ids = append(ids, w.find(t, "Issue").NodeID)
	}
	for _, i := range []int{3, 120} {
		if _, err := w.repo.EditText(ctx, ids[i], githubtest.Edited{Body: new("other")}, w.ada); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.repo.EditText(ctx, ids[4], githubtest.Edited{Title: new("other")}, w.ada); err != nil {
		t.Fatal(err)
	}
	if _, err := w.repo.DeleteText(ctx, ids[5], w.ada); err != nil {
		t.Fatal(err)
	}
	got, err := w.as(t, github.TextsAccess, nil).Edited(ctx, ids)
	if diff := cmp.Diff([]string{ids[3], ids[4], ids[120]}, got); err != nil || diff != "" || w.Count(githubtest.Query) != 2 {
		t.Errorf("%v, %d queries, -want +got\n%s", err, w.Count(githubtest.Query), diff)
	}
}

func TestDeleteDiscussionComment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	w.write(t, "text")
	var comment, reply githubtest.Text
	for _, text := range w.repo.Texts() {
		if text.Kind == "DiscussionComment" {
			comment, reply = reply, text
		}
	}
	reading := w.as(t, github.DiscussionsAccess, map[string]string{"discussions": "write"})
	if err := reading.DeleteDiscussionComment(ctx, comment.NodeID); !errors.Is(err, github.ErrForbidden) {
		t.Errorf("with a token for reading: %v", err)
	}
	writing := w.as(t, github.DiscussionsWriteAccess, map[string]string{"discussions": "write"})
	if err := writing.DeleteDiscussionComment(ctx, comment.NodeID); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{comment.NodeID, reply.NodeID} {
		if got, err := reading.Edits(ctx, id); err != nil || got.Exists {
			t.Errorf("after it was deleted: %+v, %v", got, err)
		}
	}
	if err := writing.DeleteDiscussionComment(ctx, comment.NodeID); !errors.Is(err, github.ErrNotFound) {
		t.Errorf("again: %v", err)
	}
}

// TestWhereGraphQLIs: not everywhere below the address of REST.
func TestWhereGraphQLIs(t *testing.T) {
	t.Parallel()
	for web, want := range map[string]string{
		"https://github.com":      "https://api.github.com/graphql",
		"https://acme.ghe.com":    "https://api.acme.ghe.com/graphql",
		"https://git.example.com": "https://git.example.com/api/graphql",
	} {
		asked := ""
		config := newStub().config()
		config.WebURL = web
		config.OnRequest = func(_ context.Context, r github.Request) {
			if (r.Kind == "graphql") != (r.Route == "/graphql") || r.Kind != "token" && r.Kind != "graphql" {
				t.Errorf("%+v", r)
			}
		}
		config.HTTP = roundTripper(func(r *http.Request) (*http.Response, error) {
			text := `{"token":"ghs_x","expires_at":"2999-01-01T00:00:00Z"}`
			if !strings.HasSuffix(r.URL.Path, "/access_tokens") {
				asked, text = r.Method+" "+r.URL.String(), `{"data":{"node":null}}`
			}
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
		})
		app, err := github.New(config)
		if err != nil {
			t.Fatal(err)
		}
		client := app.Repository(github.Repository{Installation: 5, ID: 77, Owner: "acme", Name: "api"}, github.TextsAccess)
		if _, err := client.Edits(t.Context(), "I_1"); err != nil || asked != "POST "+want {
			t.Errorf("%s: %s, %v", web, asked, err)
		}
	}
}

// TestQueriesAnswers: GraphQL answers 200 whatever is wrong.
func TestQueriesAnswers(t *testing.T) {
	t.Parallel()
	spent := []string{
		"X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", "0", "X-RateLimit-Resource", "graphql",
		"X-RateLimit-Reset", fmt.Sprint(time.Now().Add(20 * time.Minute).Unix()),
	}
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		do     github.Reaction
		named  error
		says   string
	}{
		"limited": {answer(200, `{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}`, spent...), github.Snooze, nil, "RATE_LIMITED"},
		"secondary limit": {
			answer(403, `{"message":"You have exceeded a secondary rate limit."}`, "Retry-After", "60"), github.Snooze, nil, "secondary rate limit",
		},
		"forbidden": {
			answer(200, `{"data":{"node":null},"errors":[{"type":"FORBIDDEN","message":"Resource not accessible by integration"}]}`),
			github.GiveUp, github.ErrForbidden, "FORBIDDEN: Resource not accessible by integration",
		},
		"timed out": {
			answer(200, `{"errors":[{"message":"Something went wrong while executing your query."}]}`), github.Retry, nil, "Something went wrong",
		},
		"a gateway's":   {answer(502, `<html>`), github.Retry, nil, "502"},
		"not valid":     {answer(200, `{"errors":[{"extensions":{"code":"undefinedField"},"message":"Field 'x' doesn't exist"}]}`), github.GiveUp, nil, "undefinedField"},
		"worst of many": {answer(200, `{"errors":[{"type":"NOT_FOUND","message":"a"},{"message":"b"}]}`), github.Retry, nil, "an error: b"},
		"no JSON":       {answer(200, `oops`), github.Retry, nil, "invalid character"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub()
			s.HandleFunc("POST /api/graphql", test.answer)
			_, err := s.client(t).Edits(t.Context(), "I_1")
			verdict := github.Classify(err, time.Now())
			if verdict.Do != test.do || test.named != nil && !errors.Is(err, test.named) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v, %+v", err, verdict)
			}
		})
	}
}

// TestQueriesHaveAnHourOfTheirOwn: GitHub counts GraphQL apart from REST.
func TestQueriesHaveAnHourOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := newStub()
	reset := time.Now().Add(20 * time.Minute)
	s.HandleFunc("POST /api/graphql", answer(200, `{"data":{"node":null}}`, "X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", "1000",
		"X-RateLimit-Resource", "graphql", "X-RateLimit-Reset", fmt.Sprint(reset.Unix())))
	app := s.app(t)
	client := app.Repository(github.Repository{Installation: 5, ID: 77, Owner: "acme", Name: "api"}, github.TextsAccess)
	if _, err := client.Edits(t.Context(), "I_1"); err != nil {
		t.Fatal(err)
	}
	if at := app.Open(5, github.BackgroundQueries); at.Before(reset.Add(-time.Minute)) {
		t.Errorf("queries that can wait go from %s on, want %s", at, reset)
	}
	for _, kind := range []github.Kind{github.Queries, github.Background, github.NewIssues} {
		if at := app.Open(5, kind); !at.IsZero() {
			t.Errorf("kind %d waits until %s", kind, at)
		}
	}
	s.HandleFunc("/", http.NotFound)
	limited := newStub()
	limited.HandleFunc("POST /api/graphql", answer(200, `{"errors":[{"type":"RATE_LIMITED","message":"m"}]}`, "X-RateLimit-Remaining", "0",
		"X-RateLimit-Reset", fmt.Sprint(reset.Unix())))
	app = limited.app(t)
	client = app.Repository(github.Repository{Installation: 5, ID: 77, Owner: "acme", Name: "api"}, github.TextsAccess)
	for range 2 {
		if _, err := client.Edits(t.Context(), "I_1"); github.Classify(err, time.Now()).Do != github.Snooze {
			t.Errorf("%v", err)
		}
	}
	if len(limited.seen()) != 1 || app.Open(5, github.Queries).IsZero() || !app.Open(5, github.CheckRuns).IsZero() {
		t.Errorf("after the limit: %q, queries from %s on, check runs from %s", limited.seen(), app.Open(5, github.Queries), app.Open(5, github.CheckRuns))
	}
}
