// Package work is what the queue's workers do: a delivery's scan, a commit's check run, a leak's issue, a repository's
// first look. What to do is decided elsewhere, in pure functions ([planOf] here, package respond for the answers); this
// package performs it, so that doing it twice, or being killed half-way, comes to the same as doing it once.
//
// Start with [New] and [Worker.Register].
package work

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/publish"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/clerk"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/notify"
	"github.com/rekey-app/rekey/respond/policy"
	"github.com/rekey-app/rekey/respond/turn"
)

// Config is what the workers work with. All fields but TempDir and DetailsURL are needed.
type Config struct {
	Store      *ledger.Store
	GitHub     *github.App
	Scanner    *detect.Scanner
	AppID      int64
	WebURL     string         // GitHub's, for permalinks
	DetailsURL string         // where "Details" of a check run leads; "" for GitHub's own page
	PullRefs   bool           // first looks read refs/pull/ too: the heads of all pull requests, from forks as well
	TempDir    string         // for packs over 8 MiB; default os.TempDir
	Memory     *budget.Memory // what all scans may hold of packs; nil for no bound
	Clerk      *clerk.Client
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
	metrics  metrics
	policies policies
	gate     gate
	patience patience
	roles    roles
}

// New returns a worker.
func New(cfg Config) *Worker {
	if cfg.Metrics != nil {
		cfg.Metrics.MustRegister(newLedgerGauges(cfg))
	}
	return &Worker{Config: cfg, metrics: newMetrics(cfg.Metrics)}
}

// publisher performs effects.
func (w *Worker) publisher() *publish.Runner {
	return &publish.Runner{Store: w.Store, Now: w.Now, Settle: w.Settle}
}

// Register adds a worker for each kind of job.
func (w *Worker) Register(workers *river.Workers) {
	river.AddWorker(workers, handle(w, w.delivery))
	river.AddWorker(workers, handle(w, w.issue))
	river.AddWorker(workers, handle(w, w.check))
	river.AddWorker(workers, handle(w, w.firstLook))
	river.AddWorker(workers, handle(w, w.reconcile))
	river.AddWorker(workers, handle(w, w.sweep))
	river.AddWorker(workers, handle(w, w.effects))
	river.AddWorker(workers, handle(w, w.ask))
	river.AddWorker(workers, handle(w, w.notify))
	river.AddWorker(workers, handle(w, w.digest))
	river.AddWorker(workers, handle(w, w.compareIssues))
	river.AddWorker(workers, handle(w, w.summary))
}

// handler makes a River worker of a method: it measures, and turns the error into River's answer.
type handler[T river.JobArgs] struct {
	river.WorkerDefaults[T]
	worker *Worker
	do     func(context.Context, *river.Job[T]) error
}

func handle[T river.JobArgs](w *Worker, do func(context.Context, *river.Job[T]) error) river.Worker[T] {
	return &handler[T]{worker: w, do: do}
}

// Work implements [river.Worker].
func (h *handler[T]) Work(ctx context.Context, j *river.Job[T]) error {
	ctx, cancel := context.WithTimeout(ctx, timeoutOf(j.Queue))
	defer cancel()
	return h.worker.answer(ctx, j.JobRow, contained(func() error { return h.do(ctx, j) }))
}

// contained returns a panic of do as an error.
func contained(do func() error) (err error) {
	defer pack.Contain(&err)
	return do()
}

// Timeout implements [river.Worker]. River takes a job for stuck whose time has passed since it was fetched: before it starts
// it may have waited for its turn.
func (h *handler[T]) Timeout(j *river.Job[T]) time.Duration { return timeoutOf(j.Queue) + time.Minute }

// Open says from when on GitHub may be asked for a class of work of an installation; see [ledger.QueueConfig].
func Open(app *github.App) func(int64, turn.Class) time.Time {
	kinds := map[turn.Class]github.Kind{
		turn.Push: github.Fetches, turn.Member: github.Fetches, turn.Stranger: github.Fetches,
		turn.Check: github.CheckRuns, turn.Question: github.Questions,
		turn.Reply: github.IssueEdits, turn.Issue: github.NewIssues, turn.Background: github.Background,
	}
	return func(installation int64, class turn.Class) time.Time { return app.Open(installation, kinds[class]) }
}
