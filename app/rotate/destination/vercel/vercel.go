// Package vercel writes environment variables of projects on Vercel, and deploys again what runs with them.
//
// Facts are from the types of npm's @vercel/sdk 1.28 (GET /v10/projects, GET /v9/projects/{id}, GET /v10/projects/{id}/env, GET and PATCH of one
// variable, GET /v1/env), from vercel/vercel (where the command-line program keeps its login and its links, what vercel redeploy sends) and from
// vercel/terraform-provider-vercel (when a deployment is complete).
//
// Not certain, since nothing public says it: whether PATCH keeps what it is not given (so it is given the targets, type, branch and comment that are there), whether a
// deployment that was built elsewhere (vercel deploy --prebuilt) takes new values when it is deployed again, and whether Vercel lists a team's shared
// variables to a login that may not change them.
package vercel

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

// name is the driver's.
const name = "vercel"

// Driver is the driver.
type Driver struct {
	machine *destination.Machine
	login   *login // nil before it was looked for
}

// New returns a driver.
func New(m *destination.Machine) *Driver { return &Driver{machine: m} }

// Name returns "vercel".
func (d *Driver) Name() string { return name }

// Write gives one entry of a project's variables another value. Its targets, type, branch and comment stay.
func (d *Driver) Write(ctx context.Context, place destination.Place, value detect.Secret) error {
	api, at, err := d.reach(place.ID)
	if err != nil {
		return err
	}
	e, err := api.entry(ctx, at, place)
	if err != nil {
		return advice.On(err)
	}
	if e.managed() {
		return fmt.Errorf("%s is managed by an integration now: rotate it there", place.Title)
	}
	return advice.On(api.patch(ctx, at, e, place, value))
}

// Check reads the value again where Vercel gives it out, and when it was set where it does not.
func (d *Driver) Check(ctx context.Context, place destination.Place, value detect.Secret, since time.Time) (destination.Proof, error) {
	api, at, err := d.reach(place.ID)
	if err != nil {
		return "", err
	}
	e, err := api.entry(ctx, at, place)
	if err != nil {
		return "", advice.On(err)
	}
	text, ok, err := api.read(ctx, at, e)
	switch {
	case err != nil:
		return "", advice.On(err)
	case ok && text == value.Reveal():
		return destination.ReadBack, nil
	case !ok && place.SetSince(e.updated(), since):
		return destination.Touched, nil
	}
	return destination.Stale, nil
}

func (d *Driver) reach(id string) (*api, address, error) {
	at, ok := parse(id)
	if !ok {
		return nil, address{}, fmt.Errorf("%q is nothing on Vercel", id)
	}
	l, problem := d.logIn()
	if problem != nil {
		return nil, address{}, problem.Err()
	}
	return l.api, at, nil
}

func (d *Driver) logIn() (*login, *destination.Problem) {
	if d.login != nil {
		return d.login, nil
	}
	l, problem := findLogin(d.machine)
	d.login = l
	return l, problem
}

// address says where something is: in a project of a team, or of a person where team is "".
type address struct{ team, project, thing string }

func (a address) id() string { return strings.Join([]string{a.team, a.project, a.thing}, "/") }

func parse(id string) (address, bool) {
	part := strings.Split(id, "/")
	if len(part) != 3 {
		return address{}, false
	}
	return address{team: part[0], project: part[1], thing: part[2]}, part[1] != "" && part[2] != ""
}

var advice = destination.Advice{
	destination.ErrLogin:       "run vercel login, or set VERCEL_TOKEN to a token that works",
	destination.ErrForbidden:   "run vercel login if the login has expired, else use one whose role in that team may change the project's variables",
	destination.ErrNotFound:    "run vercel switch to the team that owns the project, or vercel link, and start again",
	destination.ErrLimited:     "wait a minute, and run it again",
	destination.ErrUnavailable: "see https://www.vercel-status.com, and run it again",
}

var errGone = errors.New("the variable is not there any more; run it again")
