// Package heroku reaches Heroku's Platform API: the config vars of a repository's apps, of the other apps in their pipelines, and those that review apps
// and test runs of a pipeline start with.
//
// What is uncertain: which stage a config var is for is taken from the pipeline, and for an app in none from nothing. Review apps that exist already have
// config vars of their own, and are not looked at.
package heroku

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

const name = "heroku"

// Driver is a [destination.Driver].
type Driver struct {
	machine *destination.Machine
	api     *destination.API // nil before the first login
}

// New returns the driver.
func New(m *destination.Machine) *Driver { return &Driver{machine: m} }

// Name returns "heroku".
func (*Driver) Name() string { return name }

var advice = destination.Advice{
	destination.ErrLogin:       "run heroku login, or set HEROKU_API_KEY to a token of heroku authorizations:create",
	destination.ErrForbidden:   "run heroku auth:whoami; the account needs the permission to operate the app",
	destination.ErrNotFound:    "run heroku auth:whoami; log in with an account that the app is shared with",
	destination.ErrLimited:     "wait a minute",
	destination.ErrUnavailable: "see https://status.heroku.com",
}

// holder is what has config vars: an app, or a stage of a pipeline.
type holder struct {
	id    string // below the API's root: apps/shop
	title string
	scope destination.Scope
	unit  destination.Unit
	note  string
}

// Look reads the config vars of each app that the clone names.
func (d *Driver) Look(ctx context.Context, p destination.Project) destination.Survey {
	apps, because := named(p)
	s := destination.Survey{Used: because != "", Because: because}
	if !s.Used {
		return s
	}
	if len(apps) == 0 {
		s.Problems = append(s.Problems, destination.Problem{
			What: because + " is there, and nothing says which app on Heroku it is of",
			Next: "run heroku git:remote --app NAME in the clone, or set " + p.Variables[0] + " in the app's settings",
		})
		return s
	}
	err := d.logIn(ctx)
	if err == nil {
		s.Account, err = d.account(ctx)
	}
	if err != nil {
		s.Problems = append(s.Problems, advice.Problem(err))
		return s
	}
	var all []holder
	for _, a := range apps {
		found, err := d.holders(ctx, a)
		if err != nil {
			s.Problems = append(s.Problems, advice.Problem(err))
		}
		for _, h := range found {
			if !slices.ContainsFunc(all, func(x holder) bool { return x.id == h.id }) {
				all = append(all, h)
			}
		}
	}
	for _, h := range all {
		places, err := d.places(ctx, h, p)
		if err != nil {
			s.Problems = append(s.Problems, advice.Problem(err))
		}
		s.Places = append(s.Places, places...)
	}
	return s
}

func (d *Driver) places(ctx context.Context, h holder, p destination.Project) ([]destination.Place, error) {
	vars, err := d.vars(ctx, h.id, h.title)
	if err != nil {
		return nil, err
	}
	var out []destination.Place
	for _, variable := range p.Variables {
		value, ok := vars[variable]
		if !ok {
			continue
		}
		out = append(out, destination.Place{
			Driver: name, ID: h.id + "/" + variable, Title: h.title, Variable: variable, Scope: h.scope, Holding: p.Judge(value), Unit: h.unit, Note: h.note,
		})
	}
	return out, nil
}

// Write sets one config var. An app restarts with it at once.
func (d *Driver) Write(ctx context.Context, p destination.Place, value detect.Secret) error {
	if err := d.logIn(ctx); err != nil {
		return advice.On(err)
	}
	id, variable, err := split(p.ID)
	if err != nil {
		return err
	}
	return advice.On(d.api.Do(ctx, destination.Request{
		Method: http.MethodPatch, Path: varsPath(id), Body: map[string]string{variable: value.Reveal()}, Secret: value,
		Doing: fmt.Sprintf("set %s of %s", variable, strings.TrimPrefix(p.Title, "Heroku ")),
	}, nil))
}

// Check reads the config var again.
func (d *Driver) Check(ctx context.Context, p destination.Place, value detect.Secret, _ time.Time) (destination.Proof, error) {
	if err := d.logIn(ctx); err != nil {
		return "", advice.On(err)
	}
	id, variable, err := split(p.ID)
	if err != nil {
		return "", err
	}
	vars, err := d.vars(ctx, id, p.Title)
	switch {
	case err != nil:
		return "", advice.On(err)
	case vars[variable] == value.Reveal():
		return destination.ReadBack, nil
	}
	return destination.Stale, nil
}

var errAtOnce = errors.New("heroku restarts an app whose config vars change: nothing is to be redeployed")

// Redeploy is never called: the write restarts.
func (*Driver) Redeploy(context.Context, destination.Unit) (destination.Deployment, error) {
	return destination.Deployment{}, errAtOnce
}

// Deployed is never called.
func (*Driver) Deployed(context.Context, destination.Deployment) (destination.Progress, error) {
	return destination.Progress{}, errAtOnce
}

// split returns what has the config var of a place, and its name.
func split(place string) (id, variable string, err error) {
	i := strings.LastIndex(place, "/")
	if i < 0 || !strings.HasPrefix(place, "apps/") && !strings.HasPrefix(place, "pipelines/") {
		return "", "", fmt.Errorf("%q is no config var on Heroku", place)
	}
	return place[:i], place[i+1:], nil
}
