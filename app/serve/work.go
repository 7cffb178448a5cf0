package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/app/backfill"
	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/publish"
	"github.com/rekey-app/rekey/app/recovery"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/clerk"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/notify"
	"github.com/rekey-app/rekey/respond/queue"
)

// startWork begins to do jobs, and what no event asks for.
func (s *Server) startWork(ctx context.Context, cfg config.Config) error {
	userAgent := "rekey/" + s.options.Version
	toGitHub := github.Config{
		AppID: cfg.AppID, PrivateKey: cfg.PrivateKey, WebURL: cfg.GitHubURL, APIURL: cfg.GitHubAPIURL,
		UserAgent: userAgent, Now: time.Now, Log: s.log, OnRequest: requestMetrics(s.metrics),
		Shared: s.store.Pace(),
	}
	work := queue.Config{StopTimeout: jobsWithin, Retention: cfg.Retention}
	if s.options.Tune != nil {
		s.options.Tune(&toGitHub, &work)
	}
	var err error
	if s.app, err = github.New(toGitHub); err != nil {
		return err
	}
	s.metrics.MustRegister(newQuotaGauges(s.app.Quotas))
	asker, err := clerk.New(clerk.Options{URL: cfg.ClerkAPIURL, UserAgent: userAgent, Now: time.Now})
	if err != nil {
		return fmt.Errorf("REKEY_CLERK_API_URL: %w", err)
	}
	workers, background := parts{
		store: s.store, app: s.app, scanner: s.scanner, clerk: asker, sender: notify.NewSender(nil, userAgent, time.Now),
		memory: budget.NewMemory(s.options.Memory.Packs), settle: cmp.Or(s.options.Settle, publish.DefaultSettle), metrics: s.metrics, tracing: s.options.Tracing, version: s.options.Version, log: s.log,
	}.wire(cfg)
	work.Open = openFrom(s.app)
	if s.worker, err = queue.New(s.store, workers, work); err != nil {
		return err
	}
	if err := s.app.LoadLimits(ctx); err != nil {
		return err
	}
	// Jobs outlive ctx: Close lets them end.
	if err := s.worker.Start(context.WithoutCancel(ctx)); errors.Is(err, ledger.ErrFull) {
		return fullDisk(cfg)
	} else if err != nil {
		return err
	}
	s.github = newConnection(s.app, cfg.GitHubURL, s.log)
	if err := s.github.start(ctx); err != nil {
		return err
	}
	missed := recoverer(s.store, s.app, s.scanner, s.metrics, s.log)
	missed.Every = s.options.RecoverEvery
	s.tend(ctx, background, missed)
	return nil
}

// tend does what no event asks for, until the server closes.
func (s *Server) tend(ctx context.Context, background *backfill.Worker, missed *recovery.Recoverer) {
	ctx, s.stopTending = context.WithCancel(context.WithoutCancel(ctx))
	s.tending.Go(func() { s.app.SyncLimits(ctx) })
	s.tending.Go(func() {
		if err := s.github.wait(ctx); err != nil {
			s.fail(err)
			return
		}
		s.tending.Go(func() { s.github.watch(ctx, registrationEvery) })
		// What was missed comes before what finds out by comparing that something was.
		started := make(chan struct{})
		s.tending.Go(func() { missed.Run(ctx, func() { close(started) }) })
		select {
		case <-started:
		case <-time.After(recoveryFirst):
		case <-ctx.Done():
		}
		background.Maintain(ctx)
	})
}
