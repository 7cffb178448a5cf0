package serve

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/relay"
	"github.com/rekey-app/rekey/app/status"
	"github.com/rekey-app/rekey/respond/ledger"
)

// front answers questions about this process.
func (s *Server) front() *status.Front {
	counter := status.NewCounter(ledger.Scope[status.Tx](s.store), time.Now)
	s.metrics.MustRegister(status.NewGauges(counter, s.log))
	reporter := &status.Reporter{
		Version: s.options.Version, Role: string(s.role), Started: s.started, Store: ledger.Scope[status.Tx](s.store), Metrics: s.metrics,
		Checks: status.Checks{Ping: s.store.Ping, Space: s.store.Space, Counter: counter, Now: time.Now},
	}
	s.reporter = reporter
	if s.github != nil {
		reporter.Checks.GitHub, reporter.Checks.Lacks, reporter.Quotas = s.github.problem, s.github.missing, s.app.Quotas
	}
	return &status.Front{Checks: reporter.Checks, Metrics: s.metrics, Report: reporter.Report, Log: s.log}
}

// listenAll listens for deliveries, and for operators where they have an address of their own.
func (s *Server) listenAll(ctx context.Context, cfg config.Config) error {
	routes, front := mux.NewRouter(), s.front()
	front.Public(routes, cfg.AdminListen == "")
	if s.intake != nil {
		s.intake.Routes(routes)
	}
	if s.options.SetUp != nil {
		routes.PathPrefix("/setup").Handler(s.options.SetUp)
	}
	if s.role.Takes() {
		pages, err := s.startDashboard(ctx, cfg, front.Checks)
		if err != nil {
			return err
		}
		// What is for operators and for GitHub leads nobody to the sign-in.
		for _, path := range []string{"/metrics", "/status", "/webhook"} {
			routes.Path(path).Handler(http.NotFoundHandler())
		}
		routes.PathPrefix("/").Handler(pages)
	}
	if cfg.AdminListen != "" {
		admin := mux.NewRouter()
		front.Admin(admin)
		address, err := s.listen(ctx, "REKEY_ADMIN_LISTEN", cfg.AdminListen, admin)
		if err != nil {
			return err
		}
		s.log.InfoContext(ctx, "metrics are served", "address", address.String())
	}
	if s.intake != nil && cfg.WebhookProxy != "" {
		s.relay(ctx, cfg, routes)
	}
	if s.options.Front != nil {
		s.serve(s.options.Front, routes)
		s.addr = s.options.Front.Addr()
	} else {
		address, err := s.listen(ctx, "REKEY_LISTEN", cfg.Listen, routes)
		if err != nil {
			return err
		}
		s.addr = address
	}
	message := "rekey accepts deliveries"
	if s.intake == nil {
		message = "rekey does jobs, and accepts no deliveries"
	}
	s.log.InfoContext(ctx, message, "address", s.addr.String(), "version", s.options.Version, "role", string(s.role))
	return nil
}

// relay takes deliveries from a channel too, until the server closes.
func (s *Server) relay(ctx context.Context, cfg config.Config, routes http.Handler) {
	channel := &relay.Client{URL: cfg.WebhookProxy, Deliver: routes, Secrets: cfg.WebhookSecrets, Log: s.log, Version: s.options.Version}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.tending.Go(func() { channel.Run(ctx) })
	s.tending.Go(func() {
		<-s.closing
		stop()
	})
}

func (s *Server) listen(ctx context.Context, setting, address string, routes http.Handler) (net.Addr, error) {
	front, err := Listen(ctx, setting, address, s.log)
	if err != nil {
		return nil, err
	}
	s.serve(front, routes)
	return front.Addr(), nil
}

// serve has a front answer with routes, and closes it with the server.
func (s *Server) serve(front *Front, routes http.Handler) {
	s.http = append(s.http, front.http)
	front.Handle(routes)
	s.tending.Go(func() {
		select {
		case err := <-front.Failed():
			s.fail(err)
		case <-s.closing:
		}
	})
}
