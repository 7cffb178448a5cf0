package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"

	"github.com/rekey-app/rekey/app/status"
)

type statusCommand struct {
	URL         string `placeholder:"URL" help:"The server's address, such as http://127.0.0.1:8080. Default: the one that its settings name."`
	AdminListen string `env:"REKEY_ADMIN_LISTEN" placeholder:"HOST:PORT" help:"The server's --admin-listen, if it has one."`
	Listen      string `env:"REKEY_LISTEN" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"The server's --listen."`
	Live        bool   `help:"Only ask whether the server answers, as containers' health checks do, and print nothing."`
	Format      string `default:"text" enum:"text,json" placeholder:"FORMAT" help:"text or json."`
	Color       string `default:"auto" enum:"auto,always,never" placeholder:"WHEN" help:"auto, always or never."`
}

// Help is shown by rekey status --help.
func (statusCommand) Help() string {
	return `Asks a running server how it is, and prints it: ready or why not, deliveries, the queue, what is left of GitHub's quota, repositories
read and to be read, and open leaks. It finds the server by the same settings as rekey serve.

Examples:

  rekey status
  rekey status --url http://10.0.0.7:9090
  rekey status --format json | jq .queue
  docker compose exec rekey rekey status

Exit status: 0 ready (with --live: it answers), 1 not ready or no server answers, 2 wrong usage.`
}

// Run asks and prints. Its exit status is told by [exitStatus].
func (c statusCommand) Run(ctx context.Context, s streams) error {
	address, err := c.address()
	if err != nil {
		return err
	}
	if c.Live {
		if err := status.Live(ctx, address); err != nil {
			complain(s.err, err)
			return exitStatus(1)
		}
		return nil
	}
	report, err := status.Fetch(ctx, address)
	if _, silent := errors.AsType[*status.NoAnswerError](err); silent {
		complain(s.err, err)
		return exitStatus(1)
	}
	if err != nil {
		return err
	}
	if err := c.write(s, report); err != nil {
		return err
	}
	if !report.Ready {
		return exitStatus(1)
	}
	return nil
}

func (c statusCommand) address() (string, error) {
	if c.URL != "" {
		return c.URL, nil
	}
	return status.AddressOf(cmp.Or(c.AdminListen, c.Listen))
}

func (c statusCommand) write(s streams, report status.Report) error {
	if c.Format == "json" {
		encoder := json.NewEncoder(s.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(report)
	}
	return status.WriteText(s.out, report, c.Color == "always" || c.Color == "auto" && colourful(s.out))
}
