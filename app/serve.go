package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/intake"
	"github.com/rekey-app/rekey/app/work"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/clerk"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/notify"
)

type serveCommand struct {
	config.Flags `embed:""`
}

// Help is shown by rekey serve --help.
func (serveCommand) Help() string {
	return `Takes webhook deliveries at /webhook and answers them with check runs and issues. Each setting is a flag or an environment
variable; secrets can be read from files. Register the App with deploy/app-manifest.json first.

Examples:

  rekey serve --app-id 123456 --private-key-file rekey.pem --webhook-secret-file webhook-secret

  REKEY_APP_ID=123456 REKEY_PRIVATE_KEY_FILE=/etc/rekey/key.pem REKEY_WEBHOOK_SECRET_FILE=/etc/rekey/secret \
  REKEY_DATABASE_URL=postgres://rekey@db/rekey rekey serve --listen :8080

Also served: /healthz (the process runs), /readyz (its database answers), /metrics (for Prometheus). Put something in front
that ends TLS. A stop (SIGTERM) lets running work end; what does not end in time goes on at the next start.`
}

// Run serves until ctx ends.
func (c serveCommand) Run(ctx context.Context, s streams) error {
	cfg, err := c.Resolve()
	if err != nil {
		return err
	}
	srv, err := serve(ctx, cfg, newLogger(s.err, cfg.LogLevel))
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case err = <-srv.failed:
	}
	return errors.Join(err, srv.Close())
}

// stopTimeout is how long a stop waits for requests, and then again for running jobs.
const stopTimeout = 20 * time.Second

// server is the running product: what serve starts, and what the demo plays against.
type server struct {
	log    *slog.Logger
	store  *ledger.Store
	intake *intake.Intake
	worker ledger.Worker
	http   *http.Server
	addr   net.Addr
	failed chan error

	tending     sync.WaitGroup
	stopTending context.CancelFunc
}

// serve starts the server. It returns once deliveries are taken; Close ends it.
func serve(ctx context.Context, cfg config.Config, log *slog.Logger) (_ *server, err error) {
	s := &server{log: log, failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := cfg.MakeData(); err != nil {
		return nil, err
	}
	userAgent := "rekey/" + versionName()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if s.store, err = ledger.OpenStore(ctx, ledger.Options{URL: cfg.DatabaseURL, Now: time.Now, Log: slog.New(atLeast{log.Handler(), slog.LevelWarn})}); err != nil {
		return nil, &config.Error{
			Setting: "REKEY_DATABASE_URL", Problem: "names a database that cannot be opened",
			Mend: strings.Join(strings.Fields(err.Error()), " "),
		}
	}
	app, err := github.New(github.Config{
		AppID: cfg.AppID, PrivateKey: cfg.PrivateKey, WebURL: cfg.GitHubURL, APIURL: cfg.GitHubAPIURL,
		UserAgent: userAgent, Now: time.Now, Log: log, OnRequest: requestMetrics(registry),
	})
	if err != nil {
		return nil, err
	}
	asker, err := clerk.New(clerk.Options{URL: cfg.ClerkAPIURL, UserAgent: userAgent, Now: time.Now})
	if err != nil {
		return nil, fmt.Errorf("REKEY_CLERK_API_URL: %w", err)
	}
	scanner := detect.New(detect.Options{})
	worker := work.New(work.Config{
		Store: s.store, GitHub: app, Scanner: scanner, AppID: cfg.AppID, WebURL: cfg.GitHubURL, PullRefs: cfg.PullRefs, Clerk: asker,
		ServerPolicy: cfg.Policy, Targets: cfg.Targets, Sender: notify.NewSender(nil, userAgent, time.Now),
		Now: time.Now, Log: log, Metrics: registry,
	})
	workers := river.NewWorkers()
	worker.Register(workers)
	if s.worker, err = s.store.Work(workers, ledger.QueueConfig{StopTimeout: stopTimeout}); err != nil {
		return nil, err
	}
	// Jobs outlive ctx: Close lets them end.
	if err := s.worker.Start(context.WithoutCancel(ctx)); err != nil {
		return nil, err
	}
	tending, stopTending := context.WithCancel(context.WithoutCancel(ctx))
	s.tending.Go(func() { worker.Tend(tending) })
	s.stopTending = stopTending
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
	})
	if err != nil {
		return nil, err
	}
	return s, s.listen(ctx, cfg.Listen)
}

func (s *server) listen(ctx context.Context, address string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("REKEY_LISTEN: %w", err)
	}
	s.addr = listener.Addr()
	routes := mux.NewRouter()
	s.intake.Routes(routes)
	s.http = intake.Server(routes, s.log)
	go func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	}()
	s.log.InfoContext(ctx, "rekey takes deliveries", "address", s.addr.String(), "version", versionName())
	return nil
}

// Close stops in the order that loses nothing: no new deliveries, those in flight stored, running jobs ended.
func (s *server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*stopTimeout)
	defer cancel()
	var errs []error
	if s.http != nil {
		errs = append(errs, s.http.Shutdown(ctx))
	}
	if s.intake != nil {
		errs = append(errs, s.intake.Close(ctx))
	}
	if s.stopTending != nil {
		s.stopTending()
		s.tending.Wait()
	}
	if s.worker != nil {
		errs = append(errs, s.worker.Stop(ctx))
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}

// requestMetrics counts and times what is asked of GitHub.
func requestMetrics(r prometheus.Registerer) func(github.Request) {
	requests := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "rekey_github_request_seconds", Help: "Requests to GitHub by kind (rest, git, token), route and HTTP status.",
		Buckets: prometheus.ExponentialBuckets(0.01, 3, 8),
	}, []string{"kind", "route", "status"})
	r.MustRegister(requests)
	return func(q github.Request) {
		requests.WithLabelValues(string(q.Kind), q.Route, strconv.Itoa(q.Status)).Observe(q.Duration.Seconds())
	}
}
