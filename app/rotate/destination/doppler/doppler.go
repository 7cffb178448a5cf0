// Package doppler reaches Doppler's API: the secrets in each config of the projects that doppler.yaml names.
//
// A branch config has the secrets of its environment's root config, and takes a change there by itself. The API does not say which of them it overrides: one
// whose value differs is taken for an override, and one that overrides with the same value is found when the root has the new one. The same holds
// for configs that inherit others. Doppler reads ${…} in a value as a reference to another secret.
//
// What is uncertain: whether a sync has brought a value to where it goes is not asked.
package doppler

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

const name = "doppler"

// Driver is a [destination.Driver].
type Driver struct {
	machine *destination.Machine
	dir     string // of the clone: the program keeps a login for each folder
	api     *destination.API
}

// New returns the driver.
func New(m *destination.Machine) *Driver { return &Driver{machine: m} }

// Name returns "doppler".
func (*Driver) Name() string { return name }

var advice = destination.Advice{
	destination.ErrLogin:       "run doppler login, or set DOPPLER_TOKEN to a token that may read and write the project's secrets",
	destination.ErrForbidden:   "run doppler me; the login needs write access to the config: a read-only service token has none",
	destination.ErrNotFound:    "run doppler me; log in to the workplace that has the project, or correct doppler.yaml",
	destination.ErrLimited:     "wait a minute",
	destination.ErrUnavailable: "see https://www.dopplerstatus.com",
}

// Look reads the variables in each config of the projects.
func (d *Driver) Look(ctx context.Context, p destination.Project) destination.Survey {
	setups, because := setups(p)
	s := destination.Survey{Used: because != "", Because: because}
	if !s.Used {
		return s
	}
	d.dir = p.Dir
	err := d.logIn(ctx)
	var who actor
	if err == nil {
		who, err = d.me(ctx)
	}
	if err != nil {
		s.Problems = append(s.Problems, advice.Problem(err))
		return s
	}
	s.Account = who.String()
	if len(setups) == 0 {
		setups = d.setupHere(ctx)
	}
	if len(setups) == 0 {
		s.Problems = append(s.Problems, destination.Problem{
			What: because + " shows that Doppler is used, and nothing says which of its projects",
			Next: "run doppler setup in the clone, or name the project in doppler.yaml",
		})
	}
	for _, at := range setups {
		configs, err := d.configs(ctx, at.Project)
		if errors.Is(err, destination.ErrForbidden) && at.Config != "" { // a service token sees one config
			s.Problems = append(s.Problems, destination.Problem{
				What: fmt.Sprintf("the login may not list the configs of the Doppler project %s, so that only %s was looked at", at.Project, at.Config),
				Next: "unset DOPPLER_TOKEN, and run doppler login",
			})
			environment, _, _ := strings.Cut(at.Config, "_")
			configs, err = []config{{Name: at.Config, Environment: environment, Root: true}}, nil
		}
		if err != nil {
			s.Problems = append(s.Problems, advice.Problem(err))
			continue
		}
		d.project(ctx, &s, p, at.Project, configs)
	}
	return s
}

// project looks into the configs, of which a root stands before its branches.
func (d *Driver) project(ctx context.Context, s *destination.Survey, p destination.Project, project string, configs []config) {
	roots := map[string]map[string]secret{} // by environment
	for _, c := range configs {
		secrets, err := d.secrets(ctx, project, c.Name, p.Variables)
		if err != nil {
			s.Problems = append(s.Problems, advice.Problem(err))
			if ctx.Err() != nil {
				return
			}
			continue
		}
		if c.Root {
			roots[c.Environment] = secrets
		}
		for _, variable := range p.Variables {
			here, ok := secrets[variable]
			above, inherits := roots[c.Environment][variable]
			if !ok || !c.Root && inherits && here.same(above) {
				continue
			}
			s.Places = append(s.Places, place(p, project, c, variable, here))
		}
	}
}

func place(p destination.Project, project string, c config, variable string, s secret) destination.Place {
	title := fmt.Sprintf("Doppler project %s, config %s", project, c.Name)
	out := destination.Place{
		Driver: name, ID: project + "/" + c.Name + "/" + variable, Title: title, Variable: variable, Scope: destination.ScopeNamed(c.Environment),
		Unit: destination.Unit{
			Driver: name, ID: project + "/" + c.Name, Title: "what runs with " + title, Takes: destination.TakesByHand,
			ByHand: "Restart what runs under doppler run. Doppler's syncs pass the value on by themselves; redeploy what reads it only when it is built or started.",
		},
	}
	switch {
	case s.Raw == nil:
		out.Holding, out.Note = destination.Unreadable, "The secret's visibility is restricted, so its value can't be read."
	case strings.Contains(*s.Raw, "${"):
		out.Holding, out.Note = destination.Other, "It takes its value from another secret."
	default:
		out.Holding = p.Judge(*s.Raw)
	}
	return out
}

// Write sets one secret of one config.
func (d *Driver) Write(ctx context.Context, p destination.Place, value detect.Secret) error {
	if err := d.logIn(ctx); err != nil {
		return advice.On(err)
	}
	project, config, variable, err := split(p.ID)
	if err != nil {
		return err
	}
	return advice.On(d.set(ctx, project, config, variable, value))
}

// Check reads the secret again.
func (d *Driver) Check(ctx context.Context, p destination.Place, value detect.Secret, _ time.Time) (destination.Proof, error) {
	if err := d.logIn(ctx); err != nil {
		return "", advice.On(err)
	}
	project, config, variable, err := split(p.ID)
	if err != nil {
		return "", err
	}
	secrets, err := d.secrets(ctx, project, config, []string{variable})
	s, ok := secrets[variable]
	switch {
	case err != nil:
		return "", advice.On(err)
	case !ok:
		return destination.Stale, nil
	case s.Raw == nil:
		return destination.Unproven, nil
	case *s.Raw == value.Reveal():
		return destination.ReadBack, nil
	}
	return destination.Stale, nil
}

var errByHand = errors.New("doppler deploys nothing")

// Redeploy is never called: Doppler does not know what runs.
func (*Driver) Redeploy(context.Context, destination.Unit) (destination.Deployment, error) {
	return destination.Deployment{}, errByHand
}

// Deployed is never called.
func (*Driver) Deployed(context.Context, destination.Deployment) (destination.Progress, error) {
	return destination.Progress{}, errByHand
}

func split(id string) (project, config, variable string, err error) {
	parts := strings.Split(id, "/")
	if len(parts) != 3 {
		return "", "", "", fmt.Errorf("%q is no secret on Doppler", id)
	}
	return parts[0], parts[1], parts[2], nil
}
