// Package work is what the queue's workers do: a delivery's scan, a commit's check run, a leak's issue, a repository's
// first look. What to do is decided elsewhere, in pure functions ([planOf] here, package respond for the answers); this
// package performs it, so that doing it twice, or being killed half-way, comes to the same as doing it once.
//
// Start with [New] and [Worker.Register].
package work

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/policies"
	"github.com/rekey-app/rekey/app/publish"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/app/verify"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/clerk"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/notify"
	"github.com/rekey-app/rekey/respond/policy"
	"github.com/rekey-app/rekey/respond/turn"
)

// Config is what the workers work with. All fields but TempDir are needed.
type Config struct {
	Store    *ledger.Store
	GitHub   *github.App
	Scanner  *detect.Scanner
	AppID    int64
	WebURL   string         // GitHub's, for permalinks
	PullRefs bool           // first looks read refs/pull/ too: the heads of all pull requests, from forks as well
	TempDir  string         // for packs over 8 MiB; default os.TempDir
	Memory   *budget.Memory // what all scans may hold of packs; nil for no bound
	Clerk    *clerk.Client
	// Settle is how long GitHub may take to do what a failed request asked for; see [publish.DefaultSettle].
	Settle  time.Duration
	Now     func() time.Time
	Log     *slog.Logger
	Metrics prometheus.Registerer

	ServerPolicy policy.File     // what applies where no repository's file says otherwise
	Targets      []notify.Target // whom policies may name in notify
	Sender       *notify.Sender
}

// Worker does jobs. It is safe for concurrent use.
type Worker struct {
	Config
	runner   *outcome.Runner
	recorder *record.Recorder
	policies *policies.Policies
	reader   *read.Reader
	publish  *publish.Worker
	verify   *verify.Worker
	patience patience
}

// New returns a worker.
func New(cfg Config) *Worker {
	if cfg.Metrics != nil {
		cfg.Metrics.MustRegister(newLedgerGauges(cfg))
	}
	w := &Worker{
		Config:   cfg,
		runner:   outcome.NewRunner(cfg.Store, cfg.Now, cfg.Log, cfg.Metrics),
		recorder: &record.Recorder{Store: ledger.Scope[record.Tx](cfg.Store), WebURL: cfg.WebURL, Targets: cfg.Targets, Log: cfg.Log},
		policies: &policies.Policies{
			Store: ledger.Scope[policies.Tx](cfg.Store), GitHub: cfg.GitHub, Scanner: cfg.Scanner, Server: cfg.ServerPolicy, Targets: cfg.Targets,
			Now: cfg.Now, Log: cfg.Log,
		},
	}
	w.reader = &read.Reader{
		Store: ledger.Scope[read.Tx](cfg.Store), GitHub: cfg.GitHub, Scanner: cfg.Scanner, TempDir: cfg.TempDir, Memory: cfg.Memory,
		Policies: w.policies, Recorder: w.recorder, Now: cfg.Now, Log: cfg.Log, Metrics: read.NewMetrics(cfg.Metrics),
	}
	w.publish = &publish.Worker{
		Store: ledger.Scope[publish.Tx](cfg.Store), GitHub: cfg.GitHub, AppID: cfg.AppID, Scanner: cfg.Scanner,
		Policies: w.policies, Recorder: w.recorder, Reader: w.reader, Targets: cfg.Targets, Sender: cfg.Sender, Settle: cfg.Settle,
		Now: cfg.Now, Log: cfg.Log,
	}
	w.verify = &verify.Worker{
		Store: ledger.Scope[verify.Tx](cfg.Store), GitHub: cfg.GitHub, Scanner: cfg.Scanner, Clerk: cfg.Clerk,
		Policies: w.policies, Recorder: w.recorder, Reader: w.reader, Now: cfg.Now, Log: cfg.Log, Answers: verify.NewAnswers(cfg.Metrics),
	}
	return w
}

// Register adds a worker for each kind of job.
func (w *Worker) Register(workers *river.Workers) {
	river.AddWorker(workers, outcome.Handle(w.runner, w.delivery))
	river.AddWorker(workers, outcome.Handle(w.runner, w.publish.Issue))
	river.AddWorker(workers, outcome.Handle(w.runner, w.publish.Check))
	river.AddWorker(workers, outcome.Handle(w.runner, w.firstLook))
	river.AddWorker(workers, outcome.Handle(w.runner, w.reconcile))
	river.AddWorker(workers, outcome.Handle(w.runner, w.sweep))
	river.AddWorker(workers, outcome.Handle(w.runner, w.publish.Effects))
	river.AddWorker(workers, outcome.Handle(w.runner, w.verify.Verify))
	river.AddWorker(workers, outcome.Handle(w.runner, w.publish.Notify))
	river.AddWorker(workers, outcome.Handle(w.runner, w.publish.Digest))
	river.AddWorker(workers, outcome.Handle(w.runner, w.compareIssues))
	river.AddWorker(workers, outcome.Handle(w.runner, w.publish.Summary))
}

// Open says from when on GitHub may be asked for a class of work of an installation; see [ledger.QueueConfig].
func Open(app *github.App) func(int64, turn.Class) time.Time {
	kinds := map[turn.Class]github.Kind{
		turn.Push: github.Fetches, turn.Member: github.Fetches, turn.Stranger: github.Fetches,
		turn.Check: github.CheckRuns, turn.Question: github.Questions,
		turn.Reply: github.IssueEdits, turn.Issue: github.NewIssues, turn.Background: github.Background,
	}
	return func(installation int64, class turn.Class) time.Time { return app.Open(installation, kinds[class]) }
}
