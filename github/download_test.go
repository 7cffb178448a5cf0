package github_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/wire"
)

// readAll reads a download to its end and closes it.
func readAll(r io.ReadCloser, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r)
	return text, errors.Join(err, r.Close())
}

func TestRunLogs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	client := w.as(t, github.ActionsAccess, map[string]string{"actions": "write"})
	run, _, err := w.repo.CompleteRun(ctx, githubtest.Run{Steps: []githubtest.RunStep{{Job: "build", Name: "Run make", Log: "hello\n"}}}, w.ada)
	if err != nil {
		t.Fatal(err)
	}
	text, err := readAll(client.RunLogs(ctx, run, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil || len(z.File) != 2 || z.File[0].Name != "build/1_Run make.txt" {
		t.Errorf("%+v, %v", z, err)
	}
	if same, err := readAll(client.RunLogs(ctx, run, int64(len(text)))); err != nil || !bytes.Equal(same, text) {
		t.Errorf("exactly as large as the limit: %d bytes, %v", len(same), err)
	}
	_, err = readAll(client.RunLogs(ctx, run, int64(len(text)-1)))
	if !errors.Is(err, github.ErrAboveLimit) || github.Classify(err, time.Now()).Do != github.GiveUp {
		t.Errorf("above the limit: %v", err)
	}
	if err := client.DeleteRunLogs(ctx, run); !errors.Is(err, github.ErrForbidden) {
		t.Errorf("a token for reading deletes logs: %v", err)
	}
	w.repo.Rename(ctx, w.ada, "backend")
	if same, err := readAll(client.RunLogs(ctx, run, 1<<20)); err != nil || !bytes.Equal(same, text) {
		t.Errorf("of a renamed repository: %d bytes, %v", len(same), err)
	}
	writing := w.as(t, github.ActionsWriteAccess, map[string]string{"actions": "write"})
	if err := writing.DeleteRunLogs(ctx, run); err != nil || w.repo.HasLogs(run) {
		t.Errorf("%v", err)
	}
	if _, err := client.RunLogs(ctx, run, 1<<20); !errors.Is(err, github.ErrGone) || github.Classify(err, time.Now()).Do != github.GiveUp {
		t.Errorf("of deleted logs: %v", err)
	}
	if _, err := client.RunLogs(ctx, 1, 1<<20); !errors.Is(err, github.ErrNotFound) {
		t.Errorf("of no run: %v", err)
	}
	if err := writing.DeleteRunLogs(ctx, 1); !errors.Is(err, github.ErrNotFound) {
		t.Errorf("of no run: %v", err)
	}
}

func TestRunPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.as(t, github.ActionsAccess, map[string]string{"actions": "read"})
	for range 103 {
		if _, _, err := w.repo.CompleteRun(t.Context(), githubtest.Run{Logs: []byte("x")}, w.ada); err != nil {
			t.Fatal(err)
		}
	}
	runs, next, err := client.RunPage(t.Context(), "")
	if err != nil || len(runs) != 100 || next == "" || runs[0].ID < runs[99].ID || runs[0].SHA != w.head || runs[0].Branch != "main" ||
		runs[0].Name != "CI" || runs[0].Conclusion != "success" || runs[0].Ended.IsZero() || !strings.HasPrefix(runs[0].URL, w.URL()) {
		t.Fatalf("%d runs, %q, %v", len(runs), next, err)
	}
	if runs, next, err = client.RunPage(t.Context(), next); err != nil || len(runs) != 3 || next != "" {
		t.Errorf("%d runs, %q, %v", len(runs), next, err)
	}
	if _, _, err := client.RunPage(t.Context(), "%zz"); err == nil {
		t.Error("a cursor that is none is taken")
	}
}

// TestLinksThatEnded: an address of the storage works for a minute. One that has ended is asked for again, once, and says nothing of
// the App's permissions.
func TestLinksThatEnded(t *testing.T) {
	t.Parallel()
	for asked, fails := range map[int]bool{2: false, 3: true} {
		s := newStub()
		n := 0
		s.on("GET", "/actions/runs/7/logs", func(w http.ResponseWriter, r *http.Request) {
			n++
			w.Header().Set("Location", fmt.Sprintf("https://storage.example.net/%d", n))
			w.WriteHeader(http.StatusFound)
		})
		config := s.config()
		config.HTTP = roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host != "storage.example.net" {
				return s.RoundTrip(r)
			}
			status, text := http.StatusForbidden, "ended"
			if r.URL.Path == fmt.Sprint("/", asked) {
				status, text = http.StatusOK, "logs"
			}
			if r.Header.Get("Authorization") != "" {
				t.Error("the token goes to the storage")
			}
			return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(text)), Header: http.Header{}, Request: r, ContentLength: -1}, nil
		})
		app, err := github.New(config)
		if err != nil {
			t.Fatal(err)
		}
		client := app.Repository(github.Repository{Installation: 5, ID: 77, Owner: "acme", Name: "api"}, github.ActionsAccess)
		text, err := readAll(client.RunLogs(t.Context(), 7, 100))
		switch verdict := github.Classify(err, time.Now()); {
		case !fails && (string(text) != "logs" || err != nil):
			t.Errorf("%q, %v", text, err)
		case fails && (err == nil || errors.Is(err, github.ErrForbidden) || verdict.Do != github.Retry || n != 2):
			t.Errorf("asked %d times: %v, %+v", n, err, verdict)
		}
	}
}

// TestDownloadsAreNotLedAstray: where GitHub's answer leads must be safe.
func TestDownloadsAreNotLedAstray(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"http://storage.example.net/x", "https://user:password@storage.example.net/x", "", "ftp://storage.example.net/"} {
		s := newStub()
		s.on("GET", "/releases/assets/7", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept") != "application/octet-stream" {
				t.Errorf("asked for %q", r.Header.Get("Accept"))
			}
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
		})
		if _, err := s.client(t).ReleaseAsset(t.Context(), 7, 100); err == nil || strings.Contains(err.Error(), "password") {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// TestAssetsInTheAnswer: an Enterprise Server may send them itself, and they may be larger than any other answer.
func TestAssetsInTheAnswer(t *testing.T) {
	t.Parallel()
	const size = 33 << 20
	s := newStub()
	s.on("GET", "/releases/assets/7", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, size))
	})
	for limit, want := range map[int64]error{size: nil, size - 1: github.ErrAboveLimit} {
		if text, err := readAll(s.client(t).ReleaseAsset(t.Context(), 7, limit)); !errors.Is(err, want) || err == nil && len(text) != size {
			t.Errorf("%d bytes, %v", len(text), err)
		}
	}
}

// silent is a body from which nothing comes after its start, until it is closed.
type silent struct {
	io.Reader
	ctx context.Context
}

func (s silent) Read(p []byte) (int, error) {
	if n, err := s.Reader.Read(p); err == nil {
		return n, nil
	}
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

func (silent) Close() error { return nil }

// TestDownloadsEndWhereNothingComes: after 30 seconds without a byte, but not sooner because their reader is slow.
func TestDownloadsEndWhereNothingComes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStub()
		config := s.config()
		config.HTTP = roundTripper(func(r *http.Request) (*http.Response, error) {
			if !strings.Contains(r.URL.Path, "/assets/") {
				return s.RoundTrip(r)
			}
			return &http.Response{
				StatusCode: http.StatusOK, Body: silent{strings.NewReader("start"), r.Context()}, Header: http.Header{}, Request: r, ContentLength: -1,
			}, nil
		})
		app, err := github.New(config)
		if err != nil {
			t.Fatal(err)
		}
		client := app.Repository(github.Repository{Installation: 5, ID: 77, Owner: "acme", Name: "api"}, github.TextsAccess)
		body, err := client.ReleaseAsset(t.Context(), 7, 100)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour) // the reader's own time
		start := time.Now()
		text, err := readAll(body, nil)
		if string(text) != "start" || err == nil || !strings.Contains(err.Error(), "GitHub did not answer within 30s") || time.Since(start) != 30*time.Second {
			t.Errorf("%q after %s, %v", text, time.Since(start), err)
		}
	})
}

func TestReleaseAsset(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.as(t, github.TextsAccess, nil)
	w.repo.PublishRelease(t.Context(), githubtest.Release{Tag: "v1", Assets: []githubtest.Asset{{Name: "a", Content: []byte("bytes")}}}, w.ada)
	page, err := client.TextPage(t.Context(), github.Releases, "")
	if err != nil || len(page.Texts) != 1 {
		t.Fatal(page, err)
	}
	if text, err := readAll(client.ReleaseAsset(t.Context(), page.Texts[0].Assets[0].ID, 100)); err != nil || string(text) != "bytes" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := client.ReleaseAsset(t.Context(), 1, 100); !errors.Is(err, github.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	for i := range 101 {
		if err := w.repo.SetSecret(fmt.Sprintf("KEY_%03d", i)); err != nil {
			t.Fatal(err)
		}
	}
	list, err := w.as(t, github.SecretsAccess, map[string]string{"secrets": "read"}).Secrets(ctx)
	if err != nil || len(list) != 101 || list[100].Name != "KEY_100" || list[0].UpdatedAt.IsZero() || list[0].CreatedAt.IsZero() {
		t.Errorf("%d secrets, %v", len(list), err)
	}
	if err := errors.Join(w.repo.SetOrganizationSecret("SHARED"), w.repo.SetEnvironmentSecret("on stage/1", "STAGED")); err != nil {
		t.Fatal(err)
	}
	client := w.as(t, github.SecretsAccess, map[string]string{"secrets": "read"})
	if list, err := client.OrganizationSecrets(ctx); err != nil || len(list) != 1 || list[0].Name != "SHARED" {
		t.Errorf("the organization's: %v, %v", list, err)
	}
	staging := w.as(t, github.EnvironmentsAccess, map[string]string{"environments": "read"})
	if list, err := staging.EnvironmentSecrets(ctx, "on stage/1"); err != nil || len(list) != 1 || list[0].Name != "STAGED" {
		t.Errorf("an environment's: %v, %v", list, err)
	}
	if _, err := staging.EnvironmentSecrets(ctx, "none"); !errors.Is(err, github.ErrNotFound) {
		t.Errorf("of no environment: %v", err)
	}
	w.restart(t)
	if _, err := w.as(t, github.SecretsAccess, nil).Secrets(ctx); !errors.Is(err, github.ErrForbidden) {
		t.Errorf("without the permission: %v", err)
	}
}

func TestWiki(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	wiki := w.client.Wiki()
	if _, err := wiki.Refs(ctx); !errors.Is(err, github.ErrNotFound) {
		t.Errorf("before its first page: %v", err)
	}
	if _, err := w.repo.EditWiki(ctx, map[string]string{"Home": "welcome"}, w.ada); err != nil {
		t.Fatal(err)
	}
	refs, err := wiki.Refs(ctx, "refs/heads/")
	if err != nil || len(refs) != 1 || refs[0].Name != "refs/heads/master" {
		t.Fatalf("%v, %v", refs, err)
	}
	text, err := readAll(wiki.FetchPack(ctx, wire.Request{Wants: []string{refs[0].ID}}))
	if err != nil || !bytes.HasPrefix(text, []byte("PACK")) {
		t.Errorf("%.8q, %v", text, err)
	}
	if refs, err := w.client.Refs(ctx, "refs/heads/"); err != nil || refs[0].Name != "refs/heads/main" {
		t.Errorf("the repository's own: %v, %v", refs, err)
	}
}

func TestEditingAndDeletingTexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	w.write(t, "secret")
	client := w.as(t, github.RespondAccess, map[string]string{"pull_requests": "write"})
	pulls := w.as(t, github.PullsWriteAccess, map[string]string{"pull_requests": "write"})
	issue, comment, pull := w.find(t, "Issue"), w.find(t, "IssueComment"), w.find(t, "PullRequest")
	for _, err := range []error{
		client.EditIssueBody(ctx, issue.Number, "masked"), pulls.EditIssueBody(ctx, pull.Number, "masked"),
		client.EditIssueComment(ctx, comment.ID, "masked"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if err := client.EditIssueBody(ctx, pull.Number, "else"); !errors.Is(err, github.ErrForbidden) {
		t.Errorf("a pull request, with the permission for issues: %v", err)
	}
	want := []githubtest.Version{{Body: "secret", Editor: "ada"}, {Body: "masked", Editor: w.AppSlug() + "[bot]"}}
	for _, kind := range []string{"Issue", "IssueComment", "PullRequest"} {
		text := w.find(t, kind)
		if diff := cmp.Diff(want, text.Versions); diff != "" || text.Body != "masked" || text.Title != map[string]string{"Issue": issue.Title, "PullRequest": pull.Title}[kind] {
			t.Errorf("%s: %+v\n%s", kind, text, diff)
		}
	}
	if err := client.EditIssueComment(ctx, 1, "masked"); !errors.Is(err, github.ErrNotFound) {
		t.Errorf("a comment that there is not: %v", err)
	}
	for _, err := range []error{
		client.EditIssueComment(ctx, comment.ID, ""), client.EditIssueComment(ctx, comment.ID, strings.Repeat("x", 65537)),
		client.EditIssueBody(ctx, 0, "x"), client.EditIssueBody(ctx, 1, strings.Repeat("x", 65537)),
	} {
		if github.Classify(err, time.Now()).Do != github.GiveUp {
			t.Errorf("%v", err)
		}
	}
	beside := w.find(t, "PullRequestReviewComment")
	if err := client.DeleteReviewComment(ctx, beside.ID); !errors.Is(err, github.ErrForbidden) {
		t.Errorf("without the permission: %v", err)
	}
	writing := w.as(t, github.ReviewsWriteAccess, map[string]string{"pull_requests": "write"})
	if err := writing.DeleteReviewComment(ctx, beside.ID); err != nil {
		t.Error(err)
	}
	if err := writing.DeleteReviewComment(ctx, beside.ID); !errors.Is(err, github.ErrNotFound) {
		t.Errorf("again: %v", err)
	}
}
