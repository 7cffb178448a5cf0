package githubtest_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v62/github"
	"github.com/tidwall/gjson"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/wire"
)

// TestLogsLieInStorage: on another host, for a minute, without a token.
func TestLogsLieInStorage(t *testing.T) {
	t.Parallel()
	w := newWriter(t)
	ctx := t.Context()
	c := w.rest(nil)
	id, _, err := w.repo.CompleteRun(ctx, githubtest.Run{Steps: []githubtest.RunStep{
		{Job: "build", Name: "Set up job", Log: "ready\n"}, {Job: "build", Name: "Run make", Log: "a\nb\n"}, {Job: "test", Name: "Run go", Log: "c\n"},
	}}, w.ada)
	if err != nil {
		t.Fatal(err)
	}
	at, _, err := c.Actions.GetWorkflowRunLogs(ctx, "acme", "shop", id, 0)
	if err != nil || !strings.HasPrefix(at.String(), w.StorageURL()) {
		t.Fatalf("%v, %v", at, err)
	}
	get := func(token string) (int, []byte) {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			r.Header.Set("Authorization", token)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, text
	}
	status, text := get("")
	files := unzipped(t, text)
	if status != 200 || len(files) != 5 || !strings.HasSuffix(files["build/2_Run make.txt"], "Z b\n") ||
		strings.Count(files["0_build.txt"], "\n") != 3 || files["1_test.txt"] != files["test/1_Run go.txt"] {
		t.Errorf("%d, %q", status, files)
	}
	if status, _ := get("Bearer x"); status != 400 {
		t.Errorf("with a token: %d", status)
	}
	w.pass(61 * time.Second)
	if status, _ := get(""); status != 403 {
		t.Errorf("after a minute: %d", status)
	}
	if !w.repo.HasLogs(id) {
		t.Error("there are no logs")
	}
	runs, _, err := c.Actions.ListRepositoryWorkflowRuns(ctx, "acme", "shop", nil)
	if err != nil || runs.GetTotalCount() != 1 || runs.WorkflowRuns[0].GetID() != id || runs.WorkflowRuns[0].GetConclusion() != "success" {
		t.Errorf("%+v, %v", runs, err)
	}
	if _, err := c.Actions.DeleteWorkflowRunLogs(ctx, "acme", "shop", id); err != nil || w.repo.HasLogs(id) {
		t.Errorf("%v", err)
	}
	for id, want := range map[int64]int{id: 410, 1: 404} {
		if _, resp, err := c.Actions.GetWorkflowRunLogs(ctx, "acme", "shop", id, 0); err == nil || resp.StatusCode != want {
			t.Errorf("run %d: %v", id, err)
		}
	}
	_, err = c.Actions.DeleteWorkflowRunLogs(ctx, "acme", "shop", 1)
	refused(t, err, 404, "Not Found")
}

func TestSecretsAndReleases(t *testing.T) {
	t.Parallel()
	w := newWriter(t)
	ctx := t.Context()
	c := w.rest(nil)
	for _, name := range []string{"CLERK_SECRET_KEY", "A", "CLERK_SECRET_KEY"} {
		if err := w.repo.SetSecret(name); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Second)
	}
	if err := w.repo.SetSecret("lower"); err == nil {
		t.Error("a secret's name is in lower case")
	}
	secrets, _, err := c.Actions.ListRepoSecrets(ctx, "acme", "shop", nil)
	if err != nil || secrets.TotalCount != 2 || secrets.Secrets[0].Name != "A" ||
		secrets.Secrets[1].UpdatedAt.Sub(secrets.Secrets[1].CreatedAt.Time) != 2*time.Second {
		t.Errorf("%+v, %v", secrets, err)
	}
	for i := range 3 {
		w.repo.PublishRelease(ctx, githubtest.Release{Tag: fmt.Sprint("v", i), Assets: []githubtest.Asset{{Name: "a", Content: []byte("bytes")}}}, w.ada)
	}
	releases, resp, err := c.Repositories.ListReleases(ctx, "acme", "shop", &github.ListOptions{PerPage: 2})
	if err != nil || len(releases) != 2 || releases[0].GetTagName() != "v2" || resp.NextPage != 2 {
		t.Fatalf("%v, %v", releases, err)
	}
	id := releases[0].Assets[0].GetID()
	one, _, err := c.Repositories.GetReleaseAsset(ctx, "acme", "shop", id)
	if err != nil || one.GetSize() != 5 {
		t.Errorf("%v, %v", one, err)
	}
	if _, at, err := c.Repositories.DownloadReleaseAsset(ctx, "acme", "shop", id, nil); err != nil || !strings.HasPrefix(at, w.StorageURL()) {
		t.Errorf("%q, %v", at, err)
	}
	_, _, err = c.Repositories.GetReleaseAsset(ctx, "acme", "shop", 1)
	refused(t, err, 404, "Not Found")
	if _, err := w.repo.EditRelease(ctx, 1, githubtest.Edited{}, w.ada); err == nil {
		t.Error("a release that does not exist is edited")
	}
	if _, err := w.repo.DeleteRelease(ctx, 1, w.ada); err == nil {
		t.Error("a release that does not exist is deleted")
	}
}

// TestWikis: a wiki is a git repository of its own, which is there from its first page on.
func TestWikis(t *testing.T) {
	t.Parallel()
	w := newWriter(t)
	ctx := t.Context()
	git := w.wire(nil)
	at := w.URL() + "/acme/shop.wiki.git"
	if _, err := git.Refs(ctx, at); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("before the first page: %v", err)
	}
	d, err := w.repo.EditWiki(ctx, map[string]string{"How to": "one"}, w.ada)
	if err != nil {
		t.Fatal(err)
	}
	page := gjson.GetBytes(d.Payload, "pages.0")
	if page.Get("action").Str != "created" || page.Get("page_name").Str != "How-to" || !strings.HasSuffix(page.Get("html_url").Str, "/wiki/How-to") {
		t.Errorf("%s", page)
	}
	refs, err := git.Refs(ctx, at)
	if want := []wire.Ref{{Name: "refs/heads/master", ID: page.Get("sha").Str}}; err != nil || len(refs) == 0 || !slices.Contains(refs, want[0]) {
		t.Fatalf("%v, %v, want %v", refs, err, want)
	}
	pack, err := git.Fetch(ctx, at, wire.Request{Wants: []string{page.Get("sha").Str}})
	if err != nil {
		t.Fatal(err)
	}
	defer pack.Close()
	if text, err := io.ReadAll(pack); err != nil || !strings.HasPrefix(string(text), "PACK") {
		t.Errorf("%.8q, %v", text, err)
	}
	w.repo.Rename(ctx, w.ada, "store")
	if refs, err := git.Refs(ctx, at); err != nil || len(refs) == 0 {
		t.Errorf("by the former name: %v, %v", refs, err)
	}
}

// TestLists: everything that was written can be listed, a page at a time.
func TestLists(t *testing.T) {
	t.Parallel()
	w := newWriter(t)
	ctx := t.Context()
	c := w.rest(nil)
	number, _ := w.repo.OpenIssue(ctx, "t", "b", w.ada)
	for i := range 3 {
		w.pass(time.Second)
		if _, err := w.repo.Comment(ctx, number, fmt.Sprint(i), w.ada); err != nil {
			t.Fatal(err)
		}
		comments := []githubtest.ReviewComment{{Path: "file", Line: 10, Body: fmt.Sprint(i)}}
		if _, err := w.pr.Review(ctx, githubtest.Review{Comments: comments}, w.ada); err != nil {
			t.Fatal(err)
		}
		if _, err := w.repo.CommentOnCommit(ctx, githubtest.CommitComment{SHA: w.pr.Head(), Body: fmt.Sprint(i)}, w.ada); err != nil {
			t.Fatal(err)
		}
	}
	w.pr.Comment(ctx, "3", w.ada)
	two := github.ListOptions{PerPage: 2}
	all, resp, err := c.Issues.ListComments(ctx, "acme", "shop", 0, &github.IssueListCommentsOptions{Sort: new("created"), Direction: new("asc"), ListOptions: two})
	if err != nil || len(all) != 2 || all[0].GetBody() != "0" || resp.NextPage != 2 {
		t.Errorf("comments: %v, %v", all, err)
	}
	since := all[1].GetUpdatedAt().Time
	all, _, err = c.Issues.ListComments(ctx, "acme", "shop", 0, &github.IssueListCommentsOptions{Since: &since})
	if err != nil || len(all) != 3 || all[2].GetBody() != "3" {
		t.Errorf("comments since the second: %v, %v", all, err)
	}
	beside, _, err := c.PullRequests.ListComments(ctx, "acme", "shop", 0, &github.PullRequestListCommentsOptions{Sort: "updated", Direction: "desc", ListOptions: two})
	if err != nil || len(beside) != 2 || beside[0].GetBody() != "2" || !strings.HasSuffix(beside[0].GetDiffHunk(), "+10") {
		t.Errorf("comments of reviews: %v, %v", beside, err)
	}
	if _, err := c.PullRequests.DeleteComment(ctx, "acme", "shop", beside[0].GetID()); err != nil {
		t.Error(err)
	}
	_, err = c.PullRequests.DeleteComment(ctx, "acme", "shop", beside[0].GetID())
	refused(t, err, 404, "Not Found")
	commits, _, err := c.Repositories.ListComments(ctx, "acme", "shop", &two)
	if err != nil || len(commits) != 2 || commits[0].GetBody() != "0" {
		t.Errorf("comments on commits: %v, %v", commits, err)
	}
}

// unzipped is an archive's files by name.
func unzipped(t *testing.T, archive []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(text)
		_ = r.Close() // it was read to its end
	}
	return files
}
