package backfill

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/policies"
	"github.com/rekey-app/rekey/app/publish"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/app/texts"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/queue"
	"github.com/rekey-app/rekey/respond/text"
)

// bench is workers on a ledger whose clock is turned by hand, and a stand-in for GitHub.
type bench struct {
	t      *testing.T
	github *githubtest.Server
	store  *ledger.Store
	worker *Worker
	later  atomic.Int64 // by how much its clock is ahead
}

// now is ahead of the clock by as much as the test has moved it. A clock that stands would keep jobs waiting that are called again after a while.
func (b *bench) now() time.Time { return time.Now().Add(time.Duration(b.later.Load())) }

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t}
	var err error
	if b.github, err = githubtest.New(githubtest.Options{Quiet: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.github.Close() })
	if b.store, err = queue.OpenStore(t.Context(), ledger.Options{URL: filepath.Join(t.TempDir(), "rekey.db"), Now: b.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.store.Close() })
	block, _ := pem.Decode(b.github.PrivateKeyPEM())
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	app, err := github.New(github.Config{
		AppID: b.github.AppID(), PrivateKey: key, WebURL: b.github.URL(), APIURL: b.github.APIURL(), WritePause: time.Microsecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	log, scanner := slog.New(slog.DiscardHandler), detect.New(detect.Options{})
	recorder := &record.Recorder{Store: ledger.Scope[record.Tx](b.store), WebURL: b.github.URL(), Log: log}
	rules := &policies.Policies{Store: ledger.Scope[policies.Tx](b.store), GitHub: app, Scanner: scanner, Now: b.now, Log: log}
	reader := &read.Reader{
		Store: ledger.Scope[read.Tx](b.store), GitHub: app, Scanner: scanner, Policies: rules, Recorder: recorder,
		Now: b.now, Log: log, Metrics: read.NewMetrics(nil),
	}
	effects := &publish.Worker{
		Store: ledger.Scope[publish.Tx](b.store), GitHub: app, AppID: b.github.AppID(), Scanner: scanner, Policies: rules, Recorder: recorder,
		Reader: reader, Now: b.now, Log: log,
	}
	b.worker = &Worker{
		Store: ledger.Scope[Tx](b.store), Progress: b.store, GitHub: app, Scanner: scanner, Policies: rules, Recorder: recorder,
		Reader: reader, Publish: effects, Now: b.now, Log: log,
	}
	workers, runner := river.NewWorkers(), outcome.NewRunner(ledger.Scope[outcome.Tx](b.store), b.now, log, nil)
	river.AddWorker(workers, outcome.Handle(runner, b.worker.Backfill))
	past := &texts.History{
		Store: ledger.Scope[texts.HistoryTx](b.store), GitHub: app, Scanner: scanner, Reader: reader, Recorder: recorder, Hourly: texts.Hourly(),
		Now: b.now, Log: log,
	}
	river.AddWorker(workers, outcome.Handle(runner, past.Read))
	river.AddWorker(workers, outcome.Handle(runner, b.worker.Reconcile))
	river.AddWorker(workers, outcome.Handle(runner, b.worker.CompareIssues))
	river.AddWorker(workers, outcome.Handle(runner, effects.Check))
	river.AddWorker(workers, outcome.Handle(runner, effects.Issue))
	river.AddWorker(workers, outcome.Handle(runner, effects.Summary))
	river.AddWorker(workers, outcome.Handle(runner, effects.Effects))
	river.AddWorker(workers, outcome.Handle(runner, func(context.Context, *river.Job[job.Audit]) error { return nil }))
	worker, err := queue.New(b.store, workers, queue.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = worker.Stop(context.WithoutCancel(t.Context())) })
	return b
}

// shop is a private repository with one commit, of an organisation where the App is installed, with its history read.
func (b *bench) shop(files map[string]string) (r *githubtest.Repository, ada *githubtest.Account) {
	b.t.Helper()
	acme, ada := b.github.Organization("acme"), b.github.User("ada")
	r, err := b.github.CreateRepository(acme, "shop", githubtest.RepositoryOptions{Private: true})
	if err != nil {
		b.t.Fatal(err)
	}
	installed, _ := b.github.Install(b.t.Context(), acme, ada)
	sha, err := r.Commit(githubtest.Change{Files: files, Author: ada})
	if err == nil {
		err = r.SetRef("refs/heads/main", sha)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	b.read(r, installed.ID())
	return r, ada
}

// read reads the repository's whole history.
func (b *bench) read(r *githubtest.Repository, installation int64) {
	b.t.Helper()
	err := b.store.Update(b.t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
		owner, name, _ := strings.Cut(r.FullName(), "/")
		err := tx.UpsertRepository(ctx, respond.Repository{
			ID: r.ID(), Installation: installation, Owner: owner, Name: name, DefaultBranch: "main", Private: true,
		})
		if err != nil {
			return err
		}
		return tx.Enqueue(ctx, job.Backfill{Installation: installation, Repository: r.ID()}, nil)
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.idle()
}

// idle waits until no job waits or runs.
func (b *bench) idle() {
	b.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		busy := 0
		err := b.store.View(b.t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
			stats, err := tx.Stats(ctx)
			for _, n := range stats.Waiting {
				busy += n
			}
			for _, n := range stats.Running {
				busy += n
			}
			return err
		})
		if err != nil {
			b.t.Fatal(err)
		}
		if busy == 0 {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%d jobs do not end", busy)
		}
	}
}

// sorted says how many issues there are of leaks, and what the summary says: "" where it is closed or not there.
func (b *bench) sorted(r *githubtest.Repository) (leaks int, summary string) {
	for _, i := range r.Issues() {
		switch {
		case !strings.HasPrefix(i.Body, text.SummaryMarker(r.ID())):
			leaks++
		case i.State == "open":
			summary += i.Title
		}
	}
	return leaks, summary
}

// TestCatchUp files in each hour what may be filed then, and lets the summary shrink until it is closed.
func TestCatchUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	acme, ada := b.github.Organization("acme"), b.github.User("ada")
	old, err := b.github.CreateRepository(acme, "old", githubtest.RepositoryOptions{Private: true})
	if err != nil {
		t.Fatal(err)
	}
	off, err := b.github.CreateRepository(acme, "off", githubtest.RepositoryOptions{Private: true})
	if err != nil {
		t.Fatal(err)
	}
	installation, _ := b.github.Install(t.Context(), acme, ada)
	write := func(r *githubtest.Repository, policy string, keys int) {
		t.Helper()
		files := map[string]string{".github/rekey.yml": policy}
		for i := range keys {
			files[fmt.Sprintf("%d.env", i)] = "CLERK_SECRET_KEY=" + detecttest.Key(int64(200+i), detect.Live) + "\n"
		}
		sha, err := r.Commit(githubtest.Change{Author: ada, Files: files})
		if err == nil {
			err = r.SetRef("refs/heads/main", sha)
		}
		if err != nil {
			t.Fatal(err)
		}
		b.read(r, installation.ID())
	}
	write(off, "issues: {off: true}\n", 1)
	write(old, "issues: {max_per_hour: 2}\n", 5)
	demand := func(when string, leaks int, summary string) {
		t.Helper()
		got, title := b.sorted(old)
		if got != leaks || !strings.Contains(title, summary) || (summary == "") != (title == "") {
			t.Fatalf("%s: %d issues and the summary %q, want %d and %q", when, got, title, leaks, summary)
		}
	}
	catchUp := func(after time.Duration) {
		t.Helper()
		b.later.Add(int64(after))
		if err := b.worker.catchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.idle()
	}
	demand("at first", 2, "3 leaked Clerk credentials, 3 open")
	catchUp(time.Minute)
	demand("in the same hour", 2, "3 leaked Clerk credentials, 3 open")
	catchUp(time.Hour)
	demand("an hour later", 4, "1 leaked Clerk credential, 1 open")
	catchUp(30 * time.Minute)
	demand("half an hour later", 4, "1 leaked Clerk credential, 1 open")
	catchUp(time.Hour)
	demand("at the end", 5, "")
	catchUp(time.Hour)
	demand("after the end", 5, "")
	if n := len(old.Issues()); n != 6 {
		t.Errorf("%d issues in all, want five and one summary", n)
	}
	if n := len(off.Issues()); n != 0 {
		t.Errorf("%d issues where the policy wants none", n)
	}
	// Where nothing can be filed, the policy is not read each time.
	b.github.ForgetRequests()
	catchUp(time.Minute)
	for _, r := range b.github.Requests() {
		t.Errorf("%s %s for a repository that wants no issues", r.Method, r.Path)
	}
}

// TestReadAgainIsNotNew reads a history twice: the second time nothing is new, nothing is filed.
func TestReadAgainIsNotNew(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	acme, ada := b.github.Organization("acme"), b.github.User("ada")
	old, err := b.github.CreateRepository(acme, "old", githubtest.RepositoryOptions{Private: true})
	if err != nil {
		t.Fatal(err)
	}
	installation, _ := b.github.Install(t.Context(), acme, ada)
	sha, err := old.Commit(githubtest.Change{Author: ada, Files: map[string]string{".env": "CLERK_SECRET_KEY=" + detecttest.Key(210, detect.Live) + "\n"}})
	if err == nil {
		err = old.SetRef("refs/heads/main", sha)
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		b.read(old, installation.ID())
		if n := len(old.Issues()); n != 1 {
			t.Fatalf("%d issues", n)
		}
	}
	if len(old.CheckRuns("")) != 0 {
		t.Error("a backfill made a check run")
	}
}
