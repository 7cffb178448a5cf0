package main

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/serve"
	"github.com/rekey-app/rekey/respond/format"
)

type recoverCommand struct {
	Since  string `default:"3d" placeholder:"TIME" help:"How far to look back, such as 90m, 12h or 3d. GitHub's log goes back three days, on Enterprise Server seven."`
	DryRun bool   `help:"Only look: store nothing, and ask GitHub to send nothing again."`

	AppID          string `env:"REKEY_APP_ID" placeholder:"ID" help:"The GitHub App's ID."`
	PrivateKey     string `env:"REKEY_PRIVATE_KEY" placeholder:"PEM" help:"The App's private key. Prefer the file: other users of this machine can read command lines."`
	PrivateKeyFile string `env:"REKEY_PRIVATE_KEY_FILE" placeholder:"FILE" help:"File with the App's private key, as downloaded from GitHub."`
	GitHubURL      string `name:"github-url" env:"REKEY_GITHUB_URL" placeholder:"URL" help:"GitHub's web and git address. Default: https://github.com, or the one that set-up was told."`
	GitHubAPIURL   string `name:"github-api-url" env:"REKEY_GITHUB_API_URL" placeholder:"URL" help:"GitHub's API address. Default: derived from --github-url."`

	config.Database `embed:""`
}

// Help is shown by rekey recover --help.
func (recoverCommand) Help() string {
	return `Looks in GitHub's own log for webhook deliveries that the database doesn't have, and stores them from there; where the log has no
payload, it asks GitHub to send the delivery again. rekey serve does the same by itself, at its start and every five minutes. It may
run beside a server, which does what the deliveries ask for; otherwise the next start does.

Examples:

  rekey recover --dry-run       only see what was missed
  rekey recover --since 12h

Exit status: 0 nothing is missed any more, 1 something is (with --dry-run: was found), 2 errors.`
}

// Run recovers, and says what was done.
func (c recoverCommand) Run(ctx context.Context, s streams) error {
	since, err := lookback(c.Since)
	if err != nil {
		return err
	}
	cfg, err := config.Flags{
		Listen: "127.0.0.1:0", Log: "warn", Data: c.Data, DatabaseURL: c.DatabaseURL, DatabaseURLFile: c.DatabaseURLFile,
		AppID: c.AppID, PrivateKey: c.PrivateKey, PrivateKeyFile: c.PrivateKeyFile, GitHubURL: c.GitHubURL, GitHubAPIURL: c.GitHubAPIURL,
		WebhookSecret: "no deliveries are taken here",
	}.Resolve()
	if err != nil {
		return err
	}
	store, err := openBeside(ctx, c.Database, s)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	done, err := serve.Recover(ctx, store, cfg, serve.Options{Log: log, Version: versionName()}, since, c.DryRun)
	if done.Pages > 0 {
		c.print(s, done)
	}
	if err != nil {
		return err
	}
	if done.Left+done.Lost > 0 || c.DryRun && done.Missed > 0 {
		return exitStatus(1)
	}
	return nil
}

func (c recoverCommand) print(s streams, r serve.Recovery) {
	fmt.Fprintf(s.out, "Read %s of GitHub's log, with %s.\n", format.Count(r.Pages, "page", "pages"), format.Count(r.Listed, "attempt", "attempts"))
	fmt.Fprintf(s.out, "Missed: %s (%d failed, %d answered but not on record).\n", format.Count(r.Missed, "delivery", "deliveries"), r.Failed, r.Missed-r.Failed)
	if c.DryRun {
		return
	}
	fmt.Fprintf(s.out, "Fetched %d, stored %d, asked for %s, %d came by themselves, %d lost, %d left.\n",
		r.Fetched, r.Taken, format.Count(r.Asked, "redelivery", "redeliveries"), r.Arrived, r.Lost, r.Left)
	if r.Stopped != "" {
		fmt.Fprintf(s.out, "Stopped early: %s. A running server goes on by itself, or run this again later.\n", r.Stopped)
	}
}

// lookback reads a duration that may be in days.
func lookback(text string) (time.Duration, error) {
	if days, inDays := strings.CutSuffix(text, "d"); inDays {
		if n, err := strconv.ParseFloat(days, 64); err == nil && n > 0 && n < 1000 {
			return time.Duration(n * float64(24*time.Hour)), nil
		}
	} else if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return d, nil
	}
	return 0, fmt.Errorf("--since is %q: use a time such as 90m, 12h or 3d", text)
}
