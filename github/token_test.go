package github_test

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
)

func TestTokensAreNarrowed(t *testing.T) {
	s := newStub()
	s.on("GET", "", answer(200, `{"id":77,"name":"api","owner":{"login":"acme"}}`))
	s.HandleFunc("GET /api/v3/repos/acme/.github", answer(200, `{"id":78}`))
	s.HandleFunc("GET /api/v3/installation/repositories", answer(200, `{"repositories":[]}`))
	app := s.app(t)
	for _, c := range []*github.Client{
		app.Repository(github.Repository{Installation: 5, ID: 77, Owner: "acme", Name: "api"}, github.ScanAccess),
		app.Repository(github.Repository{Installation: 5, ID: 77, Owner: "acme", Name: "api"}, github.RespondAccess),
		app.Repository(github.Repository{Installation: 5, Owner: "acme", Name: ".github"}, github.ScanAccess),
	} {
		if _, err := c.Repository(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := app.InstallationRepositories(t.Context(), 6); err != nil {
		t.Fatal(err)
	}
	scan := map[string]string{"metadata": "read", "contents": "read", "checks": "write"}
	respond := map[string]string{"metadata": "read", "contents": "read", "checks": "write", "issues": "write"}
	want := []mintRequest{
		{Installation: "5", RepositoryIDs: []int64{77}, Permissions: scan},
		{Installation: "5", RepositoryIDs: []int64{77}, Permissions: respond},
		{Installation: "5", Repositories: []string{".github"}, Permissions: scan},
		{Installation: "6", Permissions: map[string]string{"metadata": "read"}},
	}
	got := s.mints()
	for i := range got {
		got[i].Token = ""
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestTokensAreReusedUntilFiveMinutesBeforeTheirEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStub()
		s.on("GET", "", answer(200, `{"id":77}`))
		app := s.app(t)
		ask := func() {
			t.Helper()
			var all sync.WaitGroup
			for range 20 { // each with a client of its own, at once
				all.Go(func() {
					c := app.Repository(github.Repository{Installation: 5, ID: 77, Owner: "acme", Name: "api"}, github.ScanAccess)
					if _, err := c.Repository(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
		}
		for _, step := range []struct {
			after time.Duration
			want  int
		}{{0, 1}, {54 * time.Minute, 1}, {2 * time.Minute, 2}, {54 * time.Minute, 2}} {
			time.Sleep(step.after)
			ask()
			if got := len(s.mints()); got != step.want {
				t.Errorf("%s later: %d tokens, want %d", step.after, got, step.want)
			}
		}
	})
}

func TestARefusedTokenIsMintedAnewOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStub()
		var bodies []string
		s.on("POST", "/issues/3/comments", func(w http.ResponseWriter, r *http.Request) {
			bodies = append(bodies, s.bodies[len(s.bodies)-1])
			answer(201, `{"id":9}`)(w, r)
		})
		c := s.client(t)
		s.refuse = 1
		if id, err := c.Comment(t.Context(), 3, "hello"); err != nil || id != 9 {
			t.Fatalf("%d, %v", id, err)
		}
		if len(s.mints()) != 2 || len(bodies) != 1 || bodies[0] != "{\"body\":\"hello\"}\n" {
			t.Errorf("%d tokens, comments %q", len(s.mints()), bodies)
		}
		s.refuse = 2
		time.Sleep(time.Second) // its turn
		_, err := c.Comment(t.Context(), 3, "again")
		if !errors.Is(err, github.ErrUnauthorized) || len(s.mints()) != 3 {
			t.Errorf("%v after %d tokens", err, len(s.mints()))
		}
	})
}

func TestGitUsesTheSameToken(t *testing.T) {
	s := newStub()
	s.on("GET", "", answer(200, `{"id":77}`))
	s.HandleFunc("POST /acme/api.git/git-upload-pack", answer(404, "Repository not found.", "Content-Type", "text/plain"))
	c := s.client(t)
	if _, err := c.Repository(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.refuse = 1
	_, err := c.FetchPack(t.Context(), wire.Request{Wants: []string{sha}})
	if !errors.Is(err, github.ErrNotFound) || len(s.mints()) != 2 {
		t.Errorf("%v after %d tokens", err, len(s.mints()))
	}
	if _, err := c.Refs(t.Context(), "refs/heads/"); !errors.Is(err, github.ErrNotFound) || len(s.mints()) != 2 {
		t.Errorf("%v after %d tokens", err, len(s.mints()))
	}
}

func TestNamesThatAreNoneAreNotSent(t *testing.T) {
	s := newStub()
	app := s.app(t)
	for _, r := range []github.Repository{
		{Installation: 5, ID: 1, Owner: "acme", Name: "../../user"},
		{Installation: 5, ID: 1, Owner: "acme", Name: ".."},
		{Installation: 5, ID: 1, Owner: "acme?x=", Name: "api"},
		{Installation: 5, ID: 1, Owner: "", Name: "api"},
		{Installation: 0, ID: 1, Owner: "acme", Name: "api"},
	} {
		c := app.Repository(r, github.RespondAccess)
		_, _, contents := c.Contents(t.Context(), "README.md", "")
		_, found := c.FindIssues(t.Context(), "marker", time.Time{})
		_, err := c.FindCheckRuns(t.Context(), sha, "name", "id")
		_, fetched := c.FetchPack(t.Context(), wire.Request{Wants: []string{sha}})
		_, created := c.CreateIssue(t.Context(), github.Issue{Title: "t"})
		for _, err := range []error{contents, found, err, fetched, created} {
			if invalid, ok := errors.AsType[*github.InvalidError](err); !ok || invalid.What != "repository" {
				t.Errorf("%+v: %v", r, err)
			}
			if verdict := github.Classify(err, time.Now()); verdict.Do != github.GiveUp {
				t.Errorf("%+v: %+v", r, verdict)
			}
		}
	}
	if _, err := s.client(t).Permission(t.Context(), "kim/../../x"); err == nil {
		t.Error("a login with slashes is taken")
	}
	if seen := s.seen(); len(seen) > 0 || len(s.mints()) > 0 {
		t.Errorf("sent %q", seen)
	}
}
