package githubtest_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-github/v62/github"

	"github.com/tidwall/gjson"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/github/wire"
)

// pushed is a push as it came; what webhook.Push leaves out is in said.
type pushed struct {
	*webhook.Push
	said gjson.Result
}

func (b *bundle) lastPush() pushed {
	b.t.Helper()
	for _, e := range b.forget() {
		if p, isPush := e.event.(*webhook.Push); isPush {
			return pushed{p, e.said()}
		}
	}
	b.t.Fatal("no push came")
	return pushed{}
}

func TestPushes(t *testing.T) {
	t.Parallel()
	b := setup(t, githubtest.Options{})
	second := b.commit(githubtest.Change{Files: map[string]string{"a/b \"c\".txt": "hello\n", "bytes": "\x00\xff"}, Remove: []string{"README.md"}, Message: "Two\n\nlines"})
	other := b.commit(githubtest.Change{Parents: []string{b.first}, Files: map[string]string{"other": "x"}})
	for _, test := range []struct {
		name                     string
		push                     githubtest.Push
		before, after            string
		created, deleted, forced bool
		commits                  int
	}{
		{"forward", githubtest.Push{SHA: second}, b.first, second, false, false, false, 1},
		{"forced", githubtest.Push{SHA: other}, second, other, false, false, true, 1},
		{"new branch", githubtest.Push{Ref: "refs/heads/feature/x", SHA: second}, webhook.ZeroSHA, second, true, false, false, 1},
		{"deleted branch", githubtest.Push{Ref: "refs/heads/feature/x"}, second, webhook.ZeroSHA, false, true, false, 0},
		{"tag", githubtest.Push{Ref: "refs/tags/v1", SHA: other}, webhook.ZeroSHA, other, true, false, false, 0},
	} {
		b.push(test.push)
		p := b.lastPush()
		if p.Before != test.before || p.After != test.after || p.said.Get("created").Bool() != test.created || p.Deleted != test.deleted ||
			p.Forced != test.forced || int(p.said.Get("commits.#").Int()) != test.commits || p.PusherLogin != "ada" || p.InstallationID != b.installation.ID() {
			t.Errorf("%s: %+v", test.name, p)
		}
	}
	merge := b.commit(githubtest.Change{Parents: []string{other, second}, Files: map[string]string{"merged": "x"}})
	if out := merge; len(out) != 40 {
		t.Errorf("merge commit %q", out)
	}
	b.push(githubtest.Push{SHA: merge})
	if n := b.lastPush().said.Get("commits.#").Int(); n != 2 {
		t.Errorf("a merge brought %d commits, want itself and the other side's", n)
	}
	annotated, err := b.repo.Tag("v2", merge, "two", b.ada)
	if err != nil {
		t.Fatal(err)
	}
	b.push(githubtest.Push{Ref: "refs/tags/v2", SHA: annotated})
	if p := b.lastPush(); p.After != annotated || p.HeadCommitID != merge || !p.IsTag() {
		t.Errorf("annotated tag: %+v", p)
	}
}

func TestCommitsAreTheSameEveryTime(t *testing.T) {
	t.Parallel()
	a, b := setup(t, githubtest.Options{}), setup(t, githubtest.Options{})
	if a.first != b.first {
		t.Errorf("the same change at the same time gave %s and %s", a.first, b.first)
	}
}

func TestFetchOverHTTP(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{}))
	second := b.commit(githubtest.Change{Files: map[string]string{"new.txt": "hello\n"}})
	b.push(githubtest.Push{SHA: second})
	b.ForgetRequests()

	client := b.wire(&github.InstallationTokenOptions{RepositoryIDs: []int64{b.repo.ID()}, Permissions: &github.InstallationPermissions{Contents: new("read")}})
	pack := fetch(t, client, b.repo.URL()+".git", wire.Request{Wants: []string{second}, Haves: []string{b.first}, RequireCommon: true})
	if !bytes.HasPrefix(pack, []byte("PACK")) || pack[11] != 3 {
		t.Errorf("the pack begins %q, want 3 objects", pack[:min(12, len(pack))])
	}
	if b.Count(githubtest.Git) != 1 || b.Count(githubtest.Token) != 1 || b.Count(githubtest.REST) != 0 {
		t.Errorf("it took %d git, %d token and %d REST requests", b.Count(githubtest.Git), b.Count(githubtest.Token), b.Count(githubtest.REST))
	}
	for _, r := range b.Requests() {
		if a := r.Header.Get("Authorization"); a != "" && a != "Basic" && a != "Bearer" {
			t.Errorf("the transcript keeps a credential: %s", a)
		}
	}
	b.repo.Rename(t.Context(), b.ada, "store")
	if again := fetch(t, client, b.URL()+"/acme/shop", wire.Request{Wants: []string{second}, Haves: []string{b.first}}); !bytes.Equal(again, pack) {
		t.Error("the former name leads to another pack")
	}
}

func fetch(t *testing.T, c *wire.Client, url string, req wire.Request) []byte {
	t.Helper()
	body, err := c.Fetch(t.Context(), url, req)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	pack, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return pack
}

func TestGitNeedsAToken(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{}))
	ask := wire.Request{Wants: []string{b.first}}
	for _, test := range []struct {
		name   string
		client *wire.Client
		path   string
		status int
	}{
		{"nobody", &wire.Client{}, "/acme/shop", 401},
		{"nobody, no repository", &wire.Client{}, "/acme/none", 401},
		{"no such repository", b.wire(nil), "/acme/none", 404},
		{"without contents", b.wire(&github.InstallationTokenOptions{Permissions: &github.InstallationPermissions{Issues: new("read")}}), "/acme/shop", 403},
	} {
		var status *wire.StatusError
		if _, err := test.client.Fetch(t.Context(), b.URL()+test.path, ask); !errors.As(err, &status) || status.Status != test.status {
			t.Errorf("%s: got %v, want %d", test.name, err, test.status)
		}
	}
	b.repo.Publicize(t.Context(), b.ada)
	if pack := fetch(t, &wire.Client{}, b.repo.URL(), ask); len(pack) == 0 {
		t.Error("a public repository needs a token")
	}
	var said *wire.ServerError
	if _, err := (&wire.Client{}).Fetch(t.Context(), b.repo.URL(), wire.Request{Wants: []string{strings.Repeat("1", 40)}}); !errors.As(err, &said) || !said.NotOurRef() {
		t.Errorf("unknown commit: %v", err)
	}
}

func TestPullRequests(t *testing.T) {
	t.Parallel()
	b := setup(t, githubtest.Options{})
	bob := b.User("bob")
	b.repo.Publicize(t.Context(), b.ada)
	fork, err := b.repo.Fork(bob)
	if err != nil {
		t.Fatal(err)
	}
	b.forget()
	head, err := fork.Commit(githubtest.Change{Files: map[string]string{"x": "y"}, Author: bob})
	if err != nil {
		t.Fatal(err)
	}
	if sent, err := fork.Push(t.Context(), githubtest.Push{Ref: "refs/heads/topic", SHA: head}); err != nil || len(sent) != 0 {
		t.Fatalf("a push to a fork without an installation sent %v, %v", sent, err)
	}
	pr, d, err := b.repo.OpenPullRequest(t.Context(), githubtest.PullRequestOptions{Head: fork, HeadRef: "topic"})
	if err != nil || !d.OK() {
		t.Fatal(err, d.Status)
	}
	opened := b.forget()[0].event.(*webhook.PullRequest)
	if !opened.Fork || opened.HeadSHA != head || opened.BaseSHA != b.first || opened.Number != 1 || opened.Author.Login != "bob" {
		t.Errorf("opened: %+v", opened)
	}
	next, err := fork.Commit(githubtest.Change{Branch: "topic", Files: map[string]string{"x": "z"}, Author: bob})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fork.Push(t.Context(), githubtest.Push{Ref: "refs/heads/topic", SHA: next}); err != nil {
		t.Fatal(err)
	}
	if got := b.took(); got != "pull_request.synchronize" || pr.Head() != next {
		t.Errorf("moving the fork's branch sent %q, head %s", got, pr.Head())
	}
	// The base repository has the fork's commits.
	if pack := fetch(t, &wire.Client{}, b.repo.URL(), wire.Request{Wants: []string{next}, Haves: []string{b.first}}); pack[11] != 6 {
		t.Errorf("the pack holds %d objects, want 6", pack[11])
	}
	pr.Close(t.Context(), bob)
	pr.Reopen(t.Context(), bob)
	if _, err := b.repo.MergeGroup(t.Context(), "", next, b.ada); err != nil {
		t.Fatal(err)
	}
	if got, want := b.took(), "pull_request.closed pull_request.reopened push check_suite.requested merge_group.checks_requested"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func TestGitClones(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{Quiet: true}))
	token, err := b.transport(nil).Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second := b.commit(githubtest.Change{Files: map[string]string{"new.txt": "hello\n"}})
	b.push(githubtest.Push{SHA: second})
	dir := t.TempDir()
	for _, protocol := range []string{"0", "2"} {
		to := filepath.Join(dir, protocol)
		url := strings.Replace(b.repo.URL(), "://", "://x-access-token:"+token+"@", 1)
		out, err := exec.Command("git", "-c", "protocol.version="+protocol, "clone", "--quiet", url, to).CombinedOutput()
		if err != nil {
			t.Fatalf("protocol %s: %v\n%s", protocol, err, out)
		}
		if text, err := os.ReadFile(filepath.Join(to, "new.txt")); err != nil || string(text) != "hello\n" {
			t.Errorf("protocol %s: %q, %v", protocol, text, err)
		}
	}
	refs, err := b.wire(nil).Refs(t.Context(), b.repo.URL(), "refs/heads/")
	if err != nil || len(refs) != 1 || refs[0].ID != second {
		t.Errorf("refs %v, %v", refs, err)
	}
}
