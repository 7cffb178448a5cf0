package texts

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/policies"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/queue"
)

// past is a repository of acme with a ledger, whose clock is turned by hand, and what reads its texts. No job of the queue runs.
type past struct {
	*testing.T
	github        *githubtest.Server
	in            *githubtest.Installation
	repo          *githubtest.Repository
	ada, sam, eve *githubtest.Account
	store         *ledger.Store
	worker        *History
	later         atomic.Int64 // by how much the ledger's clock is ahead
	keys          int
}

func (p *past) now() time.Time { return time.Now().Add(time.Duration(p.later.Load())) }

func newPast(t testing.TB, permissions map[string]string) *past {
	t.Helper()
	return newPastAt(t, permissions, nil)
}

// newPastAt has GitHub's clock; nil: the computer's.
func newPastAt(t testing.TB, permissions map[string]string, clock func() time.Time) *past {
	t.Helper()
	p := &past{}
	p.T, _ = t.(*testing.T)
	all := github.Wanted().Permissions
	maps.Copy(all, permissions)
	var err error
	if p.github, err = githubtest.New(githubtest.Options{Quiet: true, Permissions: all, Now: clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.github.Close() })
	if p.store, err = queue.OpenStore(t.Context(), ledger.Options{URL: filepath.Join(t.TempDir(), "rekey.db"), Now: p.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.store.Close() })
	acme := p.github.Organization("acme")
	p.ada, p.sam, p.eve = p.github.User("ada"), p.github.User("sam"), p.github.User("eve")
	if p.repo, err = p.github.CreateRepository(acme, "shop", githubtest.RepositoryOptions{Private: true}); err != nil {
		t.Fatal(err)
	}
	p.repo.SetRole(p.ada, "admin")
	p.repo.SetRole(p.sam, "write")
	sha, err := p.repo.Commit(githubtest.Change{Files: map[string]string{"README.md": "one\ntwo\n"}, Author: p.ada})
	if err == nil {
		err = p.repo.SetRef("refs/heads/main", sha)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.in, _ = p.github.Install(t.Context(), acme, p.ada)
	p.update(t, func(ctx context.Context, tx *ledger.Tx) error {
		err := tx.UpsertInstallation(ctx, respond.Installation{ID: p.in.ID(), Account: "acme"}, time.Time{})
		return errors.Join(err, tx.UpsertRepository(ctx, respond.Repository{
			ID: p.repo.ID(), Installation: p.in.ID(), Owner: "acme", Name: "shop", DefaultBranch: "main", Private: true, Backfilled: p.now(),
		}))
	})
	p.restart(t, Hourly())
	return p
}

// restart makes a worker that remembers nothing.
func (p *past) restart(t testing.TB, hourly github.Spent) {
	t.Helper()
	block, _ := pem.Decode(p.github.PrivateKeyPEM())
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	app, err := github.New(github.Config{
		AppID: p.github.AppID(), PrivateKey: key, WebURL: p.github.URL(), APIURL: p.github.APIURL(), WritePause: time.Microsecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	log, scanner := slog.New(slog.DiscardHandler), detect.New(detect.Options{})
	recorder := &record.Recorder{Store: ledger.Scope[record.Tx](p.store), WebURL: p.github.URL(), Log: log}
	rules := &policies.Policies{Store: ledger.Scope[policies.Tx](p.store), GitHub: app, Scanner: scanner, Now: p.now, Log: log}
	p.worker = &History{
		Store: ledger.Scope[HistoryTx](p.store), GitHub: app, Scanner: scanner, Recorder: recorder, Hourly: hourly, Now: p.now, Log: log,
		Reader: &read.Reader{
			Store: ledger.Scope[read.Tx](p.store), GitHub: app, Scanner: scanner, Policies: rules, Recorder: recorder, Now: p.now, Log: log,
			Metrics: read.NewMetrics(nil),
		},
	}
}

func (p *past) update(t testing.TB, do func(context.Context, *ledger.Tx) error) {
	t.Helper()
	if err := p.store.Update(t.Context(), do); err != nil {
		t.Fatal(err)
	}
}

// read runs a job.
func (p *past) read(ctx context.Context) error {
	row := &job.Row{Attempt: 1, MaxAttempts: job.BackfillAttempts, Queue: job.QueueBackfill, CreatedAt: p.now()}
	return p.worker.Read(ctx, &river.Job[job.TextHistory]{JobRow: row, Args: job.TextHistory{Installation: p.in.ID(), Repository: p.repo.ID()}})
}

func (p *past) key() string {
	p.keys++
	return detecttest.Key(int64(9000+p.keys), detect.Live)
}

// places are what the ledger has of texts, a line each, sorted.
func (p *past) places() []string {
	p.Helper()
	var list []string
	p.update(p.T, func(ctx context.Context, tx *ledger.Tx) error {
		list = nil
		leaks, err := tx.OpenAfter(ctx, p.repo.ID(), 0, 1000)
		for _, l := range leaks {
			all, err := tx.Sightings(ctx, l.ID, 1000)
			if err != nil {
				return err
			}
			for _, s := range all {
				former := ""
				if s.Text.Former {
					former = ", former"
				}
				list = append(list, fmt.Sprintf("%s %s by %s%s", s.Source, s.Text.Field, cmp.Or(s.AuthorName, "nobody"), former))
			}
		}
		return err
	})
	slices.Sort(list)
	return list
}

func (p *past) progress() (texts ledger.TextProgress) {
	p.Helper()
	p.update(p.T, func(ctx context.Context, tx *ledger.Tx) error {
		all, err := tx.Progress(ctx, ledger.Visible{Everything: true}, p.in.ID())
		texts = all.Texts
		return err
	})
	return texts
}

// everywhere puts a text with a key of its own into each list, and edits a key out of some. It returns the places.
func (p *past) everywhere() []string {
	p.Helper()
	ctx := p.Context()
	must := func(err error) {
		p.Helper()
		if err != nil {
			p.Fatal(err)
		}
	}
	edit := func(kind string, to githubtest.Edited) {
		p.Helper()
		all := p.repo.Texts()
		i := slices.IndexFunc(all, func(t githubtest.Text) bool { return t.Kind == kind })
		_, err := p.repo.EditText(ctx, all[i].NodeID, to, p.ada)
		must(err)
	}
	number, _ := p.repo.OpenIssue(ctx, p.key(), p.key(), p.sam)
	edit("Issue", githubtest.Edited{Title: new("nothing")})
	_, err := p.repo.Comment(ctx, number, "it was "+p.key(), p.sam)
	must(err)
	edit("IssueComment", githubtest.Edited{Body: new("it was another one")})
	edit("IssueComment", githubtest.Edited{Body: new("it was no key")})
	sha, err := p.repo.Commit(githubtest.Change{Files: map[string]string{"topic": "a " + p.key() + "\nb\n"}, Author: p.ada})
	must(err)
	must(p.repo.SetRef("refs/heads/topic", sha))
	pr, _, err := p.repo.OpenPullRequest(ctx, githubtest.PullRequestOptions{HeadRef: "topic", Title: "topic", Body: p.key(), By: p.ada})
	must(err)
	_, err = pr.Review(ctx, githubtest.Review{Body: p.key(), Comments: []githubtest.ReviewComment{{Path: "topic", Line: 2, Body: "see"}}}, p.sam)
	must(err)
	_, err = p.repo.CommentOnCommit(ctx, githubtest.CommitComment{SHA: sha, Body: p.key()}, p.sam)
	must(err)
	discussion, _ := p.repo.OpenDiscussion(ctx, "a discussion", p.key(), p.sam)
	_, err = p.repo.CommentOnDiscussion(ctx, discussion, 0, p.key(), p.ada)
	must(err)
	p.repo.PublishRelease(ctx, githubtest.Release{Tag: "v1", Body: p.key()}, p.ada)
	return []string{
		"commit_comment body by sam", "discussion body by sam", "discussion_comment body by ada", "issue body by sam", "issue title by sam, former",
		"issue_comment body by sam, former", "pull_request body by ada", "release body by ada", "review body by sam", "review_comment diff_hunk by sam",
	}
}

// TestTextsOfThePast: each list is read, with what was edited away. Read again, they bring nothing new.
func TestTextsOfThePast(t *testing.T) {
	t.Parallel()
	p := newPast(t, map[string]string{"discussions": "read"})
	want := p.everywhere()
	if err := p.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, p.places()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	at := p.progress()
	if at.Done != 1 || at.Repositories != 1 || at.Read.Sum() != 9 || at.Edited != 2 || len(at.Skipped) != 0 || len(at.Running) != 0 {
		t.Errorf("progress %+v", at)
	}
	if lists := []github.TextList{
		github.Issues, github.IssueComments, github.ReviewComments, github.Reviews, github.CommitComments, github.Discussions, github.Releases,
	}; fmt.Sprint(lists) != fmt.Sprint(ledger.TextLists()) {
		t.Errorf("the ledger's lists are %v", ledger.TextLists())
	}
	// A leak that somebody closed stays closed, though the text is met again.
	var leaks []respond.Leak
	var jobs int
	p.update(t, func(ctx context.Context, tx *ledger.Tx) (err error) {
		if leaks, err = tx.OpenAfter(ctx, p.repo.ID(), 0, 100); err != nil {
			return err
		}
		for _, l := range leaks[:2] {
			c := respond.Change{Leak: l.ID, At: tx.Now(), By: "ada", From: respond.Open, To: respond.Resolved}
			if err := tx.UpdateLeak(ctx, c.ApplyTo(l), c.Event()); err != nil {
				return err
			}
		}
		return tx.RestartTexts(ctx, p.repo.ID())
	})
	jobs = p.queued(job.Issue{}.Kind())
	if err := p.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := p.places(); len(got) != len(want)-2 {
		t.Errorf("after the second reading %d places of open leaks, want %d: %v", len(got), len(want)-2, got)
	}
	if n := p.queued(job.Issue{}.Kind()); n != jobs {
		t.Errorf("%d jobs for issues, and %d after the second reading", jobs, n)
	}
}

// queued counts jobs of a kind that wait.
func (p *past) queued(kind string) (n int) {
	p.Helper()
	p.update(p.T, func(ctx context.Context, tx *ledger.Tx) error {
		stats, err := tx.Stats(ctx)
		n = 0
		for _, j := range stats.Jobs {
			if j.Kind == kind && j.State == ledger.JobWaits {
				n += j.Count
			}
		}
		return err
	})
	return n
}

// comments writes comments of which every tenth holds a key.
func (p *past) comments(n int) {
	p.Helper()
	number, _ := p.repo.OpenIssue(p.Context(), "t", "b", p.ada)
	for i := range n {
		body := fmt.Sprint("comment ", i)
		if i%10 == 0 {
			body = p.key()
		}
		if _, err := p.repo.Comment(p.Context(), number, body, p.sam); err != nil {
			p.Fatal(err)
		}
	}
}

// TestInterruptedReadingGoesOn: the job is told to stop at each of its requests in turn. In the end everything is found, and no page that was
// recorded is asked for again.
func TestInterruptedReadingGoesOn(t *testing.T) {
	t.Parallel()
	p := newPast(t, nil)
	p.comments(350)
	pages := 0
	for n := 1; ; n++ {
		ctx, cancel := context.WithCancel(t.Context())
		asked := 0
		p.github.Inject(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.Contains(r.URL.Path, "/issues/comments") {
				pages++
			}
			if asked++; asked == 11 { // before its answer comes
				cancel()
			}
			next.ServeHTTP(w, r)
		})
		p.restart(t, Hourly())
		err := p.read(ctx)
		cancel()
		if err == nil {
			break
		}
		if n > 20 {
			t.Fatalf("it gets nowhere: %v", err)
		}
	}
	if got := len(p.places()); got != 35 {
		t.Errorf("%d keys found, want 35", got)
	}
	if pages > 10 {
		t.Errorf("%d requests for 4 pages", pages)
	}
	if at := p.progress(); at.Done != 1 || at.Read[1] != 350 {
		t.Errorf("progress %+v", at)
	}
}

// TestReadingKeepsToItsBudget: what is left waits for the next hour, also after a restart, and says so.
func TestReadingKeepsToItsBudget(t *testing.T) {
	t.Parallel()
	p := newPast(t, nil)
	p.comments(550)
	hourly := github.Spent{Requests: 6, Points: 1000} // two of them read policies, where something is found
	p.restart(t, hourly)
	for hour := 1; ; hour++ {
		p.github.ForgetRequests()
		err := p.read(t.Context())
		if err == nil {
			if hour < 3 || hour > 4 { // texts of a second are listed twice where a page ends among them
				t.Errorf("done in hour %d", hour)
			}
			break
		}
		until := outcome.Of(err, p.now(), outcome.Attempt{})
		if hour > 5 || until.Do != github.Snooze || until.After < 59*time.Minute || until.After > time.Hour {
			t.Fatalf("hour %d: %v, %+v", hour, err, until)
		}
		if n := p.github.Count(githubtest.REST); n < 4 || n > 6 {
			t.Errorf("hour %d: %d requests of REST, want up to 6", hour, n)
		}
		p.github.ForgetRequests()
		p.restart(t, hourly)
		if again := p.read(t.Context()); again == nil || len(p.github.Requests()) != 0 {
			t.Errorf("after a restart: %v, %d requests", again, len(p.github.Requests()))
		}
		at := p.progress()
		if at.Reading != 1 || len(at.Running) != 1 || at.Running[0].Paused.IsZero() ||
			at.Running[0].Reason != "this hour's requests for texts are used up" || at.Running[0].Read != at.Read.Sum() {
			t.Errorf("progress %+v", at)
		}
		if read, left := at.Read[1], at.Left[1]; left > 0 && (read+left < 550 || read+left > 800) {
			t.Errorf("%d comments are said to be left of 550, of which %d were read", left, read)
		}
		p.later.Add(int64(until.After))
	}
	if got := len(p.places()); got != 55 {
		t.Errorf("%d keys found, want 55", got)
	}
}

// TestLimitsCostNoAttempt: GitHub's limits are waited for.
func TestLimitsCostNoAttempt(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]githubtest.Fault{
		"too many requests": githubtest.TooManyRequests(90 * time.Second),
		"secondary":         githubtest.SecondaryLimit(90 * time.Second),
		"GraphQL": func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if !strings.HasSuffix(r.URL.Path, "/graphql") {
				next.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Retry-After", "90")
			fmt.Fprint(w, `{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPast(t, nil)
			p.comments(10)
			p.github.Inject(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if strings.Contains(r.URL.Path, "access_tokens") {
					next.ServeHTTP(w, r)
					return
				}
				fault(w, r, next)
			})
			out := outcome.Of(p.read(t.Context()), p.now(), outcome.Attempt{Number: job.BackfillAttempts, Last: true})
			if out.Do != github.Snooze || out.After < time.Second {
				t.Errorf("%+v", out)
			}
			if at := p.progress(); len(at.Running) != 1 || at.Running[0].Paused.IsZero() {
				t.Errorf("progress %+v", at)
			}
		})
	}
}

// TestDiscussionsNeedTheirPermission: without it they are left out, which is said, and read once it is there.
func TestDiscussionsNeedTheirPermission(t *testing.T) {
	t.Parallel()
	p := newPast(t, nil)
	want := p.everywhere()
	if err := p.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(p.places()); n != len(want)-2 {
		t.Errorf("%d places, want %d", n, len(want)-2)
	}
	skipped := []ledger.SkippedTexts{{List: "discussions", Reason: "needs Discussions: read", Repositories: 1}}
	if at := p.progress(); at.Done != 1 || gocmp.Diff(skipped, at.Skipped) != "" {
		t.Errorf("progress %+v", at)
	}
	all := github.Wanted().Permissions
	all["discussions"] = "read"
	p.in.AcceptPermissions(t.Context(), p.ada, all)
	p.update(t, func(ctx context.Context, tx *ledger.Tx) error { return tx.ReopenTexts(ctx, p.in.ID()) })
	if at := p.progress(); at.Reading != 1 {
		t.Errorf("progress %+v", at)
	}
	p.github.ForgetRequests()
	p.restart(t, Hourly())
	if err := p.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, p.places()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, r := range p.github.Requests() {
		if strings.Contains(r.Path, "/issues") || strings.Contains(r.Path, "/pulls") {
			t.Errorf("%s is read again", r.Path)
		}
	}
	if at := p.progress(); at.Done != 1 || len(at.Skipped) != 0 {
		t.Errorf("progress %+v", at)
	}
}

// TestAListThatIsTurnedOffCostsOneRequest, and an empty repository not more than one a list.
func TestAListThatIsTurnedOffCostsOneRequest(t *testing.T) {
	t.Parallel()
	p := newPast(t, map[string]string{"discussions": "read"})
	p.repo.DisableIssues(true)
	if err := p.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if at := p.progress(); at.Done != 1 || len(at.Skipped) != 2 || at.Skipped[0].Reason != "turned off in the repository" {
		t.Errorf("progress %+v", at)
	}
	if n := p.github.Count(githubtest.REST) + p.github.Count(githubtest.Query); n != 7 {
		t.Errorf("%d requests for 7 lists", n)
	}
}

// TestOldTextsOfStrangers: what a stranger wrote in the description of a pull request from a fork costs nobody anything; what they wrote in a comment
// is in the repository like what others write.
func TestOldTextsOfStrangers(t *testing.T) {
	t.Parallel()
	p := newPast(t, nil)
	ctx := t.Context()
	p.repo.Publicize(ctx, p.ada)
	fork, err := p.repo.Fork(p.eve)
	if err != nil {
		t.Fatal(err)
	}
	sha, err := fork.Commit(githubtest.Change{Files: map[string]string{"x": "y"}, Author: p.eve})
	if err == nil {
		err = fork.SetRef("refs/heads/x", sha)
	}
	if err != nil {
		t.Fatal(err)
	}
	pr, _, err := p.repo.OpenPullRequest(ctx, githubtest.PullRequestOptions{Head: fork, HeadRef: "x", Title: "mine", Body: p.key(), By: p.eve})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.read(ctx); err != nil {
		t.Fatal(err)
	}
	if places, issues := p.places(), p.queued(job.Issue{}.Kind()); len(places) != 0 || issues != 0 {
		t.Errorf("places %v, %d issues", places, issues)
	}
	p.update(t, func(ctx context.Context, tx *ledger.Tx) error {
		outside, err := tx.OutsideLeaks(ctx, p.repo.ID(), pr.Number(), 10)
		if len(outside) != 1 {
			t.Errorf("%d leaks from outside", len(outside))
		}
		return errors.Join(err, tx.RestartTexts(ctx, p.repo.ID()))
	})
	pr.Comment(ctx, p.key(), p.eve)
	if err := p.read(ctx); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff([]string{"issue_comment body by eve"}, p.places()); diff != "" || p.queued(job.Issue{}.Kind()) != 1 {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestWhatHappensMeanwhile: the repository is renamed or made public, forgotten, or its texts are deleted while they are read.
func TestWhatHappensMeanwhile(t *testing.T) {
	t.Parallel()
	during := func(p *past, do func()) error {
		once := false
		p.github.Inject(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.HasSuffix(r.URL.Path, "/issues/comments") && !once {
				once = true
				do()
			}
			next.ServeHTTP(w, r)
		})
		return p.read(p.Context())
	}
	t.Run("renamed", func(t *testing.T) {
		t.Parallel()
		p := newPast(t, nil)
		want := p.everywhere()
		if err := during(p, func() { p.repo.Rename(t.Context(), p.ada, "store") }); err != nil || len(p.places()) != len(want)-2 {
			t.Errorf("%v, %v", err, p.places())
		}
	})
	t.Run("made public", func(t *testing.T) {
		t.Parallel()
		p := newPast(t, nil)
		want := p.everywhere()
		err := during(p, func() {
			p.update(t, func(ctx context.Context, tx *ledger.Tx) error { return tx.RestartTexts(ctx, p.repo.ID()) })
		})
		if at := p.progress(); err != nil || at.Waiting != 1 {
			t.Errorf("%v, %+v", err, at)
		}
		if err := p.read(t.Context()); err != nil || len(p.places()) != len(want)-2 {
			t.Errorf("%v, %v", err, p.places())
		}
	})
	t.Run("forgotten", func(t *testing.T) {
		t.Parallel()
		p := newPast(t, nil)
		p.everywhere()
		err := during(p, func() {
			p.update(t, func(ctx context.Context, tx *ledger.Tx) error {
				return tx.RemoveUnreachable(ctx, p.repo.ID(), p.in.ID())
			})
		})
		if err != nil {
			t.Error(err)
		}
		if err := p.read(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("deleted between the list and its histories", func(t *testing.T) {
		t.Parallel()
		p := newPast(t, nil)
		number, _ := p.repo.OpenIssue(t.Context(), "t", "b", p.ada)
		if _, err := p.repo.Comment(t.Context(), number, p.key(), p.sam); err != nil {
			t.Fatal(err)
		}
		comment := p.repo.Texts()[1]
		if _, err := p.repo.EditText(t.Context(), comment.NodeID, githubtest.Edited{Body: new("now " + p.key())}, p.ada); err != nil {
			t.Fatal(err)
		}
		p.github.Inject(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			next.ServeHTTP(w, r)
			if strings.HasSuffix(r.URL.Path, "/graphql") && p.github.Count(githubtest.Query) == 2 { // the comments' page asks which were edited
				_, _ = p.repo.DeleteText(t.Context(), comment.NodeID, p.ada)
			}
		})
		if err := p.read(t.Context()); err != nil || len(p.places()) != 1 {
			t.Errorf("%v, %v", err, p.places())
		}
	})
}

// TestAListThatFailsIsLeftOut, and the others are read.
func TestAListThatFailsIsLeftOut(t *testing.T) {
	t.Parallel()
	p := newPast(t, nil)
	want := p.everywhere()
	p.github.Inject(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/issues/comments") {
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		next.ServeHTTP(w, r)
	})
	if err := p.read(t.Context()); err != nil || p.queued(job.TextHistory{}.Kind()) != 1 {
		t.Fatalf("%v, %d jobs for the rest", err, p.queued(job.TextHistory{}.Kind()))
	}
	if err := p.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if at := p.progress(); at.Done != 1 || len(at.Skipped) != 2 || at.Skipped[1].List != "issue comments" || !strings.HasPrefix(at.Skipped[1].Reason, "given up: ") {
		t.Errorf("progress %+v", at)
	}
	if n := len(p.places()); n != len(want)-3 {
		t.Errorf("%d places", n)
	}
}

// TestTextsAsEvents: what GitHub's lists say of a text is put as its events put it, so that one text is one place.
func TestTextsAsEvents(t *testing.T) {
	t.Parallel()
	at := func(hour int) time.Time { return time.Date(2026, 3, 3, hour, 0, 0, 0, time.UTC) }
	issue := github.Text{Kind: "Issue", NodeID: "I", ID: 9, Number: 3, Title: "t2", Body: "listed", Created: at(1), Edited: true}
	h := github.History{
		Exists: true, Title: "t3", Body: "b3", Titles: []github.FormerTitle{{Text: "t1", ChangedAt: at(2)}, {Text: "t2", ChangedAt: at(7)}},
		Edits: []github.Edit{{Text: "b3", EditedAt: at(6)}, {Text: "", EditedAt: at(5)}, {Text: "b2", EditedAt: at(4), DeletedAt: at(8)}, {Text: "b1", EditedAt: at(1)}},
	}
	var got []string
	for _, v := range versionsOf(issue, h) {
		if v.ID != 0 || v.Kind != "issue" || v.NodeID != "I" || v.Number != 3 {
			t.Errorf("%+v", v)
		}
		got = append(got, fmt.Sprintf("%s %s %d-%d %t", v.Field, v.Content, v.Written.Hour(), v.Updated.Hour(), v.Former))
	}
	want := []string{"title t3 1-1 false", "title t2 2-7 true", "title t1 1-2 true", "body b3 6-6 false", "body b1 1-4 true"}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	ghost := versionsOf(github.Text{Kind: "PullRequestReviewComment", NodeID: "R", ID: 4, Body: "b", Hunk: "h", Created: at(1)}, github.History{})
	if len(ghost) != 2 || ghost[0].ID != 4 || ghost[0].Author.Login != "" || ghost[1].Field != "diff_hunk" {
		t.Errorf("%+v", ghost)
	}
}

// TestATextFullOfKeys: a comment as long as GitHub takes, of nothing but keys, is read whole.
func TestATextFullOfKeys(t *testing.T) {
	t.Parallel()
	p := newPast(t, nil)
	number, _ := p.repo.OpenIssue(t.Context(), "t", "b", p.ada)
	var body strings.Builder
	keys := 0
	for ; ; keys++ {
		key := p.key()
		if body.Len()+len(key)+1 > 65_536 {
			break
		}
		body.WriteString(key + "\n")
	}
	if _, err := p.repo.Comment(t.Context(), number, body.String(), p.eve); err != nil {
		t.Fatal(err)
	}
	if err := p.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	found := 0
	p.update(t, func(ctx context.Context, tx *ledger.Tx) error {
		leaks, err := tx.OpenAfter(ctx, p.repo.ID(), 0, 5000)
		found = len(leaks)
		return err
	})
	if keys < 1000 || found != keys {
		t.Errorf("%d of %d keys found", found, keys)
	}
}

// TestHalfAnAnswerIsNone: GraphQL may answer in part, with an error beside it. The page is read again.
func TestHalfAnAnswerIsNone(t *testing.T) {
	t.Parallel()
	p := newPast(t, nil)
	want := p.everywhere()
	failed := false
	p.github.Inject(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if !strings.HasSuffix(r.URL.Path, "/graphql") || failed || p.github.Count(githubtest.Query) < 3 {
			next.ServeHTTP(w, r)
			return
		}
		failed = true
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"data":{"nodes":[null]},"errors":[{"message":"Something went wrong while executing your query."}]}`)
	})
	out := outcome.Of(p.read(t.Context()), p.now(), outcome.Attempt{Number: 1})
	if !failed || out.Do == github.GiveUp {
		t.Errorf("failed %t, %+v", failed, out)
	}
	if err := p.read(t.Context()); err != nil || len(p.places()) != len(want)-2 {
		t.Errorf("%v, %v", err, p.places())
	}
}
