package verify

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/policies"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/clerk"
	"github.com/rekey-app/rekey/respond/clerk/clerktest"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

const instance = "ins_2abcDEFghiJKLmnoPQRstuVWXyz"

// bench is the worker on a ledger, with stand-ins for GitHub and Clerk, and a private repository of acme.
type bench struct {
	t          *testing.T
	github     *githubtest.Server
	clerk      *clerktest.Server
	store      *ledger.Store
	worker     *Worker
	shop       *githubtest.Repository
	repository github.Repository
	clock      time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, clock: time.Now().Truncate(time.Second)}
	now := func() time.Time { return b.clock }
	var err error
	if b.github, err = githubtest.New(githubtest.Options{Quiet: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.github.Close() })
	b.clerk = clerktest.New(now)
	t.Cleanup(b.clerk.Close)
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
	asker, err := clerk.New(clerk.Options{URL: b.clerk.URL})
	if err != nil {
		t.Fatal(err)
	}
	log, scanner := slog.New(slog.DiscardHandler), detect.New(detect.Options{})
	recorder := &record.Recorder{Store: ledger.Scope[record.Tx](b.store), WebURL: b.github.URL(), Log: log}
	rules := &policies.Policies{Store: ledger.Scope[policies.Tx](b.store), GitHub: app, Scanner: scanner, Now: now, Log: log}
	reader := &read.Reader{
		Store: ledger.Scope[read.Tx](b.store), GitHub: app, Scanner: scanner, Policies: rules, Recorder: recorder, Now: now, Log: log, Metrics: read.NewMetrics(nil),
	}
	b.worker = &Worker{
		Store: ledger.Scope[Tx](b.store), GitHub: app, Scanner: scanner, Clerk: asker, Policies: rules, Recorder: recorder, Reader: reader,
		Now: now, Log: log, Answers: NewAnswers(nil),
	}
	acme := b.github.Organization("acme")
	if b.shop, err = b.github.CreateRepository(acme, "shop", githubtest.RepositoryOptions{Private: true}); err != nil {
		t.Fatal(err)
	}
	in, _ := b.github.Install(t.Context(), acme, b.github.User("ada"))
	b.repository = github.Repository{Installation: in.ID(), ID: b.shop.ID(), Owner: "acme", Name: "shop"}
	err = b.store.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
		return tx.UpsertRepository(ctx, respond.Repository{
			ID: b.shop.ID(), Installation: in.ID(), Owner: "acme", Name: "shop", DefaultBranch: "main", Private: true,
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// leaked commits changes one after the other, reads them, and returns the leak of a credential in them.
func (b *bench) leaked(credential string, changes ...githubtest.Change) respond.Leak {
	b.t.Helper()
	sha, leak := "", respond.Leak{}
	var err error
	for _, c := range changes {
		if c.Parents = []string{}; sha != "" {
			c.Parents = []string{sha}
		}
		if sha, err = b.shop.Commit(c); err != nil {
			b.t.Fatal(err)
		}
	}
	if err = b.shop.SetRef("refs/heads/main", sha); err != nil {
		b.t.Fatal(err)
	}
	task := read.Task{Repository: b.repository, Trigger: "push", Ref: "refs/heads/main", Want: sha, Head: sha, Received: b.clock}
	if _, err = b.worker.Reader.Scan(b.t.Context(), &task); err != nil {
		b.t.Fatal(err)
	}
	b.view(func(ctx context.Context, tx *ledger.Tx) error {
		leak, err = tx.LeakByFingerprint(ctx, b.shop.ID(), detect.NewSecret(credential).Fingerprint())
		return err
	})
	b.github.ForgetRequests()
	return leak
}

func (b *bench) view(look func(context.Context, *ledger.Tx) error) {
	b.t.Helper()
	if err := b.store.View(b.t.Context(), look); err != nil {
		b.t.Fatal(err)
	}
}

// lose takes an object from GitHub, as when a branch was rewritten and its commits were pruned.
func (b *bench) lose(id string) {
	b.t.Helper()
	if err := os.Remove(filepath.Join(b.shop.Dir(), "objects", id[:2], id[2:])); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) sightings(leak respond.Leak) (list []respond.Sighting) {
	b.t.Helper()
	b.view(func(ctx context.Context, tx *ledger.Tx) (err error) {
		list, err = tx.Sightings(ctx, leak.ID, 100)
		return err
	})
	return list
}

func env(key string) string { return "CLERK_SECRET_KEY=" + key + "\n" }

func file(path, key string) githubtest.Change {
	return githubtest.Change{Files: map[string]string{path: "# " + path + "\n" + env(key)}}
}

// TestAsk: the key is read again wherever it still is, and Clerk is asked with it and nothing else.
func TestAsk(t *testing.T) {
	t.Parallel()
	live := detecttest.Key(1, detect.Live)
	hook := detecttest.WebhookSecret(2)
	unavailable := func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Retry-After", "60")
		rw.WriteHeader(http.StatusServiceUnavailable)
	}
	for name, c := range map[string]struct {
		credential string // "": live
		changes    []githubtest.Change
		given      func(*bench, respond.Leak)
		policy     respond.Verify
		want       respond.Verdict
		says       string // in the answer's detail
		clerk, git int    // requests
	}{
		"alive":   {changes: []githubtest.Change{file("a.env", live)}, want: respond.KeyAlive, clerk: 1, git: 1},
		"revoked": {changes: []githubtest.Change{file("a.env", live)}, given: func(b *bench, _ respond.Leak) { b.clerk.Delete(detect.NewSecret(live)) }, want: respond.KeyRevoked, clerk: 1, git: 1},
		"fenced":  {changes: []githubtest.Change{file("a.env", live)}, given: func(b *bench, _ respond.Leak) { b.clerk.Fence(detect.NewSecret(live)) }, want: respond.KeyFenced, says: "403", clerk: 1, git: 1},
		"Clerk is away": {
			changes: []githubtest.Change{file("a.env", live)}, given: func(b *bench, _ respond.Leak) { b.clerk.Fail(unavailable) },
			want: respond.KeyUnknown, says: "503", clerk: 1, git: 1,
		},
		"in a commit's message": {changes: []githubtest.Change{{Message: "Set " + env(live)}}, want: respond.KeyAlive, clerk: 1, git: 1},
		"deleted since":         {changes: []githubtest.Change{file("a.env", live), {Remove: []string{"a.env"}}}, want: respond.KeyAlive, clerk: 1, git: 1},
		"in its second place": {
			changes: []githubtest.Change{file("a.env", live), file("b.env", live)},
			given:   func(b *bench, l respond.Leak) { b.lose(b.sightings(l)[0].Blob) }, want: respond.KeyAlive, clerk: 1, git: 2,
		},
		"gone from all places": {
			changes: []githubtest.Change{file("a.env", live), file("b.env", live)},
			given: func(b *bench, l respond.Leak) {
				for _, s := range b.sightings(l) {
					b.lose(s.Blob)
				}
			}, want: respond.KeyUnknown, says: "gone from GitHub", git: 2,
		},
		"refused by GitHub": {
			changes: []githubtest.Change{file("a.env", live)},
			given: func(b *bench, _ respond.Leak) {
				b.github.Inject(githubtest.Answer(http.StatusForbidden, "Resource not accessible by integration"))
			}, want: respond.KeyUnknown, says: "could not be read again",
		},
		"forbidden by the policy": {changes: []githubtest.Change{file("a.env", live)}, policy: respond.VerifyNever, want: respond.KeyNotAsked},
		"no secret key": {
			credential: hook, changes: []githubtest.Change{{Files: map[string]string{"a.env": "CLERK_WEBHOOK_SIGNING_SECRET=" + hook + "\n"}}},
			want: respond.KeyUnknown, says: "cannot be asked about this kind",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			credential := live
			if c.credential != "" {
				credential = c.credential
			}
			b.clerk.Add(detect.NewSecret(live), instance, detect.Live)
			leak := b.leaked(credential, c.changes...)
			if c.given != nil {
				c.given(b, leak)
			}
			j := &river.Job[job.Verify]{JobRow: &rivertype.JobRow{Attempt: 1, MaxAttempts: 10, CreatedAt: b.clock}}
			answer, err := b.worker.ask(t.Context(), j, leak, respond.Policy{Verify: c.policy})
			if err != nil || answer.State != c.want || !strings.Contains(answer.Detail, c.says) {
				t.Errorf("%+v, %v; want %s, %q", answer, err, c.want, c.says)
			}
			if name == "in a commit's message" {
				for _, r := range b.github.Requests() {
					if r.Class == githubtest.Git && !(strings.Contains(string(r.Body), "deepen 1") && strings.Contains(string(r.Body), "filter tree:0")) {
						t.Error("more is fetched than the commit")
					}
				}
			}
			if asked := len(b.clerk.Requests()); asked != c.clerk {
				t.Errorf("Clerk was asked %d times, want %d", asked, c.clerk)
			}
			if fetched := b.github.Count(githubtest.Git); c.says != "could not be read again" && fetched != c.git {
				t.Errorf("%d git requests, want %d", fetched, c.git)
			}
			if strings.Contains(answer.Detail, credential) {
				t.Error("the answer holds the key")
			}
			counted := 1.0
			if c.policy == respond.VerifyNever {
				counted = 0
			}
			if n := testutil.ToFloat64(b.worker.Answers.WithLabelValues(string(c.want))); n != counted {
				t.Errorf("%v answers are counted, want %v", n, counted)
			}
		})
	}
}

// TestAnOutageIsNoAnswer: while GitHub cannot be read, nothing is recorded, and the question is put again.
func TestAnOutageIsNoAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	leak := b.leaked(detecttest.Key(1, detect.Live), file("a.env", detecttest.Key(1, detect.Live)))
	b.github.Inject(githubtest.Times(1, githubtest.Is(githubtest.Git, http.MethodPost), githubtest.Answer(http.StatusBadGateway, "Server Error")))
	j := &river.Job[job.Verify]{JobRow: &rivertype.JobRow{Attempt: 1, MaxAttempts: 10, CreatedAt: b.clock}, Args: job.Verify{Leak: leak.ID}}
	if err := b.worker.Verify(t.Context(), j); err == nil {
		t.Error("the question was answered")
	}
	b.view(func(ctx context.Context, tx *ledger.Tx) error {
		if l, err := tx.Leak(ctx, leak.ID); err != nil || l.Verdict != "" || l.State != respond.Open {
			t.Errorf("the leak is %s, %s, %v", l.State, l.Verdict, err)
		}
		return nil
	})
}

// TestVerify: what follows from an answer is recorded, and what nobody wants to know any more is not asked.
func TestVerify(t *testing.T) {
	t.Parallel()
	const key = 1
	live := detecttest.Key(key, detect.Live)
	b := newBench(t)
	workers := river.NewWorkers()
	river.AddWorker(workers, outcome.Handle(outcome.NewRunner(ledger.Scope[outcome.Tx](b.store), time.Now, b.worker.Log, nil), b.worker.Verify))
	for _, ignored := range []func(){
		func() {
			river.AddWorker(workers, river.WorkFunc(func(context.Context, *river.Job[job.Issue]) error { return nil }))
		},
		func() {
			river.AddWorker(workers, river.WorkFunc(func(context.Context, *river.Job[job.Check]) error { return nil }))
		},
		func() {
			river.AddWorker(workers, river.WorkFunc(func(context.Context, *river.Job[job.Effects]) error { return nil }))
		},
		func() {
			river.AddWorker(workers, river.WorkFunc(func(context.Context, *river.Job[job.Audit]) error { return nil }))
		},
	} {
		ignored()
	}
	b.clerk.Add(detect.NewSecret(live), instance, detect.Live)
	leak := b.leaked(live, file("a.env", live))
	worker, err := queue.New(b.store, workers, queue.Config{})
	if err == nil {
		err = worker.Start(context.WithoutCancel(t.Context()))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = worker.Stop(context.WithoutCancel(t.Context())) })

	for _, step := range []struct {
		name    string
		given   func()
		leak    int64
		why     respond.Verification
		verdict respond.Verdict
		state   respond.State
		asked   int
	}{
		{"no such leak", func() {}, 12345, respond.Verification{}, "", respond.Open, 0},
		{"watched, which the policy does not want", func() {}, leak.ID, respond.Verification{Why: respond.Watching}, "", respond.Open, 0},
		{"alive", func() {}, leak.ID, respond.Verification{Why: respond.Rotated, By: "ada"}, respond.KeyAlive, respond.Open, 1},
		{"revoked", func() { b.clerk.Delete(detect.NewSecret(live)) }, leak.ID, respond.Verification{Why: respond.Rotated, By: "ada"}, respond.KeyRevoked, respond.Revoked, 2},
	} {
		step.given()
		err := b.store.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
			return tx.Enqueue(ctx, job.Verify{Leak: step.leak, Question: step.why}, nil)
		})
		if err != nil {
			t.Fatal(err)
		}
		b.idle()
		b.view(func(ctx context.Context, tx *ledger.Tx) error {
			got, err := tx.Leak(ctx, leak.ID)
			if got.Verdict != step.verdict || got.State != step.state {
				t.Errorf("%s: the leak is %s, the key %q", step.name, got.State, got.Verdict)
			}
			return err
		})
		if n := len(b.clerk.Requests()); n != step.asked {
			t.Errorf("%s: Clerk was asked %d times in all, want %d", step.name, n, step.asked)
		}
	}
}

// idle waits until no job waits or runs.
func (b *bench) idle() {
	b.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for busy := true; busy; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatal("the jobs do not end")
		}
		b.view(func(ctx context.Context, tx *ledger.Tx) error {
			stats, err := tx.Stats(ctx)
			n := 0
			for _, queue := range []string{job.QueueScan, job.QueueRespond, job.QueueBackfill} {
				n += stats.Waiting[queue] + stats.Running[queue]
			}
			busy = n > 0
			return err
		})
	}
}
