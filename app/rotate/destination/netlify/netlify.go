// Package netlify writes environment variables of sites on Netlify.
//
// Facts are from netlify/open-api (swagger.yml: getEnvVars, getEnvVar, setEnvVarValue, listSites, getSite, createSiteBuild) and from netlify/cli (where
// it keeps its login and what a folder is linked to, how it matches a site to a repository, that a value is empty for a context without one).
//
// Nothing is deployed: the API builds the head of a branch (POST /sites/{id}/builds), or publishes an old deploy as it was built, with the old values.
// It has no way to build the live commit again.
//
// Not certain, since nothing public says it: what the API gives for the values of a secret outside local development (they are taken for unreadable,
// whatever they are), and whether the variables of a whole team can be listed by a login that may not change them.
package netlify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

const name = "netlify"

// Driver is a [destination.Driver].
type Driver struct {
	machine *destination.Machine
	api     *api // nil before it was looked for
}

// New returns the driver.
func New(m *destination.Machine) *Driver { return &Driver{machine: m} }

// Name returns "netlify".
func (*Driver) Name() string { return name }

// Write sets a variable's value for one deploy context, and leaves those for others.
func (d *Driver) Write(ctx context.Context, place destination.Place, value detect.Secret) error {
	api, at, err := d.reach(place.ID)
	if err != nil {
		return err
	}
	v, err := api.variable(ctx, at)
	if err != nil {
		return advice.On(err)
	}
	if _, ok := v.of(at); !ok {
		return errGone // to write it would make a new one
	}
	return advice.On(api.set(ctx, at, place, value))
}

// Check reads the value again, or for a secret when the variable was last set.
func (d *Driver) Check(ctx context.Context, place destination.Place, value detect.Secret, since time.Time) (destination.Proof, error) {
	api, at, err := d.reach(place.ID)
	if err != nil {
		return "", err
	}
	v, err := api.variable(ctx, at)
	if err != nil {
		return "", advice.On(err)
	}
	text, ok := v.of(at)
	switch {
	case !ok:
		return destination.Stale, nil
	case v.readable(at.context) && text == value.Reveal():
		return destination.ReadBack, nil
	case !v.readable(at.context) && place.SetSince(v.UpdatedAt, since):
		return destination.Touched, nil
	}
	return destination.Stale, nil
}

var errByHand = errors.New("netlify can't build the live commit again: deploy it by hand")

// Redeploy is never called: a person deploys.
func (*Driver) Redeploy(context.Context, destination.Unit) (destination.Deployment, error) {
	return destination.Deployment{}, errByHand
}

// Deployed is never called.
func (*Driver) Deployed(context.Context, destination.Deployment) (destination.Progress, error) {
	return destination.Progress{}, errByHand
}

func (d *Driver) reach(id string) (*api, address, error) {
	at, ok := parse(id)
	if !ok {
		return nil, address{}, fmt.Errorf("%q is nothing on Netlify", id)
	}
	api, problem := d.logIn()
	if problem != nil {
		return nil, address{}, problem.Err()
	}
	return api, at, nil
}

func (d *Driver) logIn() (*api, *destination.Problem) {
	if d.api != nil {
		return d.api, nil
	}
	api, problem := findLogin(d.machine)
	d.api = api
	return api, problem
}

// address says where a value is: of a variable of a site, for a deploy context, which for a branch has the branch's name with it.
type address struct{ account, site, key, context, branch string }

func (a address) id() string {
	return strings.Join([]string{a.account, a.site, a.key, a.context, a.branch}, "/")
}

func parse(id string) (address, bool) {
	part := strings.SplitN(id, "/", 5)
	if len(part) != 5 {
		return address{}, false
	}
	return address{account: part[0], site: part[1], key: part[2], context: part[3], branch: part[4]}, true
}

var advice = destination.Advice{
	destination.ErrLogin:       "run netlify login, or set NETLIFY_AUTH_TOKEN to a token that works",
	destination.ErrForbidden:   "run netlify status to see who is logged in; it takes a Developer or Owner of the team",
	destination.ErrNotFound:    "run netlify switch to a user of the team that owns the site, or netlify link, and start again",
	destination.ErrLimited:     "wait a minute, and run it again",
	destination.ErrUnavailable: "see https://www.netlifystatus.com, and run it again",
}

var errGone = errors.New("the variable has no value there any more; run it again")
