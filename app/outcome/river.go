package outcome

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/app/observe"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Tx is what the package needs of the ledger.
type Tx interface {
	ParkJob(ctx context.Context, id, installation int64) error
}

var _ Tx = (*ledger.Tx)(nil)

// Runner runs jobs. It is safe for concurrent use.
type Runner struct {
	Store ledger.Scoped[Tx]
	Now   func() time.Time
	Log   *slog.Logger
	// Tracing traces jobs; nil: they are not.
	Tracing *observe.Tracing
	jobs    *prometheus.CounterVec
}

// NewRunner returns a runner that counts jobs in metrics; nil for nowhere.
func NewRunner(store ledger.Scoped[Tx], now func() time.Time, log *slog.Logger, metrics prometheus.Registerer) *Runner {
	r := &Runner{Store: store, Now: now, Log: log, jobs: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "rekey_jobs_total", Help: "Jobs by kind and by how they ended: done, retry, snooze, given_up.",
	}, []string{"kind", "outcome"})}
	if metrics != nil {
		metrics.MustRegister(r.jobs)
	}
	return r
}

// handler makes a River worker of a function.
type handler[T river.JobArgs] struct {
	river.WorkerDefaults[T]
	runner *Runner
	do     func(context.Context, *river.Job[T]) error
}

// Handle makes a River worker of a function: it bounds its time, contains its panics, and turns its error into what River is told.
func Handle[T river.JobArgs](r *Runner, do func(context.Context, *river.Job[T]) error) river.Worker[T] {
	return &handler[T]{runner: r, do: do}
}

// Work implements [river.Worker].
func (h *handler[T]) Work(ctx context.Context, j *river.Job[T]) error {
	ctx, cancel := context.WithTimeout(ctx, timeoutOf(j.Queue))
	defer cancel()
	ctx = observe.With(ctx, attrsOf(ctx, j.JobRow)...)
	ctx, span := h.runner.trace(ctx, j.JobRow)
	err := Contain(func() error { return h.do(ctx, j) })
	span.End(err)
	return h.runner.toRiver(ctx, j.JobRow, err)
}

// trace goes on with the trace of what the job follows from. What the job queues goes on with its own part of it.
func (r *Runner) trace(ctx context.Context, row *rivertype.JobRow) (context.Context, observe.Span) {
	about := job.AboutOf(ctx)
	ctx, span := r.Tracing.Continue(ctx, about.Trace, "job "+row.Kind,
		observe.Text("rekey.delivery", about.Delivery), observe.Int("rekey.job", row.ID), observe.Int("rekey.attempt", row.Attempt),
		observe.Int("rekey.installation", about.Installation), observe.Int("rekey.repository", about.Repository))
	if traceparent := span.Traceparent(); traceparent != "" {
		about.Trace = traceparent
		ctx = job.WithAbout(ctx, about)
	}
	if id := span.ID(); id != "" {
		ctx = observe.With(ctx, slog.String("trace", id))
	}
	return ctx, span
}

// Timeout implements [river.Worker]. River takes a job for stuck whose time has passed since it was fetched: before it starts
// it may have waited for its turn.
func (h *handler[T]) Timeout(j *river.Job[T]) time.Duration { return timeoutOf(j.Queue) + time.Minute }

// toRiver turns a job's error into what River is told, and counts and logs it.
func (r *Runner) toRiver(ctx context.Context, row *rivertype.JobRow, err error) error {
	switch {
	case err == nil:
		r.jobs.WithLabelValues(row.Kind, "done").Inc()
		return nil
	case errors.Is(err, ErrGivenUp):
		r.jobs.WithLabelValues(row.Kind, string(github.GiveUp)).Inc()
		return nil
	}
	now := r.Now()
	out := Of(err, now, AttemptOf(row, now))
	r.jobs.WithLabelValues(row.Kind, string(out.Do)).Inc()
	log := r.Log.With("attempt", row.Attempt, "reason", out.Reason)
	switch out.Do {
	case github.Snooze:
		log.DebugContext(ctx, "job waits", "seconds", out.After.Seconds())
		r.park(ctx, row, err)
		return river.JobSnooze(out.After)
	case github.GiveUp:
		log.ErrorContext(ctx, "job given up", "error", err, Stack(err))
		return river.JobCancel(errors.New(out.Reason))
	}
	log.WarnContext(ctx, "job failed, will be tried again", "error", err)
	return errors.New(out.Reason)
}

// park notes a job that waits for the end of its installation's suspension, so that it goes on then.
func (r *Runner) park(ctx context.Context, row *rivertype.JobRow, err error) {
	failed, ok := errors.AsType[*github.Error](err)
	if !ok || failed.Installation == 0 || !errors.Is(err, github.ErrSuspended) {
		return
	}
	err = r.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		return tx.ParkJob(ctx, row.ID, failed.Installation)
	})
	if err != nil {
		r.Log.WarnContext(ctx, "the end of the suspension will be seen hours late", "error", err)
	}
}

// attrsOf is what all log lines of a job say of it.
func attrsOf(ctx context.Context, row *rivertype.JobRow) []slog.Attr {
	about := job.AboutOf(ctx)
	attrs := []slog.Attr{slog.String("job", row.Kind), slog.Int64("job_id", row.ID)}
	if about.Delivery != "" {
		attrs = append(attrs, slog.String("delivery", about.Delivery))
	}
	if about.Installation != 0 {
		attrs = append(attrs, slog.Int64("installation", about.Installation))
	}
	if about.Repository != 0 {
		attrs = append(attrs, slog.Int64("repository_id", about.Repository))
	}
	return attrs
}

func timeoutOf(queue string) time.Duration {
	switch queue {
	case job.QueueRespond:
		return job.RespondTimeout
	case job.QueueBackfill:
		return job.BackfillTimeout
	}
	return job.ScanTimeout
}
