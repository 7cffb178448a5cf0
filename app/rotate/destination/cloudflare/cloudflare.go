// Package cloudflare writes secrets of Workers, and variables of Pages projects, on Cloudflare: through its API where CLOUDFLARE_API_TOKEN is set, and
// else through wrangler.
//
// Facts are from npm's cloudflare 7.3 (secrets and deployments of scripts; Pages projects, their deployments, and that one can be retried) and from
// cloudflare/workers-sdk: wrangler secret put and wrangler pages secret put read a value from standard input and cut white space off its end, which
// wrangler secret bulk does not; both make a new Worker where there is none of that name and nobody to ask, so that it is looked for first; a secret
// can't be set while the latest version of a Worker isn't deployed (code 10215); wrangler sends back the wrangler_config_hash of a Pages project.
//
// wrangler 4.86 was run against the stand-in by this driver: who is logged in, lists, put of Workers, put and bulk of Pages, and refusals. It colours its
// errors whatever NO_COLOR says, and its bulk for Workers reads and changes the Worker's settings, where newer ones have a request of their own.
//
// wrangler is run in an empty directory, with the name of the Worker and the id of the account: so it reads no settings of the repository, and none of
// the repository's programs is run.
//
// Not certain, since nothing public says it: whether the canonical deployment of a Pages project is the one that is live after a rollback, and whether
// a retried one takes values that were set since (the dashboard's advice after a change is to retry).
package cloudflare

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

const name = "cloudflare"

// Driver is a [destination.Driver].
type Driver struct {
	machine *destination.Machine
	way     way // nil before it was looked for
}

// New returns the driver.
func New(m *destination.Machine) *Driver { return &Driver{machine: m} }

// Name returns "cloudflare".
func (*Driver) Name() string { return name }

// way is how Cloudflare is reached. A Worker or Pages project that is not there is [destination.ErrNotFound].
type way interface {
	accounts(ctx context.Context) (login string, accounts []account, err error)
	// variables lists what a Worker or an environment of a Pages project has.
	variables(ctx context.Context, at address) ([]variable, error)
	set(ctx context.Context, at address, kind string, value detect.Secret) error
	// updated is when a Worker was last deployed, which a change of a secret does; zero where the way can't tell.
	updated(ctx context.Context, at address) time.Time
}

// account is one that the login may use.
type account struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// variable is one of a Worker or of a Pages project.
type variable struct {
	name  string
	kind  string // secretText, or plainText
	value string // of plainText alone
}

const (
	secretText = "secret_text"
	plainText  = "plain_text"
)

// The kinds of what has variables.
const (
	workers = "workers"
	pages   = "pages"
)

// address says where a variable is. A Worker's environments are Workers of their own: env is for Pages alone.
type address struct{ kind, account, name, env, key string }

func (a address) id() string {
	return strings.Join([]string{a.kind, a.account, a.name, a.env, a.key}, "/")
}

func parse(id string) (address, bool) {
	part := strings.Split(id, "/")
	if len(part) != 5 {
		return address{}, false
	}
	a := address{part[0], part[1], part[2], part[3], part[4]}
	return a, (a.kind == workers || a.kind == pages) && a.name != ""
}

// title is for people.
func (a address) title() string {
	if a.kind == pages {
		return fmt.Sprintf("Cloudflare Pages project %s, %s", a.name, a.env)
	}
	return "Cloudflare Worker " + a.name
}

// plain is the title where the vendor is named anyway.
func (a address) plain() string { return strings.TrimPrefix(a.title(), "Cloudflare ") }

// Write sets one variable. A Worker is deployed with it at once.
func (d *Driver) Write(ctx context.Context, place destination.Place, value detect.Secret) error {
	w, at, err := d.reach(place.ID)
	if err != nil {
		return err
	}
	v, err := find(ctx, w, at)
	if err != nil {
		return advice.On(err)
	}
	err = w.set(ctx, at, v.kind, value)
	var refused *destination.Refused
	if errors.As(err, &refused) && (refused.Code == notDeployed || strings.Contains(refused.Said, "isn't currently deployed")) {
		return fmt.Errorf("%w; the latest version of the Worker isn't deployed: deploy it, or run wrangler versions secret put %s, then wrangler versions deploy", err, at.key)
	}
	return advice.On(err)
}

// notDeployed is the code for a Worker whose latest version is not deployed.
const notDeployed = "10215"

// find returns the variable, so that none is made that was not there.
func find(ctx context.Context, w way, at address) (variable, error) {
	all, err := w.variables(ctx, at)
	if err != nil {
		return variable{}, err //nolint:wrapcheck // as it is
	}
	i := slices.IndexFunc(all, func(v variable) bool { return v.name == at.key })
	if i < 0 {
		return variable{}, fmt.Errorf("%s has no %s any more; run it again", at.title(), at.key)
	}
	return all[i], nil
}

// Check reads a plain variable again. Of secrets nobody can: for a Worker it sees that it was deployed since, which a change of a secret does.
func (d *Driver) Check(ctx context.Context, place destination.Place, value detect.Secret, since time.Time) (destination.Proof, error) {
	w, at, err := d.reach(place.ID)
	if err != nil {
		return "", err
	}
	v, err := find(ctx, w, at)
	switch {
	case err != nil:
		return "", advice.On(err)
	case v.kind == plainText && v.value == value.Reveal():
		return destination.ReadBack, nil
	case v.kind == plainText:
		return destination.Stale, nil
	}
	if updated := w.updated(ctx, at); !updated.IsZero() && !updated.Before(since.Add(-skew)) {
		return destination.Touched, nil
	}
	return destination.Unproven, nil
}

// skew is how far this machine's clock and Cloudflare's may be apart.
const skew = time.Minute

func (d *Driver) reach(id string) (way, address, error) {
	at, ok := parse(id)
	if !ok {
		return nil, address{}, fmt.Errorf("%q is nothing on Cloudflare", id)
	}
	w, problem := d.logIn()
	if problem != nil {
		return nil, address{}, problem.Err()
	}
	return w, at, nil
}

func (d *Driver) logIn() (way, *destination.Problem) {
	if d.way != nil {
		return d.way, nil
	}
	w, problem := findWay(d.machine)
	d.way = w
	return w, problem
}

func findWay(m *destination.Machine) (way, *destination.Problem) {
	if token := m.Getenv("CLOUDFLARE_API_TOKEN"); token != "" {
		return newAPI(m, token)
	}
	if _, ok := m.Tools().Find("wrangler"); !ok {
		return nil, &destination.Problem{What: "nobody is logged in to Cloudflare", Next: "set CLOUDFLARE_API_TOKEN, or run npm install --global wrangler and wrangler login"}
	}
	return &wrangler{machine: m}, nil
}

var advice = destination.Advice{
	errSeveral:                 "set CLOUDFLARE_ACCOUNT_ID to the one that has it, or update wrangler",
	destination.ErrLogin:       "run wrangler login, or set CLOUDFLARE_API_TOKEN to a token that works",
	destination.ErrForbidden:   "run wrangler whoami; the login needs the permission Workers Scripts: Edit, or Cloudflare Pages: Edit, in that account",
	destination.ErrNotFound:    "run wrangler whoami; set CLOUDFLARE_ACCOUNT_ID to the account that has it, or log in with another",
	destination.ErrLimited:     "wait five minutes, and run it again",
	destination.ErrUnavailable: "see https://www.cloudflarestatus.com, and run it again",
}
