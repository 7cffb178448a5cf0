package backfill

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// installed makes an empty repository, somebody who commits to it, and an installation that reaches it.
func (b *bench) installed() (r *githubtest.Repository, ada *githubtest.Account, installation int64) {
	b.t.Helper()
	acme, ada := b.github.Organization("acme"), b.github.User("ada")
	r, err := b.github.CreateRepository(acme, "old", githubtest.RepositoryOptions{Private: true})
	if err != nil {
		b.t.Fatal(err)
	}
	in, _ := b.github.Install(b.t.Context(), acme, ada)
	return r, ada, in.ID()
}

// old makes a repository with a history, and an installation that reaches it.
func (b *bench) old() (*githubtest.Repository, int64) {
	b.t.Helper()
	r, ada, installation := b.installed()
	sha, err := r.Commit(githubtest.Change{Author: ada, Files: map[string]string{"README.md": "# Old\n"}})
	if err == nil {
		err = r.SetRef("refs/heads/main", sha)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return r, installation
}

func (b *bench) backfill() (f ledger.Backfills) {
	b.t.Helper()
	err := b.store.View(b.t.Context(), func(ctx context.Context, tx *ledger.Tx) (err error) {
		f, err = tx.Backfills(ctx, 0, 10)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return f
}

// reconcile compares with GitHub's list, and waits for what comes of it.
func (b *bench) reconcile() {
	b.t.Helper()
	if err := b.worker.reconcileAll(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	b.idle()
}

// TestAGivenUpBackfillIsTriedAgain refuses the history once: the ledger says why, and the next comparison with GitHub's list
// reads it.
func TestAGivenUpBackfillIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	old, installation := b.old()
	b.github.Inject(githubtest.Times(1, githubtest.Is(githubtest.Git, http.MethodPost), githubtest.Answer(http.StatusForbidden, "Resource not accessible by integration")))
	b.read(old, installation)
	f := b.backfill()
	if f.GivenUp != 1 || f.Repositories != 1 || len(f.List) != 1 || !strings.Contains(f.List[0].Backfill.Reason, "contents: read") {
		t.Fatalf("given up: %+v", f)
	}
	b.reconcile()
	if f := b.backfill(); f.Done != 1 || f.Repositories != 1 || len(f.List) != 0 {
		t.Errorf("after the next comparison: %+v", f)
	}
	b.github.ForgetRequests()
	b.reconcile()
	if n := b.github.Count(githubtest.Git); n != 0 {
		t.Errorf("%d requests for a history that has been read", n)
	}
}

// TestABackfillThatUsedUpItsAttempts fails for the last time, and ended the process too often.
func TestABackfillThatUsedUpItsAttempts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	old, installation := b.old()
	b.read(old, installation) // makes it known
	b.eventually("its job to have left the gate", func() bool {
		leave, err := b.worker.Reader.Enter(&rivertype.JobRow{Metadata: []byte(`{"crashes":1}`)}) // which is to be alone
		if err == nil {
			leave()
		}
		return err == nil
	})
	b.github.Inject(githubtest.Times(2, githubtest.Is(githubtest.Git, http.MethodPost), githubtest.Answer(http.StatusNotFound, "Not Found")))
	attempt := func(n, crashes int) ledger.RepositoryBackfill {
		t.Helper()
		row := &rivertype.JobRow{
			Attempt: n, MaxAttempts: job.BackfillAttempts, Queue: job.QueueBackfill, Metadata: fmt.Appendf(nil, `{"crashes":%d,"crashes_alone":%d}`, crashes, crashes),
		}
		err := b.worker.Backfill(t.Context(), &river.Job[job.Backfill]{JobRow: row, Args: job.Backfill{Installation: installation, Repository: old.ID()}})
		f := b.backfill()
		if err == nil || len(f.List) != 1 {
			t.Fatalf("attempt %d: %v, %+v", n, err, f)
		}
		return f.List[0]
	}
	if l := attempt(job.BackfillAttempts-1, 2).Backfill; l.Phase != ledger.BackfillWaiting || l.Reason == "" {
		t.Errorf("the last but one: %+v", l)
	}
	if l := attempt(job.BackfillAttempts, 0).Backfill; l.Phase != ledger.BackfillGivenUp || l.Crashed || !strings.Contains(l.Reason, "tried often enough") {
		t.Errorf("the last: %+v", l)
	}
	b.github.ForgetRequests()
	if l := attempt(1, 3).Backfill; l.Phase != ledger.BackfillGivenUp || !l.Crashed || !strings.Contains(l.Reason, "stopped each time") {
		t.Errorf("crashed: %+v", l)
	}
	b.reconcile()
	if n := b.github.Count(githubtest.Git); n != 0 {
		t.Errorf("%d requests for what ended the process each time", n)
	}
	b.later.Add(int64(crashPause))
	b.reconcile()
	if f := b.backfill(); f.Done != 1 || len(f.List) != 0 {
		t.Errorf("a day later: %+v", f)
	}
}

func TestTryAgain(t *testing.T) {
	t.Parallel()
	saved := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, c := range []struct {
		crashed  bool
		after    time.Duration
		again    bool
		attempts int
	}{
		{false, 0, true, 0},
		{true, crashPause - 1, false, 1},
		{true, reconcileEvery - time.Minute, true, 1},
	} {
		again, attempts := tryAgain(ledger.Backfill{Updated: saved, Crashed: c.crashed}, saved.Add(c.after))
		if again != c.again || attempts != c.attempts {
			t.Errorf("%+v: %v, %d", c, again, attempts)
		}
	}
}

// TestProgressIsSavedRarely follows a backfill whose progress is saved only every few seconds.
func TestProgressIsSavedRarely(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	old, installation := b.old()
	b.read(old, installation)
	_, run, err := b.worker.start(t.Context(), old.ID())
	if err != nil {
		t.Fatal(err)
	}
	p := b.worker.follow(t.Context(), run)
	recorded := func() ledger.Backfill { t.Helper(); return b.backfill().List[0].Backfill }
	for range 200 {
		p.at(pack.Progress{Objects: 10, Total: 20})
	}
	if l := recorded(); !l.Updated.Equal(run.Updated) {
		t.Errorf("saved at once: %v", l.Updated.Sub(run.Updated))
	}
	b.later.Add(int64(reportEvery))
	p.at(pack.Progress{Objects: 11, Total: 20})
	first := recorded().Updated
	p.at(pack.Progress{Objects: 12, Total: 20})
	if !first.After(run.Updated) || !recorded().Updated.Equal(first) {
		t.Errorf("saved %v and %v after the start", first.Sub(run.Updated), recorded().Updated.Sub(run.Updated))
	}
}

func TestAdvance(t *testing.T) {
	t.Parallel()
	run := ledger.Backfill{Repository: 7, Phase: ledger.BackfillArriving, Attempt: 2, Total: 9, Bytes: 1000}
	want := func(what string, phase ledger.BackfillPhase, objects, total int, bytes int64) {
		t.Helper()
		if w := (ledger.Backfill{Repository: 7, Attempt: 2, Phase: phase, Objects: objects, Total: total, Bytes: bytes}); run != w {
			t.Errorf("%s: %+v, want %+v", what, run, w)
		}
	}
	run = advance(run, pack.Progress{Arriving: true, Objects: 3, Total: 9, Bytes: 1100})
	want("arriving", ledger.BackfillArriving, 3, 9, 1100)
	run = advance(run, pack.Progress{Objects: 2, Total: 9, Bytes: 50})
	want("the first that is read", ledger.BackfillReading, 2, 9, 50)
	run = advance(run, pack.Progress{Objects: 9, Total: 9, Bytes: 500})
	run = advance(run, pack.Progress{Objects: 1, Total: 9, Bytes: 510})
	want("walked again", ledger.BackfillReading, 9, 9, 510)
}
