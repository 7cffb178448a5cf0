// Package render writes environment variables of services on Render, and of the groups of variables that are linked to them, and deploys what runs with
// them.
//
// Facts are from render-oss/cli: the client that it generates from Render's OpenAPI description (PUT of one variable of a service or of a group, POST
// /services/{id}/deploys with commitId or deployMode, the statuses of deploys), and where it keeps its login. PUT …/env-vars without a key replaces all
// variables: it is never sent.
//
// Not certain, since nothing public says it: whether a change of a group deploys the services that are linked to it by itself, where they deploy
// automatically (they are deployed all the same, from the commit that is live), and what deploy_only takes for a cron job, for which a commit can't be
// given: Render says "the last successful build".
package render

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

const name = "render"

// Driver is a [destination.Driver].
type Driver struct {
	machine *destination.Machine
	api     *api // nil before it was looked for
}

// New returns the driver.
func New(m *destination.Machine) *Driver { return &Driver{machine: m} }

// Name returns "render".
func (*Driver) Name() string { return name }

// Write sets one variable of a service or of a group.
func (d *Driver) Write(ctx context.Context, place destination.Place, value detect.Secret) error {
	api, at, err := d.reach(place)
	if err != nil {
		return err
	}
	if _, ok, err := api.value(ctx, at); err != nil || !ok {
		if err == nil {
			err = errGone // to write it would make a new one
		}
		return advice.On(err)
	}
	return advice.On(api.set(ctx, at, place, value))
}

// Check reads the variable again.
func (d *Driver) Check(ctx context.Context, place destination.Place, value detect.Secret, _ time.Time) (destination.Proof, error) {
	api, at, err := d.reach(place)
	if err != nil {
		return "", err
	}
	text, _, err := api.value(ctx, at)
	switch {
	case err != nil:
		return "", advice.On(err)
	case text == value.Reveal():
		return destination.ReadBack, nil
	}
	return destination.Stale, nil
}

func (d *Driver) reach(place destination.Place) (*api, address, error) {
	at, ok := parse(place.ID)
	if !ok {
		return nil, address{}, fmt.Errorf("%q is nothing on Render", place.ID)
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

// address says where a variable is: the holder is services/ID or env-groups/ID.
type address struct{ holder, key string }

func (a address) id() string { return a.holder + "/" + a.key }

func parse(id string) (address, bool) {
	part := strings.Split(id, "/")
	if len(part) != 3 || part[0] != services && part[0] != groups {
		return address{}, false
	}
	return address{holder: part[0] + "/" + part[1], key: part[2]}, part[1] != "" && part[2] != ""
}

const (
	services = "services"
	groups   = "env-groups"
)

var advice = destination.Advice{
	destination.ErrLogin:       "run render login, or set RENDER_API_KEY to a key that works",
	destination.ErrForbidden:   "run render whoami to see whose login it is; it takes a role that may change services",
	destination.ErrNotFound:    "run render workspace current; the login must be of the workspace that owns the service",
	destination.ErrLimited:     "wait a minute, and run it again",
	destination.ErrUnavailable: "see https://status.render.com, and run it again",
}

var errGone = errors.New("the variable is not there any more; run it again")
