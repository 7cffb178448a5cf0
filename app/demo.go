package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strconv"
	"time"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/demo"
)

type demoCommand struct {
	Once   bool   `help:"Print what happened, then end: status 0 if all came out as it must, else 1."`
	Listen string `default:"127.0.0.1:0" placeholder:"HOST:PORT" help:"Address of the page that shows the checks and issues. Port 0 takes a free one."`
	Log    bool   `help:"Show the server's log too."`
}

// Help is shown by rekey demo --help.
func (demoCommand) Help() string {
	return `Starts a GitHub on this machine, the very server that rekey serve runs, and pushes four changes: a clean one, one that leaks a
production key, one that takes it out again, and a fork's pull request that leaks a development key. Then the production key
is rotated: first somebody only says so, and is refused; then it is dead, and all turns green. It needs git, and nothing
else; nothing leaves this machine.

Examples:

  rekey demo           play, then show checks and issues on a page
  rekey demo --once    play, print, end`
}

// Run plays the demo.
func (c demoCommand) Run(ctx context.Context, s streams) error {
	logs := io.Discard
	if c.Log {
		logs = s.err
	}
	now := time.Now
	err := demo.Run(ctx, demo.Options{
		Out: s.out, Once: c.Once, Listen: c.Listen, Seed: now().UnixNano(), Now: now, Start: demoServer(newLogger(logs, slog.LevelInfo)),
	})
	if errors.Is(err, demo.ErrUnexpected) {
		return exitStatus(1)
	}
	return err
}

// demoServer starts the server as serve does, through the same settings.
func demoServer(log *slog.Logger) demo.Start {
	return func(ctx context.Context, on demo.Target) (string, func() error, error) {
		cfg, err := config.Flags{
			Listen: "127.0.0.1:0", Data: on.Data, GitHubURL: on.GitHubURL, GitHubAPIURL: on.GitHubAPIURL,
			AppID: strconv.FormatInt(on.AppID, 10), PrivateKey: string(on.PrivateKeyPEM), WebhookSecret: on.WebhookSecret,
			ClerkAPIURL: on.ClerkAPIURL, Log: "info",
		}.Resolve()
		if err != nil {
			return "", nil, err
		}
		srv, err := serve(ctx, cfg, log)
		if err != nil {
			return "", nil, err
		}
		return "http://" + srv.addr.String() + "/webhook", srv.Close, nil
	}
}
