package github_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/githubtest/openapi"
	"github.com/rekey-app/rekey/github/wire"
)

// world is the stand-in GitHub with an organisation, a private repository that the App is installed in, and its client.
// Where GitHub's OpenAPI description is at hand, every request and answer is held against it.
type world struct {
	*githubtest.Server
	org, ada *githubtest.Account
	repo     *githubtest.Repository
	in       *githubtest.Installation
	app      *github.App
	client   *github.Client
	head     string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldAt(t, nil)
}

// newWorldAt is a world with GitHub's clock; nil: the computer's.
func newWorldAt(t *testing.T, now func() time.Time) *world {
	t.Helper()
	server, err := githubtest.New(githubtest.Options{Quiet: true, Wrap: openapi.Watch(t), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{Server: server, org: server.Organization("acme"), ada: server.User("ada")}
	if w.repo, err = server.CreateRepository(w.org, "api", githubtest.RepositoryOptions{Private: true}); err != nil {
		t.Fatal(err)
	}
	w.repo.SetRole(w.ada, "maintain")
	w.head = w.push(t, map[string]string{"README.md": "hello\n", ".github/rekey.yml": "fail_on: live\n"})
	w.in, _ = server.Install(t.Context(), w.org, w.ada, w.repo)
	w.restart(t)
	return w
}

// restart makes an App that knows nothing yet.
func (w *world) restart(t *testing.T) {
	t.Helper()
	block, _ := pem.Decode(w.PrivateKeyPEM())
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	w.app, err = github.New(github.Config{
		AppID: w.AppID(), PrivateKey: key, WebURL: w.URL(), APIURL: w.APIURL(), WritePause: time.Microsecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.client = w.app.Repository(github.Repository{
		Installation: w.in.ID(), ID: w.repo.ID(), Owner: "acme", Name: "api",
	}, github.RespondAccess)
}

func (w *world) push(t *testing.T, files map[string]string) string {
	t.Helper()
	sha, err := w.repo.Commit(githubtest.Change{Files: files, Author: w.ada})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.repo.Push(t.Context(), githubtest.Push{SHA: sha, By: w.ada}); err != nil {
		t.Fatal(err)
	}
	return sha
}

func TestFetchFromTheStandIn(t *testing.T) {
	w := newWorld(t)
	refs, err := w.client.Refs(t.Context(), "refs/heads/")
	if diff := cmp.Diff([]wire.Ref{{Name: "refs/heads/main", ID: w.head}}, refs); err != nil || diff != "" {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
	next := w.push(t, map[string]string{"b": "b\n"})
	pack, err := w.client.FetchPack(t.Context(), wire.Request{Wants: []string{next}, Haves: []string{w.head}})
	if err != nil {
		t.Fatal(err)
	}
	defer pack.Close()
	if text, err := io.ReadAll(pack); err != nil || !strings.HasPrefix(string(text), "PACK") {
		t.Errorf("%.8q, %v", text, err)
	}
	_, err = w.client.FetchPack(t.Context(), wire.Request{Wants: []string{sha}})
	if verdict := github.Classify(err, time.Now()); verdict.Do != github.Retry || !strings.Contains(verdict.Reason, "a pushed commit") {
		t.Errorf("a commit that is not there: %+v", verdict)
	}
	if w.Count(githubtest.Token) != 1 {
		t.Errorf("%d tokens", w.Count(githubtest.Token))
	}
}

func TestCheckRunsOnTheStandIn(t *testing.T) {
	w := newWorld(t)
	run := checkRun()
	run.HeadSHA = w.head
	run.Annotations = nil
	for i := range 60 {
		run.Annotations = append(run.Annotations, github.Annotation{
			Path: "README.md", StartLine: i + 1, EndLine: i + 1, Level: "failure", Message: fmt.Sprint(i),
		})
	}
	id, err := w.client.CreateCheckRun(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	found, err := w.client.FindCheckRuns(t.Context(), w.head, run.Name, run.ExternalID)
	if !slices.Equal(found, []int64{id}) || err != nil {
		t.Errorf("found %d, %v, want %d", found, err, id)
	}
	there, err := w.client.Annotations(t.Context(), id)
	if diff := cmp.Diff(run.Annotations, there); err != nil || diff != "" {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
	run.Conclusion, run.Title, run.Annotations = github.Success, "all clear", nil
	if err := w.client.UpdateCheckRun(t.Context(), id, run); err != nil {
		t.Error(err)
	}
	runs := w.repo.CheckRuns(w.head)
	if len(runs) != 1 || runs[0].Conclusion != "success" || runs[0].Title != "all clear" || len(runs[0].Annotations) != 60 {
		t.Errorf("%d runs, the first %s %q with %d annotations", len(runs), runs[0].Conclusion, runs[0].Title, len(runs[0].Annotations))
	}
	run.HeadSHA = sha
	_, err = w.client.CreateCheckRun(t.Context(), run)
	if !errors.Is(err, github.ErrNoCommit) {
		t.Errorf("on a commit that is not there: %v", err)
	}
}

func TestIssuesOnTheStandIn(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	const marker = "<!-- rekey:leak-7 -->"
	if n, _ := w.repo.OpenIssue(ctx, "copied", marker, w.ada); n != 1 {
		t.Fatalf("issue %d", n)
	}
	if issues, err := w.client.FindIssues(ctx, marker, time.Time{}); err != nil || len(issues) > 0 {
		t.Errorf("somebody else's issue is found: %+v, %v", issues, err)
	}
	created, err := w.client.CreateIssue(ctx, github.Issue{
		Title: "leak", Body: "b " + marker, Labels: []string{"clerk"}, Assignees: []string{"nobody-knows-them"},
	})
	if err != nil || created.Number != 2 || created.State != "open" || len(created.Assignees) != 0 {
		t.Fatalf("%+v, %v", created, err)
	}
	if issues, err := w.client.FindIssues(ctx, marker, time.Now().Add(-time.Hour)); err != nil || len(issues) != 1 || issues[0].Number != 2 {
		t.Errorf("%+v, %v", issues, err)
	}
	for i := range 120 { // the marked issue moves to the second page
		if i%2 == 0 {
			w.repo.OpenIssue(ctx, "other", "", w.ada)
		} else if _, err := w.client.CreateIssue(ctx, github.Issue{Title: "leak", Body: "another"}); err != nil {
			t.Fatal(err)
		}
	}
	if issues, err := w.client.FindIssues(ctx, marker, time.Time{}); err != nil || len(issues) != 1 || issues[0].Number != 2 {
		t.Errorf("%+v, %v", issues, err)
	}
	edited, err := w.client.EditIssue(ctx, github.Issue{Number: 2, State: "closed", Reason: "completed"})
	if err != nil || edited.State != "closed" || edited.Reason != "completed" || edited.Body != created.Body {
		t.Errorf("%+v, %v", edited, err)
	}
	if _, err := w.client.Comment(ctx, 2, "dead"); err != nil {
		t.Error(err)
	}
	comments, err := w.client.Comments(ctx, 2, time.Time{})
	if err != nil || len(comments) != 1 || comments[0].Author != w.AppSlug()+"[bot]" || comments[0].AuthorType != "Bot" {
		t.Errorf("%+v, %v", comments, err)
	}
	if _, err := w.repo.DeleteIssue(ctx, 2, w.ada); err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.Comment(ctx, 2, "dead"); !errors.Is(err, github.ErrGone) || github.Classify(err, time.Now()).Do != github.GiveUp {
		t.Errorf("a deleted issue: %v", err)
	}
	w.repo.DisableIssues(true)
	if _, err := w.client.CreateIssue(ctx, github.Issue{Title: "t"}); !errors.Is(err, github.ErrIssuesDisabled) {
		t.Errorf("issues disabled: %v", err)
	}
	w.repo.DisableIssues(false)
	w.repo.Archive(ctx, w.ada)
	if _, err := w.client.CreateIssue(ctx, github.Issue{Title: "t"}); !errors.Is(err, github.ErrArchived) {
		t.Errorf("archived: %v", err)
	}
}

// TestOnlyOurOwnWritingCounts: anybody can copy a marker.
func TestOnlyOurOwnWritingCounts(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.repo.OpenIssue(ctx, "somebody's", "", w.ada)
	issue, err := w.client.CreateIssue(ctx, github.Issue{Title: "ours"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.repo.Comment(ctx, issue.Number, "copied <!-- a -->", w.ada); err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.Comment(ctx, issue.Number, "ours <!-- b -->"); err != nil {
		t.Fatal(err)
	}
	for marker, want := range map[string]bool{"<!-- a -->": false, "<!-- b -->": true, "<!-- c -->": false} {
		if got, err := w.client.FindComment(ctx, issue.Number, marker, time.Time{}); err != nil || (got != 0) != want {
			t.Errorf("commented with %s: %d, %v", marker, got, err)
		}
	}
	if issues, err := w.client.OwnIssues(ctx); err != nil || len(issues) != 1 || issues[0].Number != issue.Number {
		t.Errorf("our own issues: %+v, %v", issues, err)
	}
}

func TestReadingFromTheStandIn(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	for path, want := range map[string]string{
		".github/rekey.yml": "fail_on: live\n", ".github": "", "missing": "", "README.md": "hello\n",
	} {
		text, found, err := w.client.Contents(ctx, path, "")
		if string(text) != want || found != (want != "") || err != nil {
			t.Errorf("%s: %q, %v, %v", path, text, found, err)
		}
	}
	if _, _, err := w.client.Contents(ctx, "README.md", sha); !errors.Is(err, github.ErrNoCommit) {
		t.Errorf("a commit that is not there: %v", err)
	}
	w.repo.SetRole(w.User("bob"), "triage")
	for login, want := range map[string]string{"ada": "maintain", "bob": "triage", "eve": "none"} {
		w.User(login)
		if got, err := w.client.Permission(ctx, login); got != want || err != nil {
			t.Errorf("%s: %s, %v", login, got, err)
		}
	}
	if ok, err := w.client.Assignable(ctx, "ada"); !ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	if ok, err := w.client.Assignable(ctx, "nobody-knows-them"); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	info, err := w.client.Repository(ctx)
	if err != nil || info.ID != w.repo.ID() || info.DefaultBranch != "main" || !info.Private || info.PushedAt.IsZero() {
		t.Errorf("%+v, %v", info, err)
	}
	list, err := w.app.InstallationRepositories(ctx, w.in.ID())
	if diff := cmp.Diff([]github.RepositoryInfo{info}, list); err != nil || diff != "" {
		t.Errorf("%v, -one +list\n%s", err, diff)
	}
}

func TestRenamedRepositoryOnTheStandIn(t *testing.T) {
	w := newWorld(t)
	w.repo.Rename(t.Context(), w.ada, "backend")
	if info, err := w.client.Repository(t.Context()); err != nil || info.Name != "backend" {
		t.Errorf("%+v, %v", info, err)
	}
	if _, err := w.client.CreateIssue(t.Context(), github.Issue{Title: "t"}); err != nil || len(w.repo.Issues()) != 1 {
		t.Errorf("%d issues, %v", len(w.repo.Issues()), err)
	}
	pack, err := w.client.FetchPack(t.Context(), wire.Request{Wants: []string{w.head}})
	if err != nil {
		t.Fatal(err)
	}
	pack.Close()
}

func TestTokensOfTheStandIn(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	scan := w.app.Repository(github.Repository{
		Installation: w.in.ID(), ID: w.repo.ID(), Owner: "acme", Name: "api",
	}, github.ScanAccess)
	_, err := scan.CreateIssue(ctx, github.Issue{Title: "t"})
	if verdict := github.Classify(err, time.Now()); !errors.Is(err, github.ErrForbidden) || !strings.Contains(verdict.Reason, "issues: write") {
		t.Errorf("scan access files an issue: %v, %+v", err, verdict)
	}
	w.RevokeTokens()
	if _, err := scan.Repository(ctx); err != nil {
		t.Errorf("after the tokens were revoked: %v", err)
	}
	other, err := w.CreateRepository(w.org, "other", githubtest.RepositoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	out := w.app.Repository(github.Repository{Installation: w.in.ID(), ID: other.ID(), Owner: "acme", Name: "other"}, github.ScanAccess)
	if _, err := out.Repository(ctx); !errors.Is(err, github.ErrOutOfReach) {
		t.Errorf("a repository out of reach: %v", err)
	}
	named := w.app.Repository(github.Repository{Installation: w.in.ID(), Owner: "acme", Name: ".github"}, github.ScanAccess)
	if _, _, err := named.Contents(ctx, "rekey.yml", ""); !errors.Is(err, github.ErrOutOfReach) {
		t.Errorf("a repository that does not exist: %v", err)
	}
	w.in.Suspend(ctx, w.ada)
	w.RevokeTokens()
	if _, err := scan.Repository(ctx); !errors.Is(err, github.ErrSuspended) {
		t.Errorf("suspended: %v", err)
	}
	w.in.Unsuspend(ctx, w.ada)
	w.in.Uninstall(ctx, w.ada)
	if _, err := scan.Repository(ctx); !errors.Is(err, github.ErrUninstalled) {
		t.Errorf("uninstalled: %v", err)
	}
}

func TestFaultsOfTheStandIn(t *testing.T) {
	w := newWorld(t)
	every := func(*http.Request) bool { return true }
	for name, test := range map[string]struct {
		fault githubtest.Fault
		do    github.Reaction
		wait  time.Duration
	}{
		"429":       {githubtest.TooManyRequests(30 * time.Minute), github.Snooze, 30 * time.Minute},
		"secondary": {githubtest.SecondaryLimit(40 * time.Minute), github.Snooze, 40 * time.Minute},
		"primary":   {githubtest.PrimaryLimit(time.Now().Add(50 * time.Minute)), github.Snooze, 50 * time.Minute},
		"500":       {githubtest.Answer(500, "oops"), github.Retry, 0},
		"cut":       {githubtest.Cut, github.Retry, 0},
		"cut after": {githubtest.CutAfter, github.Retry, 0},
		"cut at 40": {githubtest.CutAt(40), github.Retry, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w.restart(t)
			w.Inject(githubtest.Times(1000, every, test.fault))
			attempts := map[string]func(context.Context) error{
				"rest": func(ctx context.Context) error { _, err := w.client.Repository(ctx); return err },
				"git": func(ctx context.Context) error {
					pack, err := w.client.FetchPack(ctx, wire.Request{Wants: []string{w.head}})
					if err != nil {
						return err
					}
					defer pack.Close()
					_, err = io.Copy(io.Discard, pack)
					return err
				},
			}
			for what, attempt := range attempts {
				err := attempt(t.Context())
				verdict := github.Classify(err, time.Now())
				if verdict.Do != test.do || err == nil {
					t.Errorf("%s: %+v, %v", what, verdict, err)
				}
				if off := time.Until(verdict.Until) - test.wait; test.do == github.Snooze && off.Abs() > 5*time.Minute {
					t.Errorf("%s: until %s, want in %s", what, verdict.Until, test.wait)
				}
			}
		})
	}
}
