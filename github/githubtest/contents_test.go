package githubtest_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v62/github"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/wire"
)

func TestContents(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{}))
	c := b.rest(nil)
	ctx := t.Context()
	text := strings.Repeat("fail_on: live\n", 20)
	head := b.commit(githubtest.Change{Files: map[string]string{
		".github/rekey.yml": text, "odd name/ü&?.txt": "odd", "odd name/in": "../README.md", "out": "../elsewhere", "big": strings.Repeat("x", 1<<20+1),
	}, Modes: map[string]string{"odd name/in": "120000", "out": "120000"}})
	b.push(githubtest.Push{Ref: "refs/heads/feature/x", SHA: head})

	if got, err := b.repo.File(head, "odd name/ü&?.txt"); err != nil || string(got) != "odd" {
		t.Errorf("the accessor reads %q, %v", got, err)
	}
	get := func(path, ref string) (*github.RepositoryContent, []*github.RepositoryContent, error) {
		file, dir, _, err := c.Repositories.GetContents(ctx, "acme", "shop", path, &github.RepositoryContentGetOptions{Ref: ref})
		return file, dir, err
	}
	for path, want := range map[string]string{".github/rekey.yml": text, "odd name/ü&?.txt": "odd"} {
		file, _, err := get(path, "feature/x")
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if got, err := file.GetContent(); err != nil || got != want || file.GetSize() != len(want) {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	if _, dir, err := get("odd name", head); err != nil || len(dir) != 2 || dir[1].GetPath() != "odd name/ü&?.txt" || dir[1].GetType() != "file" || dir[0].GetType() != "symlink" {
		t.Errorf("directory: %v, %v", dir, err)
	}
	if _, dir, err := get("", ""); err != nil || len(dir) != 1 || dir[0].GetName() != "README.md" {
		t.Errorf("root of the default branch: %v, %v", dir, err)
	}
	if file, _, err := get("odd name/in", head); err != nil || file.GetType() != "file" || file.GetPath() != "README.md" {
		t.Errorf("link to a file: %v, %v", file, err)
	}
	if link, _, err := get("out", head); err != nil || link.GetType() != "symlink" || link.GetTarget() != "../elsewhere" {
		t.Errorf("link out of the repository: %v, %v", link, err)
	}
	if big, _, err := get("big", head); err != nil || big.GetEncoding() != "none" || big.GetSize() != 1<<20+1 {
		t.Errorf("big: %v, %v", big.GetEncoding(), err)
	}
	_, _, err := get(".github/rekey.yml", "")
	refused(t, err, 404, "Not Found")
	_, _, err = get("x", "no-such-branch")
	refused(t, err, 404, "No commit found")

	if file, _, err := get(".github/rekey.yml", head); err != nil || file.GetType() != "file" {
		t.Errorf("policy: %v, %v", file, err)
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{}))
	c := b.rest(nil)
	for login, role := range map[string]string{"mia": "maintain", "tom": "triage", "adi": "admin", "ada": "write", "bob": "none"} {
		who := b.User(login)
		if role != "none" {
			b.repo.SetRole(who, role)
		}
		level, _, err := c.Repositories.GetPermissionLevel(t.Context(), "acme", "shop", login)
		want := map[string]string{"maintain": "write", "triage": "read"}[role]
		if want == "" {
			want = role
		}
		if err != nil || level.GetUser().GetRoleName() != role || level.GetPermission() != want {
			t.Errorf("%s: %v, %v; want %s and %s", login, level, err, role, want)
		}
	}
	_, _, err := c.Repositories.GetPermissionLevel(t.Context(), "acme", "shop", "nobody-at-all")
	refused(t, err, 404, "is not a user")
}

func TestFaults(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{Quiet: true}))
	c := b.rest(nil)
	ctx := t.Context()
	if _, _, err := c.Repositories.Get(ctx, "acme", "shop"); err != nil { // a token is at hand now
		t.Fatal(err)
	}
	create := func() error {
		_, _, err := c.Issues.Create(ctx, "acme", "shop", &github.IssueRequest{Title: new("t")})
		return err
	}
	b.Inject(githubtest.Times(1, githubtest.Is(githubtest.REST, http.MethodPost), githubtest.CutAfter))
	if err := create(); err == nil || len(b.repo.Issues()) != 1 {
		t.Errorf("cut after the effect: %v with %d issues", err, len(b.repo.Issues()))
	}
	if err := create(); err != nil {
		t.Errorf("the fault happened twice: %v", err)
	}
	b.Inject(githubtest.Cut)
	if err := create(); err == nil || len(b.repo.Issues()) != 2 {
		t.Errorf("cut before the effect: %v with %d issues", err, len(b.repo.Issues()))
	}
	ready, late := make(chan struct{}), len(b.repo.Issues())
	b.Inject(githubtest.Times(1, githubtest.Is(githubtest.REST, http.MethodPost), githubtest.LateAfter(func() { <-ready }, githubtest.Answer(502, "edge"))))
	refused(t, create(), 502, "edge")
	if n := len(b.repo.Issues()); n != late {
		t.Errorf("%d issues before the late effect, want %d", n, late)
	}
	close(ready)
	for len(b.repo.Issues()) == late {
		time.Sleep(time.Millisecond) // the test's own time limit ends it
	}
	b.Inject(githubtest.SecondaryLimit(time.Minute))
	var abuse *github.AbuseRateLimitError
	if err := create(); !errors.As(err, &abuse) || abuse.GetRetryAfter() != time.Minute {
		t.Errorf("secondary limit: %v", err)
	}
	c = b.rest(nil) // it remembers limits
	b.Inject(githubtest.Times(1, githubtest.Is(githubtest.REST, ""), githubtest.PrimaryLimit(time.Now().Add(time.Hour))))
	var limited *github.RateLimitError
	if err := create(); !errors.As(err, &limited) {
		t.Errorf("primary limit: %v", err)
	}
	c = b.rest(nil)
	b.Inject(githubtest.Times(1, githubtest.Is(githubtest.REST, ""), githubtest.TooManyRequests(time.Minute)))
	refused(t, create(), 429, "")
	b.Inject(githubtest.Times(1, githubtest.Is(githubtest.REST, ""), githubtest.Answer(500, "oops")))
	refused(t, create(), 500, "oops")
	b.Inject(githubtest.Slow(time.Hour))
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, _, err := c.Repositories.Get(short, "acme", "shop"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("slow: %v", err)
	}
	b.Inject(githubtest.Times(1, githubtest.Is(githubtest.Git, ""), githubtest.CutAt(40)))
	body, err := b.wire(nil).Fetch(ctx, b.repo.URL(), wire.Request{Wants: []string{b.first}})
	if err == nil {
		buffer := make([]byte, 1<<16)
		for err == nil {
			_, err = body.Read(buffer)
		}
		body.Close()
	}
	if err == nil || strings.HasSuffix(err.Error(), "EOF") && !strings.Contains(err.Error(), "unexpected") {
		t.Errorf("a cut pack: %v", err)
	}
	b.Inject(nil)
	if err := create(); err != nil {
		t.Error(err)
	}
	cut := 0
	for _, r := range b.Requests() {
		if r.Status == 499 {
			cut++
		}
	}
	if cut != 4 {
		t.Errorf("%d requests were cut, want 4", cut)
	}
}

func TestBranches(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{}))
	c := b.rest(nil)
	head := b.commit(githubtest.Change{Files: map[string]string{"a": "a"}})
	b.push(githubtest.Push{Ref: "refs/heads/feature/x", SHA: head})
	found, _, err := c.Repositories.GetBranch(t.Context(), "acme", "shop", "feature/x", 0)
	if err != nil || found.GetCommit().GetSHA() != head {
		t.Errorf("%v, %v", found, err)
	}
	_, resp, err := c.Repositories.GetBranch(t.Context(), "acme", "shop", "feature", 0)
	if err == nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("a branch that isn't there: %v, %v", resp, err)
	}
}
