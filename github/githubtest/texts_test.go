package githubtest_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v62/github"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/tidwall/gjson"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/webhook/webhooktest"
)

// followSchemas holds payloads against GitHub's schemas and returns the schemas' names.
func followSchemas(t *testing.T, sent []githubtest.Delivery) (names []string) {
	t.Helper()
	text, err := webhooktest.Schemas()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schemas.json", document); err != nil {
		t.Fatal(err)
	}
	for _, d := range sent {
		name := strings.TrimSuffix(strings.ReplaceAll(d.Event+"-"+d.Action, "_", "-"), "-")
		names = append(names, name)
		schema, err := compiler.Compile("schemas.json#/$defs/webhook-" + name)
		if err != nil {
			t.Fatal(err)
		}
		payload, err := jsonschema.UnmarshalJSON(bytes.NewReader(d.Payload))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(payload); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	return names
}

// textEvents are the events that tell of texts.
var textEvents = []string{
	"issues", "issue_comment", "pull_request", "pull_request_review", "pull_request_review_comment", "commit_comment", "discussion",
	"discussion_comment", "release", "gollum", "workflow_run",
}

// writer is a repository with a pull request, where ada writes.
type writer struct {
	*bundle
	pr *githubtest.PullRequest
}

func newWriter(t *testing.T) *writer {
	t.Helper()
	b := present(setup(t, githubtest.Options{Events: textEvents, Permissions: map[string]string{
		"actions": "write", "contents": "read", "discussions": "write", "issues": "write", "metadata": "read", "pull_requests": "write",
		"secrets": "read",
	}}))
	lines := "1\n2\n3\n4\n5\n6\n7\n8\n9\n"
	b.push(githubtest.Push{SHA: b.commit(githubtest.Change{Files: map[string]string{"file": lines}})})
	head := b.commit(githubtest.Change{Files: map[string]string{"file": lines + "10\n11\n"}})
	b.push(githubtest.Push{Ref: "refs/heads/topic", SHA: head})
	pr, _, err := b.repo.OpenPullRequest(t.Context(), githubtest.PullRequestOptions{HeadRef: "topic", Body: "please", By: b.ada})
	if err != nil {
		t.Fatal(err)
	}
	return &writer{b, pr}
}

func (w *writer) last(kind string) githubtest.Text {
	w.t.Helper()
	var found githubtest.Text
	for _, text := range w.repo.Texts() {
		if text.Kind == kind {
			found = text
		}
	}
	if found.NodeID == "" {
		w.t.Fatalf("there is no %s", kind)
	}
	return found
}

// TestEventsOfTexts: whatever people write, edit and delete is told as GitHub tells it, and an edit with what was there before.
func TestEventsOfTexts(t *testing.T) {
	t.Parallel()
	w := newWriter(t)
	ctx := t.Context()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	number, _ := w.repo.OpenIssue(ctx, "title", "body", w.ada)
	must(w.repo.Comment(ctx, number, "comment", w.ada))
	w.pr.Comment(ctx, "in the conversation", w.ada)
	must(w.pr.Review(ctx, githubtest.Review{Body: "review", Comments: []githubtest.ReviewComment{{Path: "file", Line: 10, Body: "beside"}}}, w.ada))
	must(w.repo.CommentOnCommit(ctx, githubtest.CommitComment{SHA: w.pr.Head(), Body: "on a commit"}, w.ada))
	must(w.repo.CommentOnCommit(ctx, githubtest.CommitComment{SHA: w.pr.Head(), Path: "file", Line: 3, Body: "on a line"}, w.ada))
	number, _ = w.repo.OpenDiscussion(ctx, "topic", "question", w.ada)
	must(w.repo.CommentOnDiscussion(ctx, number, 0, "answer", w.ada))
	must(w.repo.CommentOnDiscussion(ctx, number, w.last("DiscussionComment").ID, "reply", w.ada))

	kinds := []string{
		"Issue", "IssueComment", "PullRequest", "PullRequestReview", "PullRequestReviewComment", "CommitComment", "Discussion", "DiscussionComment",
	}
	for _, kind := range kinds {
		text := w.last(kind)
		must(w.repo.EditText(ctx, text.NodeID, githubtest.Edited{Body: new("other")}, w.ada))
		if text.Title != "" {
			must(w.repo.EditText(ctx, text.NodeID, githubtest.Edited{Title: new("other")}, w.ada))
		}
	}
	for _, kind := range []string{"IssueComment", "PullRequestReviewComment", "CommitComment", "DiscussionComment", "Discussion", "Issue"} {
		must(w.repo.DeleteText(ctx, w.last(kind).NodeID, w.ada))
	}
	id, _ := w.repo.PublishRelease(ctx, githubtest.Release{Tag: "v1", Name: "One", Assets: []githubtest.Asset{{Name: "a.zip", Content: []byte("x")}}}, w.ada)
	must(w.repo.EditRelease(ctx, id, githubtest.Edited{Title: new("The first"), Body: new("notes")}, w.ada))
	must(w.repo.DeleteRelease(ctx, id, w.ada))
	must(w.repo.EditWiki(ctx, map[string]string{"Home": "welcome", "How to": "so"}, w.ada))
	must(w.repo.EditWiki(ctx, map[string]string{"Home": "hello", "How to": ""}, w.ada))
	_, _, err := w.repo.CompleteRun(ctx, githubtest.Run{Steps: []githubtest.RunStep{{Job: "build", Name: "Run make", Log: "ok\n"}}}, w.ada)
	must(nil, err)

	var sent []githubtest.Delivery
	for _, d := range w.Deliveries() {
		if slices.Contains(textEvents, d.Event) {
			sent = append(sent, d)
		}
	}
	names := followSchemas(t, sent)
	want := strings.Fields(`pull-request-opened issues-opened issue-comment-created issue-comment-created pull-request-review-submitted
		pull-request-review-comment-created commit-comment-created commit-comment-created discussion-created discussion-comment-created
		discussion-comment-created issues-edited issues-edited issue-comment-edited pull-request-edited pull-request-edited
		pull-request-review-edited pull-request-review-comment-edited discussion-edited discussion-edited discussion-comment-edited
		issue-comment-deleted pull-request-review-comment-deleted discussion-comment-deleted discussion-deleted issues-deleted
		release-created release-published release-released release-edited release-deleted gollum gollum workflow-run-completed`)
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	shapes := examples(t)
	for i, d := range sent {
		payload := gjson.ParseBytes(d.Payload)
		if d.Action == "edited" && d.Event != "release" && !payload.Get("changes.body.from").Exists() && !payload.Get("changes.title.from").Exists() {
			t.Errorf("%s tells of no change: %s", names[i], payload.Get("changes"))
		}
		if shape := shapes[strings.TrimSuffix(d.Event+"."+d.Action, ".")]; shape != nil {
			var body any
			if err := json.Unmarshal(d.Payload, &body); err != nil {
				t.Fatal(err)
			}
			for _, what := range shape.differs(body, names[i]) {
				if !strings.Contains(what, ".changes.") { // of a title or of a body, as the schema says: GitHub's examples are of one
					t.Error(what)
				}
			}
		}
	}
}

// TestHunks: GitHub copies the lines above a review's comment into it, and so what stands in them.
func TestHunks(t *testing.T) {
	t.Parallel()
	w := newWriter(t)
	for line, want := range map[int]string{8: "\n 7\n 8", 10: "\n 7\n 8\n 9\n+10"} {
		w.forget()
		if _, err := w.pr.Review(t.Context(), githubtest.Review{Comments: []githubtest.ReviewComment{{Path: "file", Line: line, Body: "b"}}}, w.ada); err != nil {
			t.Fatal(err)
		}
		if got := w.forget()[1].said().Get("comment.diff_hunk").Str; !strings.HasPrefix(got, "@@ -7,3 +7,5 @@") || !strings.HasSuffix(got, want) {
			t.Errorf("line %d: %q, want %q", line, got, want)
		}
	}
	for _, line := range []int{1, 12} {
		_, err := w.pr.Review(t.Context(), githubtest.Review{Comments: []githubtest.ReviewComment{{Path: "file", Line: line, Body: "b"}}}, w.ada)
		if err == nil {
			t.Errorf("line %d is commented, which the diff does not show", line)
		}
	}
}

// TestEditHistories: GitHub keeps what a text said until somebody who may deletes the version; what it says now can't be deleted so.
func TestEditHistories(t *testing.T) {
	t.Parallel()
	w := newWriter(t)
	ctx := t.Context()
	w.repo.OpenIssue(ctx, "t", "one", w.ada)
	text := w.last("Issue")
	eve := w.User("eve")
	if _, err := w.repo.EditText(ctx, text.NodeID, githubtest.Edited{Body: new("no")}, eve); err == nil {
		t.Error("a stranger edits the issue")
	}
	if len(text.Versions) != 0 {
		t.Errorf("before the first edit: %+v", text.Versions)
	}
	for _, body := range []string{"two", "two", "three"} {
		if _, err := w.repo.EditText(ctx, text.NodeID, githubtest.Edited{Body: &body}, w.ada); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.repo.DeleteVersion(text.NodeID, 0, eve); err == nil {
		t.Error("a stranger deletes a version")
	}
	if err := w.repo.DeleteVersion(text.NodeID, 2, w.ada); err == nil {
		t.Error("what the text says now is deleted from its history")
	}
	if err := w.repo.DeleteVersion(text.NodeID, 0, w.ada); err != nil {
		t.Fatal(err)
	}
	want := []githubtest.Version{{Editor: "ada", Deleted: true}, {Body: "two", Editor: "ada"}, {Body: "three", Editor: "ada"}}
	if diff := cmp.Diff(want, w.last("Issue").Versions); diff != "" {
		t.Error(diff)
	}
	if _, err := w.repo.DeleteText(ctx, w.last("PullRequest").NodeID, w.ada); err == nil {
		t.Error("a pull request is deleted")
	}
	if _, err := w.repo.EditText(ctx, "nonsense", githubtest.Edited{}, w.ada); err == nil {
		t.Error("what is not there is edited")
	}
}

// TestTheAppEditsTexts: over REST, as everybody's tools do it.
func TestTheAppEditsTexts(t *testing.T) {
	t.Parallel()
	w := newWriter(t)
	ctx := t.Context()
	c := w.rest(nil)
	w.repo.OpenIssue(ctx, "t", "one", w.ada)
	issue := w.last("Issue")
	if _, err := w.repo.Comment(ctx, issue.Number, "one", w.ada); err != nil {
		t.Fatal(err)
	}
	w.pr.Comment(ctx, "under the pull request", w.ada)
	comments := w.repo.Texts()
	w.took()
	if _, _, err := c.Issues.Edit(ctx, "acme", "shop", issue.Number, &github.IssueRequest{Body: new("two")}); err != nil {
		t.Error(err)
	}
	if _, _, err := c.Issues.Edit(ctx, "acme", "shop", w.pr.Number(), &github.IssueRequest{Body: new("two")}); err != nil {
		t.Error(err)
	}
	for _, text := range comments {
		if text.Kind != "IssueComment" {
			continue
		}
		edited, _, err := c.Issues.EditComment(ctx, "acme", "shop", text.ID, &github.IssueComment{Body: new("two")})
		if err != nil || edited.GetBody() != "two" || edited.GetUser().GetLogin() != "ada" {
			t.Errorf("%v, %v", edited, err)
		}
		if got, _, err := c.Issues.GetComment(ctx, "acme", "shop", text.ID); err != nil || got.GetBody() != "two" || got.GetHTMLURL() != text.URL {
			t.Errorf("%v, %v", got, err)
		}
	}
	if _, err := c.Issues.DeleteComment(ctx, "acme", "shop", w.last("IssueComment").ID); err != nil {
		t.Error(err)
	}
	if got, want := w.took(), "issues.edited pull_request.edited issue_comment.edited issue_comment.edited issue_comment.deleted"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	want := []githubtest.Version{{Body: "one", Editor: "ada"}, {Body: "two", Editor: "rekey[bot]"}}
	if diff := cmp.Diff(want, w.last("Issue").Versions); diff != "" {
		t.Error(diff)
	}
	refused(t, func() error {
		_, _, err := c.Issues.EditComment(ctx, "acme", "shop", 1, &github.IssueComment{Body: new("x")})
		return err
	}(), 404, "Not Found")
	_, _, err := c.Issues.GetComment(ctx, "acme", "shop", 1)
	refused(t, err, 404, "Not Found")
	all, _, err := c.Issues.ListByRepo(ctx, "acme", "shop", nil)
	if err != nil || len(all) != 2 || !all[1].IsPullRequest() {
		t.Errorf("%v, %v: pull requests are issues too", all, err)
	}
}
