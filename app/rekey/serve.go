package main

import (
	"context"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/observe"
	"github.com/rekey-app/rekey/app/serve"
)

type serveCommand struct {
	config.Flags `embed:""`
}

// Help is shown by rekey serve --help.
func (serveCommand) Help() string {
	return `Receives webhook deliveries at /webhook and answers them with check runs and issues. Each setting is a flag or an environment
variable; secrets can be read from files. Without an App it starts set-up: it prints a link, and the page behind it has GitHub create
one. docs/install.md describes it.

Examples:

  rekey serve --public-url https://rekey.example.com

  rekey serve --app-id 123456 --private-key-file rekey.pem --webhook-secret-file webhook-secret

  REKEY_APP_ID=123456 REKEY_PRIVATE_KEY_FILE=/etc/rekey/key.pem REKEY_WEBHOOK_SECRET_FILE=/etc/rekey/secret \
  REKEY_DATABASE_URL=postgres://rekey@db/rekey rekey serve --listen :8080

It also serves /healthz (the process runs), /readyz (the database answers and GitHub accepts the App), /metrics (for Prometheus)
and /status (for rekey status). Put a reverse proxy in front for TLS. Traces of OpenTelemetry are sent where the
standard OTEL_* variables say, such as OTEL_EXPORTER_OTLP_ENDPOINT; off by default. On SIGTERM, running jobs get time to finish; the rest continues at the next start.`
}

// Run serves until ctx ends.
func (c serveCommand) Run(ctx context.Context, s streams) error {
	needsSetUp, resolve := c.NeedsSetUp(), c.Resolve
	if needsSetUp {
		resolve = c.ResolveForSetUp
	}
	cfg, err := resolve()
	if err != nil {
		return err
	}
	log := serve.NewLogger(s.err, cfg.LogLevel)
	defer onHangup(func() {
		log.WarnContext(ctx, "SIGHUP ignored: settings are read only at start; restart rekey to apply changes")
	})()
	memory := serve.LimitMemory(ctx, os.DirFS("/"), os.Getenv("GOMEMLIMIT"), debug.SetMemoryLimit, log)
	tracing, err := observe.OpenTracing(ctx, os.Getenv, versionName(), log)
	if err != nil {
		return err
	}
	defer closeTracing(ctx, tracing, log)
	options := serve.Options{Log: log, Version: versionName(), Memory: memory, Tracing: tracing}
	if needsSetUp {
		return c.setUp(ctx, cfg, options, s)
	}
	server, err := serve.New(ctx, cfg, options)
	if err != nil {
		return err
	}
	return server.Run(ctx)
}

// tracesWithin is how long the last traces may take to be sent. A stop takes that much longer than [serve.StopWithin].
const tracesWithin = time.Second

func closeTracing(ctx context.Context, tracing *observe.Tracing, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tracesWithin)
	defer cancel()
	if err := tracing.Close(ctx); err != nil {
		log.WarnContext(ctx, "the last traces could not be sent", "error", err)
	}
}
