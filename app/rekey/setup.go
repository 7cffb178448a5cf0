package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/serve"
	"github.com/rekey-app/rekey/app/setup"
)

// setUp serves set-up until there is an App, then the server, on the same address; until ctx ends.
func (c serveCommand) setUp(ctx context.Context, cfg config.Config, options serve.Options, s streams) error {
	front, err := serve.Listen(ctx, "REKEY_LISTEN", cfg.Listen, options.Log)
	if err != nil {
		return err
	}
	started := make(chan *serve.Server, 1)
	var pages *setup.SetUp
	pages, err = setup.New(setup.Options{
		Config: cfg, Fixed: setup.Fixed{GitHubURL: c.GitHubURL != "", PublicURL: c.PublicURL != ""},
		Start: func(ctx context.Context, credentials config.Credentials) error {
			cfg, err := c.WithCredentials(credentials).Resolve()
			if err != nil {
				return err
			}
			options.Front, options.SetUp = front, pages
			server, err := serve.New(ctx, cfg, options)
			if err != nil {
				front.Handle(pages)
				return err
			}
			started <- server
			return nil
		},
		Now: time.Now, Log: options.Log, Version: versionName(),
	})
	if err != nil {
		return err
	}
	front.Handle(pages)
	fmt.Fprintf(s.out, "rekey isn't connected to GitHub yet. To set it up, open this link within an hour:\n\n  %s\n\n", pages.Link(front.Addr().String()))
	select {
	case server := <-started:
		return server.Run(ctx)
	case err := <-front.Failed():
		return err
	case <-ctx.Done():
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), serve.StopWithin)
	defer cancel()
	err = front.Shutdown(closing)
	select {
	case server := <-started: // by a request that was under way
		err = errors.Join(err, server.Close())
	default:
	}
	return err
}
