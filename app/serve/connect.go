package serve

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/github"
)

const (
	// connectWithin is how long a start waits for GitHub: people look at the terminal for some seconds.
	connectWithin = 4 * time.Second
	// registrationEvery is how often it is asked what the App may do.
	registrationEvery = time.Hour
	// connectPause is the longest time between two tries to reach GitHub.
	connectPause = time.Minute
)

// connection is whether GitHub has told who the App is. It is safe for concurrent use.
type connection struct {
	app *github.App
	log *slog.Logger
	url string // GitHub's

	once  sync.Once
	ready chan struct{} // closed when GitHub has answered
	mu    sync.Mutex
	last  error  // of the last try
	lacks string // what the registration lacks, and where it is added; "": nothing
}

func newConnection(app *github.App, url string, log *slog.Logger) *connection {
	return &connection{app: app, log: log, url: url, ready: make(chan struct{})}
}

// try asks GitHub who the App is, and says what it answered. The error is a [*config.Error] where GitHub refuses the App's
// credentials; anything else may pass.
func (c *connection) try(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	registration, err := c.app.Registration(ctx)
	if errors.Is(err, github.ErrUnauthorized) || errors.Is(err, github.ErrNotFound) {
		err = &config.Error{
			Setting: "REKEY_APP_ID and REKEY_PRIVATE_KEY", Problem: "don't match an App on " + c.url + " (" + err.Error() + ")",
			Fix: "compare the App ID with the App's settings page, generate a new private key there, and check this machine's clock",
		}
	}
	c.mu.Lock()
	c.last = err
	c.mu.Unlock()
	if err != nil {
		return err
	}
	c.once.Do(func() {
		c.introduce(ctx, registration)
		close(c.ready)
	})
	c.report(ctx, registration)
	return nil
}

// introduce logs what the App is.
func (c *connection) introduce(ctx context.Context, r github.Registration) {
	var permissions []string
	for name, access := range r.Permissions {
		permissions = append(permissions, name+": "+access)
	}
	slices.Sort(permissions)
	c.log.InfoContext(ctx, "connected to GitHub", "url", c.url, "app", r.Slug, "owner", r.Owner, "installations", r.Installations,
		"permissions", strings.Join(permissions, ", "))
}

// report logs what the App's registration lacks, once until that changes, and remembers it.
func (c *connection) report(ctx context.Context, r github.Registration) {
	var missing, effects []string
	for _, need := range r.Missing() {
		missing, effects = append(missing, need.String()), append(effects, need.Without)
	}
	lacks := ""
	if len(missing) > 0 {
		lacks = "the App lacks " + strings.Join(missing, ", ") + ": add them at " + r.SettingsURL
	}
	c.mu.Lock()
	before := c.lacks
	c.lacks = lacks
	c.mu.Unlock()
	switch lacks {
	case before:
	case "":
		c.log.InfoContext(ctx, "the App's registration has all permissions and events now")
	default:
		c.log.WarnContext(ctx, "the App's registration lacks permissions or events", "missing", strings.Join(missing, ", "),
			"effect", strings.Join(effects, "; "), "fix", "add them at "+r.SettingsURL)
	}
}

// missing is what the App's registration lacked when GitHub was asked last, and where it is added; "": nothing.
func (c *connection) missing() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lacks
}

// watch asks again and again what the App may do, until ctx ends: somebody may change it on GitHub, or a new version of rekey may need
// more.
func (c *connection) watch(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := c.try(ctx)
		if _, refused := errors.AsType[*config.Error](err); refused {
			c.log.ErrorContext(ctx, "GitHub no longer accepts the App", "error", err)
		}
	}
}

// start tries once. Where GitHub cannot be reached, it logs why and returns nil: deliveries can be taken all the same.
func (c *connection) start(ctx context.Context) error {
	err := c.try(ctx)
	if _, refused := errors.AsType[*config.Error](err); refused {
		return err
	}
	if err != nil {
		c.log.ErrorContext(ctx, "GitHub cannot be reached; deliveries are accepted and wait until it can", "url", c.url, "error", err,
			"fix", "check REKEY_GITHUB_URL, the network and the proxy")
	}
	return nil
}

// wait tries until GitHub has answered. It returns an error where GitHub refuses the App's credentials, or ctx's.
func (c *connection) wait(ctx context.Context) error {
	for pause := time.Second; ; pause = min(2*pause, connectPause) {
		select {
		case <-c.ready:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		err := c.try(ctx)
		if _, refused := errors.AsType[*config.Error](err); refused {
			return err
		}
	}
}

// problem returns why GitHub has not answered yet, or nil once it has.
func (c *connection) problem(context.Context) error {
	select {
	case <-c.ready:
		return nil
	default:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		return errors.New("GitHub hasn't been asked yet")
	}
	return c.last
}
