package serve

import (
	"crypto/rand"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/alerts"
	"github.com/rekey-app/rekey/app/audit"
	"github.com/rekey-app/rekey/app/backfill"
	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/deliver"
	"github.com/rekey-app/rekey/app/observe"
	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/policies"
	"github.com/rekey-app/rekey/app/publish"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/app/texts"
	"github.com/rekey-app/rekey/app/verify"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/clerk"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/notify"
	"github.com/rekey-app/rekey/respond/turn"
)

// parts is what the workers are made of.
type parts struct {
	store   *ledger.Store
	app     *github.App
	scanner *detect.Scanner
	clerk   *clerk.Client
	sender  *notify.Sender
	memory  *budget.Memory // what all scans may hold of packs
	settle  time.Duration  // see [publish.DefaultSettle]
	metrics prometheus.Registerer
	tracing *observe.Tracing // nil: none
	version string           // rekey's own
	log     *slog.Logger
}

// wire puts the workers together, and returns them with the one that looks for work that no event brings.
func (p parts) wire(cfg config.Config) (*river.Workers, *backfill.Worker) {
	now := time.Now
	recorder := &record.Recorder{Store: ledger.Scope[record.Tx](p.store), WebURL: cfg.GitHubURL, Targets: cfg.Targets, Log: p.log}
	rules := &policies.Policies{
		Store: ledger.Scope[policies.Tx](p.store), GitHub: p.app, Scanner: p.scanner, Server: cfg.Policy, Targets: cfg.Targets, Now: now, Log: p.log,
	}
	reader := &read.Reader{
		Store: ledger.Scope[read.Tx](p.store), GitHub: p.app, Scanner: p.scanner, Memory: p.memory, Policies: rules, Recorder: recorder,
		Now: now, Log: p.log, Metrics: read.NewMetrics(p.metrics),
	}
	effects := &publish.Worker{
		Store: ledger.Scope[publish.Tx](p.store), GitHub: p.app, AppID: cfg.AppID, Scanner: p.scanner, Policies: rules, Recorder: recorder,
		Reader: reader, Targets: cfg.Targets, Sender: p.sender, Settle: p.settle, Now: now, Log: p.log,
		Metrics: publish.NewMetrics(p.metrics),
	}
	files := texts.Files{Scanner: p.scanner, Pack: reader.PackOptions()}
	questions := &verify.Worker{
		Store: ledger.Scope[verify.Tx](p.store), GitHub: p.app, Scanner: p.scanner, Clerk: p.clerk, Policies: rules, Recorder: recorder,
		Reader: reader, Files: files, Now: now, Log: p.log, Answers: verify.NewAnswers(p.metrics),
	}
	deliveries := &deliver.Worker{
		Store: ledger.Scope[deliver.Tx](p.store), GitHub: p.app, AppID: cfg.AppID, Scanner: p.scanner, Policies: rules, Recorder: recorder,
		Reader: reader, Publish: effects, Now: now, Log: p.log,
		Alerts: &alerts.Worker{
			Store: ledger.Scope[alerts.Tx](p.store), GitHub: p.app, Scanner: p.scanner, Policies: rules, Recorder: recorder, Reader: reader, Now: now,
		},
	}
	watcher := &texts.Watcher{
		Store: ledger.Scope[texts.Tx](p.store), GitHub: p.app, Scanner: p.scanner, Files: files, Policies: rules, Recorder: recorder, Now: now,
		Log: p.log,
	}
	collector := &texts.Collector{
		Store: ledger.Scope[texts.Tx](p.store), GitHub: p.app, Files: files, Policies: rules, Recorder: recorder, Reader: reader, Now: now, Log: p.log,
	}
	past := &texts.History{
		Store: ledger.Scope[texts.HistoryTx](p.store), GitHub: p.app, Scanner: p.scanner, Reader: reader, Recorder: recorder, Hourly: texts.Hourly(),
		Now: now, Log: p.log,
	}
	audits := &audit.Worker{
		Store: ledger.Scope[audit.Tx](p.store), GitHub: p.app, Scanner: p.scanner, Policies: rules, Recorder: recorder, Reader: reader, Publish: effects,
		Version: p.version, Now: now, Log: p.log, Metrics: audit.NewMetrics(p.metrics),
	}
	background := &backfill.Worker{
		Store: ledger.Scope[backfill.Tx](p.store), Progress: p.store, GitHub: p.app, Scanner: p.scanner, PullRefs: cfg.PullRefs,
		Policies: rules, Recorder: recorder, Reader: reader, Publish: effects, Now: now, Log: p.log,
	}
	if p.store.DB().Postgres != nil {
		background.Leases, background.Owner = p.store, rand.Text()
	}

	workers, runner := river.NewWorkers(), outcome.NewRunner(ledger.Scope[outcome.Tx](p.store), now, p.log, p.metrics)
	runner.Tracing = p.tracing
	river.AddWorker(workers, outcome.Handle(runner, deliveries.Deliver))
	river.AddWorker(workers, outcome.Handle(runner, deliveries.Order))
	river.AddWorker(workers, outcome.Handle(runner, effects.Check))
	river.AddWorker(workers, outcome.Handle(runner, effects.Issue))
	river.AddWorker(workers, outcome.Handle(runner, effects.Summary))
	river.AddWorker(workers, outcome.Handle(runner, effects.AuditIssue))
	river.AddWorker(workers, outcome.Handle(runner, effects.Effects))
	river.AddWorker(workers, outcome.Handle(runner, effects.Alert))
	river.AddWorker(workers, outcome.Handle(runner, effects.CodeScanning))
	river.AddWorker(workers, outcome.Handle(runner, watcher.Texts))
	river.AddWorker(workers, outcome.Handle(runner, effects.Mask))
	river.AddWorker(workers, outcome.Handle(runner, effects.DeleteTexts))
	river.AddWorker(workers, outcome.Handle(runner, watcher.DeleteLogs))
	river.AddWorker(workers, outcome.Handle(runner, collector.Wiki))
	river.AddWorker(workers, outcome.Handle(runner, collector.Assets))
	river.AddWorker(workers, outcome.Handle(runner, collector.Logs))
	river.AddWorker(workers, outcome.Handle(runner, audits.Audit))
	river.AddWorker(workers, outcome.Handle(runner, effects.Notify))
	river.AddWorker(workers, outcome.Handle(runner, effects.Digest))
	river.AddWorker(workers, outcome.Handle(runner, questions.Verify))
	river.AddWorker(workers, outcome.Handle(runner, background.Backfill))
	river.AddWorker(workers, outcome.Handle(runner, past.Read))
	river.AddWorker(workers, outcome.Handle(runner, background.Reconcile))
	river.AddWorker(workers, outcome.Handle(runner, background.Sweep))
	river.AddWorker(workers, outcome.Handle(runner, background.CompareIssues))
	river.AddWorker(workers, outcome.Handle(runner, background.Policy))
	return workers, background
}

// openFrom says from when on GitHub may be asked for a class of work of an installation; see [queue.Config].
func openFrom(app *github.App) func(int64, turn.Class) time.Time {
	kinds := map[turn.Class]github.Kind{
		turn.Push: github.Fetches, turn.Member: github.Fetches, turn.Stranger: github.Fetches,
		turn.Check: github.CheckRuns, turn.Question: github.Questions,
		turn.Reply: github.IssueEdits, turn.Issue: github.NewIssues, turn.Background: github.Background,
	}
	return func(installation int64, class turn.Class) time.Time { return app.Open(installation, kinds[class]) }
}
