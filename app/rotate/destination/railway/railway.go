// Package railway reaches Railway's GraphQL API: the variables of the services, and those that they share, in each environment of the project that the
// clone is linked to.
//
// A variable is written without a deployment, which would be one for each; the service's deployment that runs is then made again, of the same code, with
// the variables as they are by then.
//
// What is uncertain: "Not Authorized" is what the API says to a login that expired and to one that may not see the project, so both are told. Sealed
// variables can't be read. How many requests an hour the API takes depends on the plan: the values of those services alone are asked for that have the
// variable.
package railway

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

const (
	name            = "railway"
	maxEnvironments = 30 // of a project, with those of pull requests
)

// Driver is a [destination.Driver].
type Driver struct {
	machine *destination.Machine
	api     *client // nil before the first login
}

// New returns the driver.
func New(m *destination.Machine) *Driver { return &Driver{machine: m} }

// Name returns "railway".
func (*Driver) Name() string { return name }

// Look reads the variables of the projects that the clone is linked to.
func (d *Driver) Look(ctx context.Context, p destination.Project) destination.Survey {
	c := readConfig(d.machine)
	projects, because := c.linked(p.Dir)
	if files := p.Named("railway.json", "railway.toml"); because == "" && len(files) > 0 {
		because = files[0]
	}
	s := destination.Survey{Used: because != "", Because: because}
	if !s.Used {
		return s
	}
	err := d.logIn(ctx)
	var l login
	if err == nil {
		l, err = d.api.login(ctx)
	}
	if err != nil {
		s.Problems = append(s.Problems, d.advice().Problem(err))
		return s
	}
	s.Account = l.account
	if l.project != "" {
		if len(projects) > 0 && !slices.Equal(projects, []string{l.project}) {
			s.Problems = append(s.Problems, destination.Problem{
				What: "RAILWAY_TOKEN is " + l.account + ", and the clone is linked to another project too", Next: "unset RAILWAY_TOKEN, run railway login, and run this again",
			})
		}
		projects = []string{l.project}
	} else if set := d.machine.Getenv("RAILWAY_PROJECT_ID"); set != "" {
		projects = []string{set}
	}
	if len(projects) == 0 {
		s.Problems = append(s.Problems, destination.Problem{
			What: because + " is there, and the clone is linked to no project on Railway",
			Next: "run railway link in the clone",
		})
	}
	for _, id := range projects {
		d.project(ctx, &s, p, id, l.environment)
	}
	return s
}

// project looks into one: into all of its environments, or into the one that the token is for.
func (d *Driver) project(ctx context.Context, s *destination.Survey, p destination.Project, id, only string) {
	project, err := d.api.project(ctx, id)
	if err != nil {
		s.Problems = append(s.Problems, d.advice().Problem(err))
		return
	}
	environments := slices.DeleteFunc(project.environments, func(e environment) bool { return only != "" && e.ID != only })
	if len(environments) > maxEnvironments {
		s.Problems = append(s.Problems, destination.Problem{
			What: fmt.Sprintf("the Railway project %s has %d environments, of which %d were looked at", project.name, len(environments), maxEnvironments),
			Next: "delete those that aren't needed",
		})
		environments = environments[:maxEnvironments]
	}
	for _, e := range environments {
		if e.CanAccess != nil && !*e.CanAccess {
			s.Problems = append(s.Problems, destination.Problem{
				What: "the login may not see the environment " + e.Name + " of the Railway project " + project.name,
				Next: "ask an admin of the project to rotate it there",
			})
			continue
		}
		places, err := d.places(ctx, p, project, e)
		if err != nil {
			s.Problems = append(s.Problems, d.advice().Problem(err))
		}
		s.Places = append(s.Places, places...)
	}
}

func (d *Driver) places(ctx context.Context, p destination.Project, project project, e environment) ([]destination.Place, error) {
	vars, err := d.api.names(ctx, e.ID, e.Name)
	if err != nil {
		return nil, err
	}
	values := map[string]map[string]string{} // by service
	var out []destination.Place
	for _, v := range vars {
		if !slices.Contains(p.Variables, v.Name) {
			continue
		}
		at := unitID{project.id, e.ID, v.ServiceID}
		if values[v.ServiceID] == nil && !v.IsSealed {
			if values[v.ServiceID], err = d.api.values(ctx, at, e.Name); err != nil {
				return out, err
			}
		}
		out = append(out, place(p, project, e, v, at, values[v.ServiceID][v.Name]))
	}
	slices.SortFunc(out, func(a, b destination.Place) int { return strings.Compare(a.Title+a.ID, b.Title+b.ID) })
	return out, nil
}

func place(p destination.Project, project project, e environment, v variable, at unitID, value string) destination.Place {
	unit := destination.Unit{Driver: name, ID: at.String()}
	if at.service == "" {
		unit.Title = fmt.Sprintf("what uses the shared variables of Railway project %s (%s)", project.name, e.Name)
		unit.Takes, unit.ByHand = destination.TakesByHand, "Run railway redeploy for each service that uses the shared variable."
	} else {
		service := project.services[at.service]
		unit.Title = fmt.Sprintf("Railway service %s of project %s (%s)", service, project.name, e.Name)
		unit.Takes, unit.Redeploys = destination.TakesByRedeploy, "runs the same code again, with the new variables"
	}
	title := strings.TrimPrefix(unit.Title, "what uses the ")
	out := destination.Place{
		Driver: name, ID: at.String() + "/" + v.Name, Title: strings.ToUpper(title[:1]) + title[1:], Variable: v.Name, Scope: destination.ScopeNamed(e.Name),
		Holding: destination.Unreadable, Updated: v.UpdatedAt, Unit: unit,
	}
	if e.IsEphemeral {
		out.Scope = destination.Preview
	}
	switch {
	case v.IsSealed:
		out.Note = "The variable is sealed, so its value can't be read."
	case strings.Contains(value, "${{"):
		out.Holding, out.Note = destination.Other, "It takes its value from another variable of the project."
	default:
		out.Holding = p.Judge(value)
	}
	return out
}

var errTemplate = errors.New("railway would read ${{ in the value as a reference to another variable: set it in the dashboard")

// Write sets one variable, and starts no deployment.
func (d *Driver) Write(ctx context.Context, p destination.Place, value detect.Secret) error {
	if strings.Contains(value.Reveal(), "${{") {
		return errTemplate
	}
	if err := d.logIn(ctx); err != nil {
		return d.advice().On(err)
	}
	at, variable := parse(p.ID)
	if variable == "" {
		return errPlace(p.ID)
	}
	return d.advice().On(d.api.upsert(ctx, at, variable, p.Title, value))
}

// Check reads the variable again. Of a sealed one it knows the time only.
func (d *Driver) Check(ctx context.Context, p destination.Place, value detect.Secret, since time.Time) (destination.Proof, error) {
	if err := d.logIn(ctx); err != nil {
		return "", d.advice().On(err)
	}
	at, name := parse(p.ID)
	if name == "" {
		return "", errPlace(p.ID)
	}
	vars, err := d.api.names(ctx, at.environment, p.Title)
	if err != nil {
		return "", d.advice().On(err)
	}
	i := slices.IndexFunc(vars, func(v variable) bool { return v.Name == name && v.ServiceID == at.service })
	switch {
	case i < 0:
		return destination.Stale, nil
	case vars[i].IsSealed && p.SetSince(vars[i].UpdatedAt, since):
		return destination.Touched, nil
	case vars[i].IsSealed:
		return destination.Unproven, nil
	}
	values, err := d.api.values(ctx, at, p.Title)
	switch {
	case err != nil:
		return "", d.advice().On(err)
	case values[name] == value.Reveal():
		return destination.ReadBack, nil
	}
	return destination.Stale, nil
}

// Redeploy makes the service's deployment that runs again: a newer one that failed, or was skipped, is another commit.
func (d *Driver) Redeploy(ctx context.Context, u destination.Unit) (destination.Deployment, error) {
	if err := d.logIn(ctx); err != nil {
		return destination.Deployment{}, d.advice().On(err)
	}
	at, _ := parse(u.ID + "/")
	id, err := d.api.redeploy(ctx, at, u.Title)
	if err != nil {
		return destination.Deployment{}, d.advice().On(err)
	}
	return destination.Deployment{Unit: u, ID: id, URL: at.page(id)}, nil
}

// Deployed asks for a deployment's status.
func (d *Driver) Deployed(ctx context.Context, x destination.Deployment) (destination.Progress, error) {
	if err := d.logIn(ctx); err != nil {
		return destination.Progress{}, d.advice().On(err)
	}
	status, err := d.api.status(ctx, x.ID, x.Unit.Title)
	if err != nil {
		return destination.Progress{}, d.advice().On(err)
	}
	switch status {
	case "SUCCESS", "SLEEPING":
		return destination.Progress{State: destination.Live}, nil
	case "FAILED", "CRASHED":
		return destination.Progress{State: destination.Failed, Detail: "Railway says " + strings.ToLower(status) + ": see its logs"}, nil
	case "REMOVED", "REMOVING", "SKIPPED":
		return destination.Progress{State: destination.Failed, Detail: "another deployment replaced it, or somebody removed it: see whether a later one is live"}, nil
	}
	return destination.Progress{State: destination.Deploying}, nil
}

// unitID is by which a service in an environment is found again. Variables that services share have no service.
type unitID struct{ project, environment, service string }

// String is the opposite of parse.
func (u unitID) String() string { return u.project + "/" + u.environment + "/" + u.service }

func (u unitID) page(deployment string) string {
	return "https://railway.com/project/" + u.project + "/service/" + u.service + "?environmentId=" + u.environment + "&id=" + deployment
}

func parse(place string) (unitID, string) {
	parts := append(strings.SplitN(place, "/", 4), "", "", "", "")
	return unitID{parts[0], parts[1], parts[2]}, parts[3]
}

func errPlace(id string) error { return fmt.Errorf("%q is no variable on Railway", id) }
