// Package serve is the running server: app/intake takes webhook deliveries in, app/deliver and its neighbours do what they ask for, and the
// ledger remembers both. Start with [New].
package serve

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/dashboard"
	"github.com/rekey-app/rekey/app/deliver"
	"github.com/rekey-app/rekey/app/intake"
	"github.com/rekey-app/rekey/app/observe"
	"github.com/rekey-app/rekey/app/status"
	"github.com/rekey-app/rekey/app/texts"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/queue"
)

// A stop takes no longer than [StopWithin], which is less than what deploy/rekey.service and deploy/compose.yaml allow.
const (
	requestsWithin = 10 * time.Second // for requests, and for what they brought to be stored
	jobsWithin     = 20 * time.Second // for running jobs
	// StopWithin is how long [Server.Close] takes at most: requests and jobs in good order, then what the store needs to cancel
	// jobs and to sign off.
	StopWithin = requestsWithin + jobsWithin + queue.StopWithin
)

// Options are what a server needs beside its settings.
type Options struct {
	Log *slog.Logger
	// Memory is how the process divides its memory. The zero value is for one without a limit.
	Memory MemoryPlan
	// Version is rekey's own, for its User-Agent and its log.
	Version string
	// Tracing traces deliveries and jobs; nil: they are not. The caller closes it.
	Tracing *observe.Tracing
	// Tune, if set, changes what no setting does: how fast GitHub may be asked, and how much is done at once. A GitHub on
	// loopback can do with less patience than the real one.
	Tune func(*github.Config, *queue.Config)
	// Settle is how long GitHub may take to do what a failed request asked for; zero is [publish.DefaultSettle]. A GitHub on
	// loopback can do with less.
	Settle time.Duration
	// Front, if set, listens on REKEY_LISTEN already, as set-up had it do: the server answers there from then on, and closes it. Where New
	// fails, it stays the caller's.
	Front *Front
	// SetUp, if set, answers below /setup.
	SetUp http.Handler
	// RecoverEvery is how often GitHub's log of deliveries is read; zero is each five minutes.
	RecoverEvery time.Duration
}

// Server is the running product: what `rekey serve` starts, and what the demo plays against.
type Server struct {
	log      *slog.Logger
	options  Options
	role     config.Role
	started  time.Time
	metrics  *prometheus.Registry
	scanner  *detect.Scanner
	store    *ledger.Store
	intake   *intake.Intake // nil: it takes no deliveries
	worker   queue.Worker   // nil: it does no jobs
	app      *github.App    // likewise
	github   *connection    // likewise
	http     []*http.Server
	reporter *status.Reporter
	// dashboard is nil where the process takes no deliveries.
	dashboard *dashboard.Dashboard
	addr      net.Addr
	failed    chan error
	closing   chan struct{} // closed by Close
	once      sync.Once     // closes it

	tending     sync.WaitGroup
	stopTending context.CancelFunc
}

// New starts a server, or the part of one that its role is. It returns once deliveries are taken; the caller must Close it. The
// server outlives ctx.
func New(ctx context.Context, cfg config.Config, o Options) (_ *Server, err error) {
	if o.Memory == (MemoryPlan{}) {
		o.Memory = PlanMemory(math.MaxInt64)
	}
	s := &Server{
		log: slog.New(observe.Logs(o.Log.Handler())), options: o, role: cmp.Or(cfg.Role, config.All), started: time.Now(), failed: make(chan error, 1), closing: make(chan struct{}),
		metrics: prometheus.NewRegistry(), scanner: detect.New(detect.Options{Memory: budget.NewMemory(o.Memory.Decoders)}),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := cfg.MakeData(); err != nil {
		return nil, err
	}
	s.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo(o.Version))
	if s.store, err = openStore(ctx, cfg, s.log, o.Version, databaseMetrics(s.metrics)); err != nil {
		return nil, err
	}
	if s.role.Works() {
		if err := s.startWork(ctx, cfg); err != nil {
			return nil, err
		}
	}
	if s.role.Takes() {
		if err := s.startIntake(ctx, cfg); err != nil {
			return nil, err
		}
	}
	return s, s.listenAll(ctx, cfg)
}

// startIntake gets ready to take deliveries.
func (s *Server) startIntake(ctx context.Context, cfg config.Config) error {
	var stats ledger.Stats
	err := s.store.View(ctx, func(ctx context.Context, tx *ledger.Tx) (err error) {
		stats, err = tx.Stats(ctx)
		return err
	})
	if err != nil {
		return err
	}
	s.intake, err = intake.New(intake.Config{
		LastDelivery: stats.LastDelivery, Store: s.store, Secrets: cfg.WebhookSecrets, Now: time.Now, Log: s.log, Metrics: s.metrics,
		Reading: reading(s.scanner), Tracing: s.options.Tracing,
	})
	return err
}

// reading is what is done with the body of a delivery before it is stored.
func reading(scanner *detect.Scanner) intake.Reading {
	return intake.Reading{Redact: scanner.Redact, Find: texts.Finder{Scanner: scanner}.Find, Idle: deliver.Idle}
}

// fail ends [Server.Run] with the first error.
func (s *Server) fail(err error) {
	select {
	case s.failed <- err:
	default:
	}
}

// Addr is the address that the server listens on.
func (s *Server) Addr() net.Addr { return s.addr }

// Store is the server's ledger. It closes with the server.
func (s *Server) Store() *ledger.Store { return s.store }

// Run waits until ctx ends or the server fails, then closes it.
func (s *Server) Run(ctx context.Context) error {
	var err error
	select {
	case <-ctx.Done():
	case err = <-s.failed:
	}
	ctx = context.WithoutCancel(ctx)
	s.log.InfoContext(ctx, "stopping: running jobs may end; a second signal ends the process at once", "seconds", jobsWithin.Seconds())
	err = errors.Join(err, s.Close())
	s.log.InfoContext(ctx, "stopped")
	return err
}

// Close stops in the order that loses nothing: no new deliveries, those in flight stored, running jobs ended.
func (s *Server) Close() error {
	s.once.Do(func() { close(s.closing) })
	requests, cancel := context.WithTimeout(context.Background(), requestsWithin)
	defer cancel()
	var errs []error
	if s.dashboard != nil {
		s.dashboard.Close()
	}
	for _, server := range s.http {
		if err := server.Shutdown(requests); err != nil {
			errs = append(errs, err, server.Close())
		}
	}
	if s.intake != nil {
		errs = append(errs, s.intake.Close(requests))
	}
	jobs, cancelJobs := context.WithTimeout(context.Background(), jobsWithin)
	defer cancelJobs()
	if s.stopTending != nil {
		s.stopTending()
	}
	s.tending.Wait()
	if s.worker != nil {
		errs = append(errs, s.worker.Stop(jobs))
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}
