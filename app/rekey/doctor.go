package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/doctor"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/queue"
)

type doctorCommand struct {
	config.Flags `embed:""`
	Format       string `default:"text" enum:"text,json" placeholder:"FORMAT" help:"text or json."`
	Color        string `default:"auto" enum:"auto,always,never" placeholder:"WHEN" help:"auto, always or never."`
}

// Help is shown by rekey doctor --help.
func (doctorCommand) Help() string {
	return `Checks what a server needs: settings, database, disk, clock, GitHub, the App's credentials, permissions and events, where it is
installed, its webhook's address and secret, what GitHub's log says of deliveries, and Clerk. Each line is well, or says how to fix it. Run it
with the settings of rekey serve, on the same machine; it may run beside the server. To see whether deliveries arrive, it has GitHub
repeat one, which the server recognises.

Examples:

  rekey doctor
  rekey doctor --format json | jq '.checks[] | select(.state == "failed")'
  docker compose exec rekey rekey doctor

Exit status: 0 nothing has failed, 1 something has, 2 wrong usage.`
}

// Run asks, judges and prints. Its exit status is told by [exitStatus].
func (c doctorCommand) Run(ctx context.Context, s streams) error {
	checks := doctor.Judge(doctor.Ask(ctx, doctor.Sources{Flags: c.Flags, Open: openToLook, Now: time.Now, Version: versionName()}))
	if err := c.write(s, checks); err != nil {
		return err
	}
	if !doctor.Healthy(checks) {
		return exitStatus(1)
	}
	return nil
}

func (c doctorCommand) write(s streams, checks []doctor.Check) error {
	if c.Format == "json" {
		encoder := json.NewEncoder(s.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(doctor.Report{Healthy: doctor.Healthy(checks), Checks: checks})
	}
	return doctor.WriteText(s.out, checks, c.Color == "always" || c.Color == "auto" && colourful(s.out))
}

// openToLook opens a database beside its server, and says nothing but by its error.
func openToLook(ctx context.Context, url string) (doctor.Store, error) {
	store, err := queue.OpenStore(ctx, ledger.Options{URL: url, Beside: true, Now: time.Now, Program: "rekey " + versionName(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err // not a nil store in an interface
	}
	return store, nil
}
