package policies

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/notify"
	"github.com/rekey-app/rekey/respond/policy"
)

// bench is policies on a ledger, and a stand-in for GitHub with repositories of acme: shop and .github are private, board is
// public, and security takes acme's issues. The clock stands until it is moved.
type bench struct {
	t            *testing.T
	github       *githubtest.Server
	store        *ledger.Store
	policies     *Policies
	clock        time.Time
	repositories map[string]*githubtest.Repository
	installation int64
	app          *githubtest.Installation
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, clock: time.Now().Truncate(time.Second), repositories: map[string]*githubtest.Repository{}}
	now := func() time.Time { return b.clock }
	var err error
	if b.github, err = githubtest.New(githubtest.Options{Quiet: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.github.Close() })
	b.store = ledgertest.Open(t, ledger.Options{URL: ledgertest.SQLite(t), Now: now})
	block, _ := pem.Decode(b.github.PrivateKeyPEM())
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	app, err := github.New(github.Config{AppID: b.github.AppID(), PrivateKey: key, WebURL: b.github.URL(), APIURL: b.github.APIURL()})
	if err != nil {
		t.Fatal(err)
	}
	b.policies = &Policies{
		Store: ledger.Scope[Tx](b.store), GitHub: app, Scanner: detect.New(detect.Options{}), Now: now, Log: slog.New(slog.DiscardHandler),
		Targets: []notify.Target{{Name: "team", Accounts: []string{"acme"}}, {Name: "others", Accounts: []string{"umbrella"}}},
	}
	acme := b.github.Organization("acme")
	for _, name := range []string{"shop", ".github", "security", "board"} {
		if b.repositories[name], err = b.github.CreateRepository(acme, name, githubtest.RepositoryOptions{Private: name != "board"}); err != nil {
			t.Fatal(err)
		}
	}
	in, _ := b.github.Install(t.Context(), acme, b.github.User("ada"))
	b.installation, b.app = in.ID(), in
	b.file("security", "issues: {accepts: ['acme/*']}")
	b.file("board", "issues: {accepts: ['acme/*']}")
	err = b.store.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) (err error) {
		for name := range b.repositories {
			err = errors.Join(err, tx.UpsertRepository(ctx, b.repository(name)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// repository is one of acme's as the ledger has it.
func (b *bench) repository(name string) respond.Repository {
	return respond.Repository{
		ID: b.repositories[name].ID(), Installation: b.installation, Owner: "acme", Name: name, DefaultBranch: "main", Private: name != "board",
	}
}

// file commits a policy file to a repository's default branch, and returns the commit.
func (b *bench) file(repository, text string) string {
	b.t.Helper()
	r := b.repositories[repository]
	sha, err := r.Commit(githubtest.Change{Files: map[string]string{respond.PolicyPath: text + "\n"}})
	if err == nil {
		err = r.SetRef("refs/heads/main", sha)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return sha
}

func (b *bench) of(name string) respond.Policy {
	b.t.Helper()
	p, err := b.policies.Of(b.t.Context(), b.repository(name))
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

// said is a policy in short: what these tests are about.
func said(p respond.Policy) string {
	var to []string
	for _, n := range p.Notify {
		to = append(to, n.To)
	}
	return fmt.Sprintf("%s %s %q in %q refused %t to %q", p.FailOn, p.Verify, p.Issues.Labels, p.Issues.Repository, p.Issues.Refused != "", to)
}

func TestOf(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const nothing = `any on-request ["rekey"] in "" refused false to []`
	for name, c := range map[string]struct {
		server string
		files  map[string]string
		of     string // "": shop
		want   string
	}{
		"no file":      {want: nothing},
		"the server's": {server: "fail_on: none\nverify: never", want: `none never ["rekey"] in "" refused false to []`},
		"each over next": {
			server: "fail_on: none\nverify: never\nissues: {labels: [server]}",
			files:  map[string]string{".github": "fail_on: high\nissues: {labels: [organisation]}", "shop": "issues: {labels: [ours]}"},
			want:   `high never ["ours"] in "" refused false to []`,
		},
		"a mistake in the repository's": {
			files: map[string]string{".github": "fail_on: high", "shop": "fail_on: none\nverfy: never"},
			want:  `high on-request ["rekey"] in "" refused false to []`,
		},
		"a mistake in the organisation's": {
			files: map[string]string{".github": "fail_on: [", "shop": "verify: never"}, want: `any never ["rekey"] in "" refused false to []`,
		},
		"too large":               {files: map[string]string{"shop": "fail_on: none\n# " + strings.Repeat("x", 1<<20)}, want: nothing},
		"the organisation's own":  {of: ".github", files: map[string]string{".github": "fail_on: high"}, want: `high on-request ["rekey"] in "" refused false to []`},
		"a target of the account": {files: map[string]string{"shop": "notify: [{to: team}]"}, want: `any on-request ["rekey"] in "" refused false to ["team"]`},
		"a target of others":      {files: map[string]string{"shop": "notify: [{to: others}, {to: nobody}, {to: team}]"}, want: `any on-request ["rekey"] in "" refused false to ["team"]`},
		"the organisation's target": {
			files: map[string]string{".github": "notify: [{to: others}, {to: team}]"}, want: `any on-request ["rekey"] in "" refused false to ["team"]`,
		},
		"issues where they are taken": {
			files: map[string]string{"shop": "issues: {repository: acme/security}"}, want: `any on-request ["rekey"] in "acme/security" refused false to []`,
		},
		"issues where they are not taken": {
			files: map[string]string{"shop": "issues: {repository: acme/.github}"}, want: `any on-request ["rekey"] in "acme/.github" refused true to []`,
		},
		"the organisation needs nobody's leave": {
			files: map[string]string{".github": "issues: {repository: acme/shop}"}, of: "security", want: `any on-request ["rekey"] in "acme/shop" refused false to []`,
		},
		"issues at home, by name": {
			files: map[string]string{"shop": "issues: {repository: Acme/Shop}"}, want: `any on-request ["rekey"] in "Acme/Shop" refused false to []`,
		},
	} {
		var err error
		if b.policies.Server, err = policy.Parse([]byte(c.server)); err != nil {
			t.Fatal(err)
		}
		for _, repository := range []string{".github", "shop"} {
			b.file(repository, c.files[repository])
		}
		b.forgetKept()
		b.policies.Forget(0, ".github")
		if got := said(b.of(cmp.Or(c.of, "shop"))); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}

// TestAPolicyServesForAMinute: it is read once, and again when its minute has passed, or when it was changed.
func TestAPolicyServesForAMinute(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	reads := func(names ...string) (n int) {
		t.Helper()
		b.github.ForgetRequests()
		for _, name := range names {
			b.of(name)
		}
		for _, r := range b.github.Requests() {
			if strings.HasSuffix(r.Path, "/contents/"+respond.PolicyPath) {
				n++
			}
		}
		return n
	}
	const each = 2 // the organisation's, and its own
	for _, step := range []struct {
		what string
		do   func()
		want int
	}{
		{"at first", func() {}, 2 * each},
		{"a moment later", func() { b.clock = b.clock.Add(KeptFor - time.Second) }, 0},
		{"after a minute", func() { b.clock = b.clock.Add(time.Second) }, 2 * each},
		{"when one was changed", func() { b.policies.Forget(b.repositories["shop"].ID(), "shop") }, each},
		{"when the organisation's was", func() { b.policies.Forget(b.repositories[".github"].ID(), ".GitHub") }, 2 * each},
	} {
		step.do()
		if n := reads("shop", "security"); n != step.want {
			t.Errorf("%s: %d files were read, want %d", step.what, n, step.want)
		}
	}
}

// TestLately: what is asked for each run of Actions asks GitHub once an hour, and when the policy changes.
func TestLately(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := b.repository("shop")
	for _, step := range []struct {
		what string
		do   func()
		want bool // GitHub is asked
	}{
		{"at first", func() {}, true},
		{"within the hour", func() { b.clock = b.clock.Add(time.Hour - time.Second) }, false},
		{"after an hour", func() { b.clock = b.clock.Add(time.Second) }, true},
		{"when it was changed", func() { b.policies.Forget(r.ID, r.Name) }, true},
	} {
		step.do()
		b.github.ForgetRequests()
		if _, err := b.policies.Lately(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if asked := len(b.github.Requests()) > 0; asked != step.want {
			t.Errorf("%s: GitHub was asked: %v", step.what, asked)
		}
	}
}

// TestAPolicyThatCannotBeReadIsNoPolicy: an outage is an error, and what was not read is not remembered.
func TestAPolicyThatCannotBeReadIsNoPolicy(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.file("shop", "fail_on: none")
	b.github.Inject(githubtest.Times(1, githubtest.Is(githubtest.REST, "GET"), githubtest.Answer(502, "Server Error")))
	if p, err := b.policies.Of(t.Context(), b.repository("shop")); err == nil {
		t.Errorf("without GitHub the policy is %s", said(p))
	}
	if got := b.of("shop").FailOn; got != respond.FailOnNone {
		t.Errorf("afterwards it fails on %s", got)
	}
}

func TestProblem(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := detecttest.Key(1, detect.Live)
	for name, c := range map[string]struct {
		text    string
		line    int
		says    string // "": nothing is wrong
		partial bool
	}{
		"nothing":                      {text: "fail_on: high"},
		"a word that does not exist":   {"fail_on: high\n\nverfy: never", 3, "verfy", false},
		"no YAML":                      {"fail_on: [", 1, "", false},
		"a key where a setting goes":   {key + ": never", 1, "no setting of the name", false},
		"a key where a target goes":    {"notify: [{to: " + key + "}]", 1, "name of a target", false},
		"a target of others":           {"notify:\n  - {to: team}\n  - {to: others}", 3, "no target of this server for acme", true},
		"a target that does not exist": {"notify: [{to: nobody}]", 1, "no target of this server for acme", true},
		"issues that are not taken":    {"issues:\n  repository: acme/.github", 2, "does not accept issues about acme/shop", true},
		"issues out of reach":          {"issues: {repository: acme/nowhere}", 1, "can't access acme/nowhere", true},
		"issues in public":             {"issues: {repository: acme/board}", 1, "is public", true},
		"issues that are taken":        {text: "issues: {repository: acme/security}"},
		"issues that are off":          {text: "issues: {off: true, repository: acme/nowhere}"},
		"too large":                    {"# " + strings.Repeat("x", 1<<20), 0, "too large", false},
	} {
		problem, _, err := b.policies.Look(t.Context(), b.repository("shop"), b.file("shop", c.text), true)
		wrong := c.line != 0 || c.says != ""
		if err != nil || problem.Line != c.line || problem.Partial != c.partial || (problem.Message != "") != wrong || !strings.Contains(problem.Message, c.says) {
			t.Errorf("%s: %+v, %v; want line %d, %q, partial %v", name, problem, err, c.line, c.says, c.partial)
		}
		if strings.Contains(problem.Message, key) {
			t.Errorf("%s: the message holds the key", name)
		}
	}
	if problem, _, err := b.policies.Look(t.Context(), b.repository("shop"), b.bare("shop"), true); err != nil || problem.Message != "" {
		t.Errorf("a commit without the file: %+v, %v", problem, err)
	}
}

// bare commits a root without a policy file.
func (b *bench) bare(repository string) string {
	b.t.Helper()
	sha, err := b.repositories[repository].Commit(githubtest.Change{Parents: []string{}, Files: map[string]string{"README.md": "#\n"}})
	if err != nil {
		b.t.Fatal(err)
	}
	return sha
}

func TestRole(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for login, role := range map[string]string{"ada": "admin", "lee": "maintain", "kim": "write", "sam": "read"} {
		b.repositories["shop"].SetRole(b.github.User(login), role)
	}
	for login, want := range map[string]respond.Role{
		"ada": respond.RoleAdmin, "lee": respond.RoleMaintain, "kim": respond.RoleWrite, "sam": respond.RoleRead, "nobody": respond.RoleNone,
	} {
		if got, err := b.policies.Role(t.Context(), b.repositories["shop"].ID(), login); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", login, got, err, want)
		}
	}
	if got, err := b.policies.Role(t.Context(), 12345, "ada"); err != nil || got != respond.RoleNone {
		t.Errorf("in a repository that nobody knows: %q, %v", got, err)
	}
	b.github.Inject(githubtest.Answer(502, "Server Error"))
	if got, err := b.policies.Role(t.Context(), b.repositories["shop"].ID(), "ada"); err == nil {
		t.Errorf("without GitHub ada is %q", got)
	}
}

// TestVouch: an entry of allow.fingerprints counts for production keys only if a maintainer or admin brought it.
func TestVouch(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.repositories["shop"].SetRole(b.github.User("lee"), "maintain")
	b.repositories["shop"].SetRole(b.github.User("kim"), "write")
	const allow, first, second = "allow:\n fingerprints:\n", "  - {fingerprint: FIRST, reason: x}\n", "  - {fingerprint: SECOND, reason: x}\n"
	seed := int64(0)
	for name, c := range map[string]struct {
		before, after string // "": no such commit
		pusher        string
		want          []string // who vouches, by the order of entries; "-": it counts for test keys alone
	}{
		"a maintainer brings one":        {"", allow + first, "lee", []string{"lee"}},
		"a writer brings one":            {"", allow + first, "kim", []string{"-"}},
		"a deploy key brings one":        {"", allow + first, "", []string{"-"}},
		"one was there":                  {allow + first, allow + first + second, "lee", []string{"-", "lee"}},
		"nothing is new":                 {allow + first, allow + first, "lee", []string{"-"}},
		"the file has a mistake":         {"", allow + first + "verfy: x\n", "lee", nil},
		"the file before had a mistake":  {allow + first + "verfy: x\n", allow + first + second, "lee", []string{"-", "lee"}},
		"the file allows no fingerprint": {"", "fail_on: high\n", "lee", nil},
	} {
		seed += 2 // nobody has vouched for these
		fingerprints := strings.NewReplacer("FIRST", detect.NewSecret(detecttest.Key(seed, detect.Live)).Fingerprint(),
			"SECOND", detect.NewSecret(detecttest.Key(seed+1, detect.Live)).Fingerprint())
		change := Change{Pusher: c.pusher, Received: b.clock}
		if c.before != "" {
			change.Before = b.file("shop", fingerprints.Replace(c.before))
		}
		change.After = b.file("shop", fingerprints.Replace(c.after))
		b.policies.Forget(0, ".github")
		b.of("shop") // what is remembered must not serve any more
		if err := b.policies.Vouch(t.Context(), b.repository("shop"), change); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range b.of("shop").Allow.Fingerprints {
			by := "-"
			if f.Production {
				by = f.By
			}
			got = append(got, by)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: vouched for by %q, want %q", name, got, c.want)
		}
	}
}

func TestIssueTarget(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]struct {
		from   string
		issues respond.IssuePolicy
		want   string // "": nowhere
	}{
		"at home":                              {"shop", respond.IssuePolicy{}, "shop"},
		"elsewhere":                            {"shop", respond.IssuePolicy{Repository: "Acme/Security"}, "security"},
		"elsewhere, of a public one":           {"board", respond.IssuePolicy{Repository: "acme/security"}, "security"},
		"refused":                              {"shop", respond.IssuePolicy{Repository: "acme/security", Refused: "no"}, "shop"},
		"refused, of a public one":             {"board", respond.IssuePolicy{Repository: "acme/security", Refused: "no"}, ""},
		"in public, of a private one":          {"shop", respond.IssuePolicy{Repository: "acme/board"}, "shop"},
		"out of reach":                         {"shop", respond.IssuePolicy{Repository: "acme/nowhere"}, "shop"},
		"out of reach, of a public repository": {"board", respond.IssuePolicy{Repository: "acme/nowhere"}, ""},
	} {
		err := b.store.View(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
			got, err := b.policies.IssueTarget(ctx, tx, b.repository(c.from), respond.Policy{Issues: c.issues})
			if got.Name != c.want {
				t.Errorf("%s: %q, want %q", name, got.Name, c.want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
