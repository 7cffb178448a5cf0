package serve

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/recovery"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/ledger"
)

const (
	// recoveryFirst is how long a start waits for missed deliveries before it compares anything with GitHub's lists.
	recoveryFirst = time.Minute
	// maxRecovering is how many recovered deliveries may wait to be worked off: enough to keep the workers busy, and so few that
	// what comes live waits for a second at most.
	maxRecovering = 64
)

// recoverer puts together what recovers missed deliveries.
func recoverer(store *ledger.Store, app *github.App, scanner *detect.Scanner, metrics prometheus.Registerer, log *slog.Logger) *recovery.Recoverer {
	r := &recovery.Recoverer{
		Store: ledger.Scope[recovery.Tx](store), Inbox: store, GitHub: app, Reading: reading(scanner), Owner: rand.Text(), Now: time.Now, Log: log,
		MaxQueued: maxRecovering,
	}
	if metrics != nil {
		r.Metrics = recovery.NewMetrics(metrics)
	}
	return r
}

// Recovery is what a recovery by hand did.
type Recovery = recovery.Result

// Recover reads GitHub's log of deliveries once, as far back as since, and stores what is missed; a running server works it off, or
// the next one. With dryRun it only looks. It may run beside a server. The Recovery says what was done, also with an error. The store
// is closed.
func Recover(ctx context.Context, store *ledger.Store, cfg config.Config, o Options, since time.Duration, dryRun bool) (done Recovery, err error) {
	defer func() { err = errors.Join(err, store.Close()) }()
	toGitHub := github.Config{
		AppID: cfg.AppID, PrivateKey: cfg.PrivateKey, WebURL: cfg.GitHubURL, APIURL: cfg.GitHubAPIURL, UserAgent: "rekey/" + o.Version,
		Now: time.Now, Log: o.Log, Shared: store.Pace(),
	}
	app, err := github.New(toGitHub)
	if err != nil {
		return Recovery{}, err
	}
	if err := app.LoadLimits(ctx); err != nil {
		return Recovery{}, err
	}
	r := recoverer(store, app, detect.New(detect.Options{}), nil, o.Log)
	r.MaxQueued = 0
	for {
		done, err = r.Once(ctx, since, dryRun)
		if !errors.Is(err, recovery.ErrBusy) {
			break
		}
		select { // a running server is at it: its lease ends soon, whatever becomes of it
		case <-ctx.Done():
			return done, fmt.Errorf("waiting for the running server's own recovery: %w", ctx.Err())
		case <-time.After(time.Second):
		}
	}
	return done, err
}
