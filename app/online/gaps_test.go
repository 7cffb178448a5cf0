package online_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/app/online"
	"github.com/rekey-app/rekey/app/online/onlinetest"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/githubtest"
)

// at matches requests for a path.
func at(path string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, path) }
}

// TestGaps: what can't be read is said once for each repository and part, with what to do about it, and the rest is read.
func TestGaps(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const refused = "Resource not accessible by personal access token"
	whole := len(b.whole().Hits)
	permission := func(of, name string) string {
		return "acme/api, " + of + ": GitHub answered 403 Forbidden: " + refused + ": a fine-grained token needs " + name + ", a classic one the scope repo"
	}
	for _, c := range []struct {
		name, path string
		fault      githubtest.Fault
		want       string // problem
		lost       int    // hits
		part       bool
	}{
		{"issues", "/repos/acme/api/issues", githubtest.Answer(403, refused), permission("issues and pull requests", "Issues: read"), 4, false},
		{"comments", "/repos/acme/api/issues/comments", githubtest.Answer(403, refused), permission("comments", "Issues: read"), 2, false},
		{"reviews", "/repos/acme/api/pulls/comments", githubtest.Answer(403, refused), permission("comments in reviews", "Pull requests: read"), 2, false},
		{"commits", "/repos/acme/api/comments", githubtest.Answer(403, refused), permission("comments on commits", "Contents: read"), 1, false},
		{"releases", "/repos/acme/api/releases", githubtest.Answer(403, refused), permission("releases", "Contents: read"), 2, false},
		{"runs", "/repos/acme/api/actions/runs", githubtest.Answer(403, refused), permission("logs of Actions", "Actions: read"), 1, false},
		{
			"policy", "/repos/acme/api/contents/.github/rekey.yml", githubtest.Answer(403, refused),
			permission(".github/rekey.yml", "Contents: read") + "; until it is fixed, it is ignored", 0, false,
		},
		{
			"git", "/acme/api.git/git-upload-pack", githubtest.Answer(404, "Not Found"),
			"acme/api, git: GitHub answered 404 Not Found: {\"documentation_url\":\"https://docs.github.com/rest\",\"message\":\"Not Found\",\"status\":\"404\"}: " +
				"a fine-grained token needs Contents: read, a classic one the scope repo", 5, false,
		},
		{"wiki", "/acme/api.wiki.git/git-upload-pack", githubtest.Answer(404, "Not Found"), "", 1, false},
		{"expired", "/logs", githubtest.Answer(410, "Server Error"), "acme/api, logs of Actions: expired or deleted (2 times)", 1, true},
		{"broken", "/repos/acme/api/releases", githubtest.Answer(502, "Bad Gateway"), "acme/api, releases: GitHub answered 502 Bad Gateway: Bad Gateway", 2, false},
		{
			"disabled", "/repos/acme/api/issues", githubtest.Answer(410, "Issues are disabled for this repo"),
			"acme/api, issues and pull requests: issues are turned off, and GitHub lists none of them then", 4, true,
		},
		{"query", "/graphql", githubtest.Answer(403, refused), permission("issues and pull requests", "Issues: read"), 0, false},
	} {
		b.Inject(githubtest.Times(1000, at(c.path), c.fault))
		out := b.whole()
		if c.name == "query" { // everything that asks for what was edited
			if len(out.Problems) < 5 || out.Problems[0].String() != c.want {
				t.Errorf("%s: %v", c.name, out.Problems)
			}
			continue
		}
		if len(out.Hits) != whole-c.lost {
			t.Errorf("%s: %d hits of %d", c.name, len(out.Hits), whole)
		}
		switch {
		case c.want == "" && len(out.Problems) == 0:
		case len(out.Problems) != 1 || out.Problems[0].String() != c.want || out.Problems[0].Part != c.part:
			t.Errorf("%s: %v, want %s", c.name, out.Problems, c.want)
		}
	}
}

// TestWhatEndsAScan: where nothing can be read, the scan ends with what to do about it.
func TestWhatEndsAScan(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	sso := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		w.Header().Set("X-GitHub-SSO", "required; url="+b.URL()+"/orgs/acme/sso?authorization_request=A")
		githubtest.Answer(403, "Resource protected by organization SAML enforcement.")(w, r, next)
	}
	for _, c := range []struct {
		owner, name, token, path string
		fault                    githubtest.Fault
		want                     string
	}{
		{owner: "nobody", token: b.token, want: "GitHub has no user or organisation nobody, or the token can't see it"},
		{owner: "acme", name: "nothing", token: b.token, want: "GitHub has no repository acme/nothing, or the token can't see it"},
		{owner: "acme", name: "api", want: "GitHub has no public repository acme/api; a private one takes a token"},
		{owner: "acme", token: "expired", want: "GitHub doesn't accept the token: it has expired, was revoked, or is for another GitHub. Make a new one at " + b.URL() + "/settings/tokens"},
		{owner: "acme", token: b.token, path: "/repos/acme/api/comments", fault: githubtest.Answer(401, "Bad credentials"), want: "GitHub doesn't accept the token"},
		{owner: "acme", token: b.token, path: "/orgs/acme/repos", fault: sso, want: "acme wants single sign-on: open " + b.URL() +
			"/orgs/acme/sso?authorization_request=A in a browser, let the token in, and run the same command again"},
		{
			owner: "acme", token: b.token, path: "/orgs/acme/repos", fault: githubtest.Answer(403, "`acme` forbids access via a personal access token (classic)"),
			want: "acme: GitHub answered 403 Forbidden: `acme` forbids access via a personal access token (classic): the token needs Metadata: read",
		},
	} {
		b.token = c.token
		b.Inject(nil)
		if c.fault != nil {
			b.Inject(githubtest.Times(1000, at(c.path), c.fault))
		}
		o := b.options()
		o.Owner, o.Name, o.State = c.owner, c.name, ""
		if _, err := online.Run(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s/%s: %v, want %s", c.owner, c.name, err, c.want)
		}
	}
}

// TestStates: which states a scan goes on from, and what it says of others.
func TestStates(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	want := b.written(b.whole())
	stop := func() {
		b.Inject(githubtest.Times(1, at("/acme/api/releases"), githubtest.SecondaryLimit(time.Minute)))
		if _, err := online.Run(t.Context(), b.options()); err == nil {
			t.Fatal("it did not end")
		}
		b.hours.Add(1)
		b.said.Reset()
	}
	for _, c := range []struct {
		name    string
		spoil   func(o *online.Options) error
		resumed bool
		says    string
		fails   string
	}{
		{"as it is", func(*online.Options) error { return nil }, true, "going on with the scan of 3 Nov 2026", ""},
		{"damaged", func(*online.Options) error { return os.Truncate(b.state, 100) }, false, " is damaged: the scan starts again", ""},
		{"other version", func(o *online.Options) error { o.Program = "other"; return nil }, false, "is of another version of rekey: the scan starts again", ""},
		{"old", func(*online.Options) error { b.hours.Add(8 * 24); return nil }, false, "the interrupted scan is of ", ""},
		{"other scan", func(o *online.Options) error { o.Owner = "vendor"; return nil }, false, "", "is the state of another scan"},
		{"restart", func(o *online.Options) error { o.Owner, o.Restart = "vendor", true; return nil }, false, "", ""},
		{"directory", func(o *online.Options) error { o.State = filepath.Dir(b.state); return nil }, false, "", "is no state of a scan"},
		{"nowhere", func(o *online.Options) error { o.State = filepath.Join(b.state, "x"); return nil }, false, "", "the state of the"},
	} {
		stop()
		o := b.options()
		if err := c.spoil(&o); err != nil {
			t.Fatal(err)
		}
		out, err := online.Run(t.Context(), o)
		if c.fails != "" {
			if err == nil || !strings.Contains(err.Error(), c.fails) || !strings.Contains(err.Error(), b.state) && c.name != "directory" {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil || out.Resumed != c.resumed || !strings.Contains(b.said.String(), c.says) {
			t.Errorf("%s: %v, resumed %t: %s", c.name, err, out.Resumed, b.said.String())
		}
		if diff := cmp.Diff(want, b.written(out)); o.Owner == "acme" && diff != "" {
			t.Errorf("%s: -want +got\n%s", c.name, diff)
		}
		if info, err := os.Stat(b.state); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", c.name, info, err)
		}
		online.Forget(b.state)
	}
}

// TestWhatHappensBetweenRuns: a repository that is renamed goes on under its new name; one that is deleted keeps what was found in it.
func TestWhatHappensBetweenRuns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := b.options()
	o.Name = "api"
	b.Inject(githubtest.Times(1, at("/acme/api/releases"), githubtest.SecondaryLimit(time.Minute)))
	first, err := online.Run(t.Context(), o)
	if err == nil || len(first.Hits) == 0 {
		t.Fatal(err, len(first.Hits))
	}
	b.hours.Add(1)
	b.API.Rename(t.Context(), b.Ada, "backend")
	out, err := online.Run(t.Context(), b.withName("api"))
	if err != nil || !out.Resumed || len(out.Hits) != 21 || out.Hits[0].Repository != "acme/backend" {
		t.Errorf("renamed: %v, resumed %t, %d hits", err, out.Resumed, len(out.Hits))
	}
	online.Forget(b.state)
	b.Inject(githubtest.Times(1, at("/acme/backend/releases"), githubtest.SecondaryLimit(time.Minute)))
	if _, err := online.Run(t.Context(), b.options()); err == nil {
		t.Fatal("it did not end")
	}
	b.hours.Add(1)
	b.API.Delete(t.Context(), b.Ada)
	out, err = online.Run(t.Context(), b.options())
	if err != nil || len(out.Hits) == 0 || len(out.Problems) != 1 || !strings.HasPrefix(out.Problems[0].String(), "acme/backend: it was deleted") {
		t.Errorf("deleted: %v, %d hits, %v", err, len(out.Hits), out.Problems)
	}
}

func (b *bench) withName(name string) online.Options {
	o := b.options()
	o.Name = name
	return o
}

// TestWhichRepositories: forks are read where they are asked for or named; the order is that of names.
func TestWhichRepositories(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := b.CreateRepository(b.Acme, "Blog", githubtest.RepositoryOptions{}); err != nil {
		t.Fatal(err)
	}
	var order []string
	o := b.options()
	o.Include, o.Forks, o.State = []online.Surface{online.Issues}, true, ""
	o.Show = func(p online.Progress) {
		if n := len(order); n == 0 || order[n-1] != p.Repository {
			order = append(order, p.Repository)
		}
		if !strings.Contains(p.String(), " of 5  acme/") || !strings.Contains(p.String(), ": ") {
			t.Error(p.String())
		}
	}
	out, err := online.Run(t.Context(), o)
	if diff := cmp.Diff([]string{"acme/api", "acme/Blog", "acme/empty", "acme/site", "acme/vendor"}, order); err != nil || diff != "" || len(out.Notes) > 0 {
		t.Errorf("%v, %v, -want +got\n%s", err, out.Notes, diff)
	}
	order, o.Forks, o.Name = nil, false, "vendor"
	o.Show = func(p online.Progress) { order = append(order, p.Repository) }
	if _, err := online.Run(t.Context(), o); err != nil || len(order) == 0 || order[0] != "acme/vendor" {
		t.Errorf("a fork that is named: %v, %v", err, order)
	}
	if len(out.Hits) != 4 { // of issues alone, with their comments: none of the pull request
		t.Errorf("%v", b.places(out))
	}
}

// TestWebhookSecrets: whose a webhook secret is may show elsewhere in its repository, in whatever order they are read.
func TestWebhookSecrets(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	secret := "svix:\n\nWEBHOOK_SECRET=" + detecttest.WebhookSecret(7)
	b.Site.OpenIssue(t.Context(), "Webhooks", secret, b.Ada)
	confidence := func() string {
		out, err := online.Run(t.Context(), b.withName("site"))
		online.Forget(b.state)
		if err != nil || len(out.Hits) == 0 {
			t.Fatal(err, out.Hits)
		}
		for _, h := range out.Hits {
			if h.Kind == "webhook_secret" {
				return string(h.Confidence) + ": " + strings.Join(h.Kept.Reasons, "; ")
			}
		}
		return ""
	}
	if got := confidence(); !strings.HasPrefix(got, "low: ") {
		t.Errorf("alone: %s", got)
	}
	if _, err := onlinetest.Push(t.Context(), b.Site, githubtest.Change{Files: map[string]string{".env": "CLERK_SECRET_KEY=" + b.Keys[0]}}); err != nil {
		t.Fatal(err)
	}
	if got := confidence(); !strings.HasPrefix(got, "medium: the repository uses Clerk") {
		t.Errorf("beside a key: %s", got)
	}
}

// TestNoNameBringsAKeyIntoTheState: what can't be read has names too.
func TestNoNameBringsAKeyIntoTheState(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := detecttest.Key(77, detect.Live)
	shop, err := b.CreateRepository(b.Organization("acme"), "names", githubtest.RepositoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	shop.PublishRelease(t.Context(), githubtest.Release{Tag: "v1", Assets: []githubtest.Asset{{Name: key + ".zip", State: "starter"}}}, b.Ada)
	if _, err := online.Run(t.Context(), b.options()); err != nil {
		t.Fatal(err)
	}
	state, err := os.ReadFile(b.state)
	if err != nil || !strings.Contains(string(state), "its upload has not ended") {
		t.Fatalf("%v: the file is no gap of the state", err)
	}
	if strings.Contains(string(state), key) {
		t.Error("the state holds a key")
	}
}
