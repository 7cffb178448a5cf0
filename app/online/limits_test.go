package online_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/app/online"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
)

// TestHourlyLimit: where the hour's requests are used up, the scan says so and waits, as often as it takes, and finds the same.
func TestHourlyLimit(t *testing.T) {
	t.Parallel()
	whole := newBench(t)
	want := whole.written(whole.whole())
	b := newBenchOf(t, githubtest.Options{HourlyLimit: 9})
	o := b.options()
	waits := 0
	o.Wait = func(_ context.Context, until time.Time, why string) error {
		waits++
		if why != "GitHub's hourly limit of requests is used up" {
			t.Errorf("waits until %s: %s", until, why)
		}
		b.hours.Add(2)
		return nil
	}
	out, err := online.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if waits < 2 {
		t.Errorf("%d waits", waits)
	}
	if diff := cmp.Diff(want, b.written(out)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestNoWait: a scan that may not wait ends with what it found, says until when, and goes on after that.
func TestNoWait(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	want := b.written(b.whole())
	secondary := func() githubtest.Fault { return githubtest.SecondaryLimit(time.Minute) }
	for name, limited := range map[string]struct {
		fault func() githubtest.Fault
		at    []string
	}{
		"GitHub asks for a pause (its secondary limit)": {secondary, []string{"/orgs/acme/repos", "/graphql", "git-upload-pack"}},
		"GitHub's hourly limit of requests is used up": {
			func() githubtest.Fault { return githubtest.PrimaryLimit(time.Now().Add(time.Hour)) },
			[]string{"/acme/api/issues/comments", "/logs", "/assets/"},
		},
	} {
		for _, path := range limited.at {
			b.Inject(githubtest.Times(1, func(r *http.Request) bool { return strings.Contains(r.URL.Path, path) }, limited.fault()))
			var limit *online.LimitError
			_, err := online.Run(t.Context(), b.options())
			if !errors.As(err, &limit) || limit.Why != name || !strings.Contains(err.Error(), "run the same command then") || limit.Until.Before(b.now().Add(30*time.Second)) {
				t.Errorf("%s: %v", path, err)
			}
			b.hours.Add(2)
			out, err := online.Run(t.Context(), b.options())
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if diff := cmp.Diff(want, b.written(out)); diff != "" {
				t.Errorf("%s: -want +got\n%s", path, diff)
			}
			online.Forget(b.state)
		}
	}
}

// TestRetries: what fails for a moment is tried again, and is no gap.
func TestRetries(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	want := b.written(b.whole())
	for name, fault := range map[string]githubtest.Fault{"500": githubtest.Answer(http.StatusBadGateway, "Bad Gateway"), "cut": githubtest.Cut} {
		for _, path := range []string{"/users/acme", "/issues", "/graphql", "git-upload-pack", "/logs", "/contents/"} {
			b.Inject(githubtest.Times(2, func(r *http.Request) bool { return strings.Contains(r.URL.Path, path) }, fault))
			if diff := cmp.Diff(want, b.written(b.whole())); diff != "" {
				t.Errorf("%s, %s: -want +got\n%s", name, path, diff)
			}
		}
	}
}

// TestWithoutToken: what is public is read in 60 requests an hour, and what only a token shows is said once.
func TestWithoutToken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.token = ""
	b.API.Publicize(t.Context(), b.Ada)
	o := b.options()
	o.Name = "api"
	waits := 0
	o.Wait = func(_ context.Context, _ time.Time, why string) error {
		waits++
		b.hours.Add(2)
		if why != "GitHub allows 60 requests an hour without a token, and they are used up" {
			t.Error(why)
		}
		return nil
	}
	out, err := online.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var problems []string
	for _, p := range out.Problems {
		problems = append(problems, p.String())
	}
	want := []string{
		"acme/api, earlier versions of texts: GitHub shows them only with a token",
		"acme/api, reviews: GitHub shows it only with a token",
		"acme/api, discussions: GitHub shows it only with a token",
	}
	if diff := cmp.Diff(want, problems); diff != "" || len(out.Hits) != 17 {
		t.Errorf("%d hits; -want +got\n%s", len(out.Hits), diff)
	}
	for waits == 0 {
		if _, err := online.Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		online.Forget(b.state)
	}
}

// TestCost counts what 200 issues with 1,000 comments cost, one in a hundred edited. Five times as many cost 68 requests of REST and 63 of
// GraphQL.
func TestCost(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r, err := b.CreateRepository(b.Acme, "busy", githubtest.RepositoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r.SetRole(b.Ada, "write")
	for i := range 200 {
		b.hours.Add(1) // lists are read on from a time
		number, _ := r.OpenIssue(t.Context(), "Again", fmt.Sprint(i), b.Ada)
		for range 5 {
			b.hours.Add(1)
			if _, err := r.Comment(t.Context(), number, "me too", b.Eve); err != nil {
				t.Fatal(err)
			}
		}
	}
	o := b.options()
	o.Name = "busy"
	run := func() (rest, query, git int) {
		b.ForgetRequests()
		if _, err := online.Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		online.Forget(b.state)
		return b.Count(githubtest.REST), b.Count(githubtest.Query), b.Count(githubtest.Git)
	}
	// 3 and 11 pages, since each begins in the second in which the one before it ended, and one request each for the repository, its
	// policy, comments in reviews and on commits, releases and runs. GraphQL says of each page what was edited, and has the reviews.
	if rest, query, git := run(); rest != 20 || query != 15 || git != 2 {
		t.Errorf("%d requests of REST, %d of GraphQL, %d of git", rest, query, git)
	}
	edited := 0
	for i, text := range r.Texts() {
		if i%100 == 0 {
			edited++
			if _, err := r.EditText(t.Context(), text.NodeID, githubtest.Edited{Body: new("edited")}, b.Ada); err != nil {
				t.Fatal(err)
			}
		}
	}
	if rest, query, _ := run(); rest != 20 || query != 15+edited {
		t.Errorf("%d requests of REST, %d of GraphQL for %d edited texts", rest, query, edited)
	}
}

// person is the reader of another GitHub than the bench's.
func person(t *testing.T, web string) *github.Person {
	t.Helper()
	p, err := github.NewPerson(github.Config{WebURL: web}, "x")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestUnreachable: a GitHub that does not answer ends the scan, which goes on from there.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	want := b.written(b.whole())
	for _, path := range []string{"/issues/comments", "/graphql", "/logs", "acme/api.git/git-upload-pack"} {
		broken := false
		b.Inject(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if broken = broken || strings.HasSuffix(r.URL.Path, path); broken {
				githubtest.Cut(w, r, next)
				return
			}
			next.ServeHTTP(w, r)
		})
		if _, err := online.Run(t.Context(), b.options()); err == nil || !strings.Contains(err.Error(), "run the same command again") {
			t.Errorf("%s: %v", path, err)
		}
		b.Inject(nil)
		out, err := online.Run(t.Context(), b.options())
		if err != nil || !out.Resumed {
			t.Errorf("%s: %v", path, err)
		}
		if diff := cmp.Diff(want, b.written(out)); diff != "" {
			t.Errorf("%s: -want +got\n%s", path, diff)
		}
		online.Forget(b.state)
	}
	o := b.options()
	o.GitHub = person(t, "http://127.0.0.1:1")
	if _, err := online.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("nobody there: %v", err)
	}
}
