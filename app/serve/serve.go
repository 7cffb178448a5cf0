// Package serve is the running server: app/intake takes webhook deliveries in, app/deliver and its neighbours do what they ask for, and the
// ledger remembers both. Start with [New].
package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/intake"
	"github.com/rekey-app/rekey/app/observe"
	"github.com/rekey-app/rekey/app/publish"
	"github.com/rekey-app/rekey/app/status"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/clerk"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/notify"
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
	// Tune, if set, changes what no setting does: how fast GitHub may be asked, and how much is done at once. A GitHub on
	// loopback can do with less patience than the real one.
	Tune func(*github.Config, *queue.Config)
	// Settle is how long GitHub may take to do what a failed request asked for; zero is [publish.DefaultSettle]. A GitHub on
	// loopback can do with less.
	Settle time.Duration
}

// Server is the running product: what `rekey serve` starts, and what the demo plays against.
type Server struct {
	log     *slog.Logger
	version string
	store   *ledger.Store
	intake  *intake.Intake
	worker  queue.Worker
	http    []*http.Server
	addr    net.Addr
	failed  chan error

	tending     sync.WaitGroup
	stopTending context.CancelFunc
}

// New starts a server. It returns once deliveries are taken; the caller must Close it. The server outlives ctx.
func New(ctx context.Context, cfg config.Config, o Options) (_ *Server, err error) {
	log := slog.New(observe.Logs(o.Log.Handler()))
	s := &Server{log: log, version: o.Version, failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := cfg.MakeData(); err != nil {
		return nil, err
	}
	userAgent := "rekey/" + o.Version
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo(o.Version))
	if s.store, err = openStore(ctx, cfg, log, databaseMetrics(registry)); err != nil {
		return nil, err
	}
	toGitHub := github.Config{
		AppID: cfg.AppID, PrivateKey: cfg.PrivateKey, WebURL: cfg.GitHubURL, APIURL: cfg.GitHubAPIURL,
		UserAgent: userAgent, Now: time.Now, Log: log, OnRequest: requestMetrics(registry),
		Shared: s.store.Pace(),
	}
	work := queue.Config{StopTimeout: jobsWithin}
	if o.Tune != nil {
		o.Tune(&toGitHub, &work)
	}
	app, err := github.New(toGitHub)
	if err != nil {
		return nil, err
	}
	registry.MustRegister(newQuotaGauges(app.Quotas))
	counter := status.NewCounter(ledger.Scope[status.Tx](s.store), time.Now)
	registry.MustRegister(status.NewGauges(counter, log))
	asker, err := clerk.New(clerk.Options{URL: cfg.ClerkAPIURL, UserAgent: userAgent, Now: time.Now})
	if err != nil {
		return nil, fmt.Errorf("REKEY_CLERK_API_URL: %w", err)
	}
	if o.Memory == (MemoryPlan{}) {
		o.Memory = PlanMemory(math.MaxInt64)
	}
	scanner := detect.New(detect.Options{Memory: budget.NewMemory(o.Memory.Decoders)})
	workers, background := parts{
		store: s.store, app: app, scanner: scanner, clerk: asker, sender: notify.NewSender(nil, userAgent, time.Now),
		memory: budget.NewMemory(o.Memory.Packs), settle: cmp.Or(o.Settle, publish.DefaultSettle), metrics: registry, log: log,
	}.wire(cfg)
	work.Open = openFrom(app)
	if s.worker, err = queue.New(s.store, workers, work); err != nil {
		return nil, err
	}
	if err := app.LoadLimits(ctx); err != nil {
		return nil, err
	}
	// Jobs outlive ctx: Close lets them end.
	if err := s.worker.Start(context.WithoutCancel(ctx)); errors.Is(err, ledger.ErrFull) {
		return nil, fullDisk(cfg)
	} else if err != nil {
		return nil, err
	}
	github := newConnection(app, cfg.GitHubURL, log)
	if err := github.start(ctx); err != nil {
		return nil, err
	}
	tending, stopTending := context.WithCancel(context.WithoutCancel(ctx))
	s.stopTending = stopTending
	s.tending.Go(func() { app.SyncLimits(tending) })
	s.tending.Go(func() {
		if err := github.wait(tending); err != nil {
			s.fail(err)
			return
		}
		background.Maintain(tending)
	})
	var stats ledger.Stats
	err = s.store.View(ctx, func(ctx context.Context, tx *ledger.Tx) (err error) {
		stats, err = tx.Stats(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.intake, err = intake.New(intake.Config{
		LastDelivery: stats.LastDelivery, Store: s.store, Secrets: cfg.WebhookSecrets, Now: time.Now, Log: log, Metrics: registry, Redact: scanner.Redact,
		Ready: github.problem,
	})
	if err != nil {
		return nil, err
	}
	return s, s.listenAll(ctx, cfg)
}

// listenAll listens for deliveries, and for operators where they have an address of their own.
func (s *Server) listenAll(ctx context.Context, cfg config.Config) error {
	routes := mux.NewRouter()
	s.intake.Routes(routes)
	if cfg.AdminListen == "" {
		s.intake.LocalMetrics(routes)
	} else {
		admin := mux.NewRouter()
		s.intake.AdminRoutes(admin)
		address, err := s.listen(ctx, "REKEY_ADMIN_LISTEN", cfg.AdminListen, admin)
		if err != nil {
			return err
		}
		s.log.InfoContext(ctx, "metrics are served", "address", address.String())
	}
	address, err := s.listen(ctx, "REKEY_LISTEN", cfg.Listen, routes)
	if err != nil {
		return err
	}
	s.addr = address
	s.log.InfoContext(ctx, "rekey accepts deliveries", "address", s.addr.String(), "version", s.version)
	return nil
}

func (s *Server) listen(ctx context.Context, setting, address string, routes http.Handler) (net.Addr, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	server := intake.Server(routes, s.log)
	s.http = append(s.http, server)
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.fail(err)
		}
	}()
	return listener.Addr(), nil
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
	requests, cancel := context.WithTimeout(context.Background(), requestsWithin)
	defer cancel()
	var errs []error
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
		s.tending.Wait()
	}
	if s.worker != nil {
		errs = append(errs, s.worker.Stop(jobs))
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}
