// Package gcp reaches Google Cloud's Secret Manager, through gcloud: the secrets that the files of a repository give to Cloud Run, Cloud Build and Firebase
// under the variable's name.
//
// A write adds a version, and leaves the older ones enabled. A service on Cloud Run that has the latest version, and sends all requests to its newest
// revision, gets a new revision of the image that runs: where the service names that by a tag, which may have been moved since, it names it by its digest from
// then on. gcloud makes a revision even where nothing differs. Other services are told.
//
// What is uncertain: a secret that is an object with the key as a member is not looked into. A secret that only code reads, by its own name, is not
// found.
package gcp

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

const name = "gcp"

// Driver is a [destination.Driver].
type Driver struct{ tools *destination.Tools }

// New returns the driver.
func New(m *destination.Machine) *Driver { return &Driver{m.Tools()} }

// Name returns "gcp".
func (*Driver) Name() string { return name }

// Look reads the latest version of each secret that the files name.
func (d *Driver) Look(ctx context.Context, p destination.Project) destination.Survey {
	n := read(p)
	s := destination.Survey{Used: n.because != "", Because: n.because}
	if !s.Used {
		return s
	}
	set, err := d.settings(ctx)
	switch {
	case err != nil:
		s.Problems = append(s.Problems, destination.Problem{What: "check the login on Google Cloud: " + err.Error(), Next: next(err)})
		return s
	case set.Core.Account == "":
		s.Problems = append(s.Problems, destination.Problem{What: "nobody is logged in to Google Cloud", Next: "run gcloud auth login"})
		return s
	}
	project := n.project
	if set.Core.Project != "" && project == "" {
		project = set.Core.Project
	}
	s.Account = destination.Quote(fmt.Sprintf("%s (project %s)", set.Core.Account, project), detect.Secret{})
	services := map[string][]service{} // by project
	for _, r := range n.secrets {
		at := project
		if r.project != "" {
			at = r.project
		}
		if at == "" {
			s.Problems = append(s.Problems, destination.Problem{
				What: "nothing says which project on Google Cloud has the secret " + r.secret, Next: "run gcloud config set project PROJECT",
			})
			continue
		}
		if _, known := services[at]; !known {
			running, err := d.running(ctx, at, n.services)
			if err != nil {
				s.Problems = append(s.Problems, destination.Problem{What: err.Error(), Next: next(err)})
			}
			if loggedOut(err) {
				break
			}
			services[at] = running
		}
		err := d.secret(ctx, &s, p, r, at, services[at])
		if ctx.Err() != nil || loggedOut(err) || destination.Unreachable(err) {
			break // the others could not be read either
		}
	}
	return s
}

// running finds the services that the files deploy. There may be some beside an error.
func (d *Driver) running(ctx context.Context, project string, names []string) (all []service, err error) {
	for _, name := range names {
		found, err := d.services(ctx, project, name)
		if err != nil {
			return all, fmt.Errorf("find the service %s on Cloud Run: %w", name, err)
		}
		all = append(all, found...)
	}
	return all, nil
}

func (d *Driver) secret(ctx context.Context, s *destination.Survey, p destination.Project, r reference, project string, services []service) error {
	place := destination.Place{
		Driver: name, ID: project + "/" + r.secret + "/" + r.variable, Title: fmt.Sprintf("Google Cloud secret %s (project %s)", r.secret, project),
		Variable: r.variable, Scope: scope(r.secret), Unit: unit(project, r, services),
		Note: "The old value stays in an earlier version, which is enabled until you run gcloud secrets versions disable VERSION --secret=" + r.secret + ".",
	}
	value, err := d.access(ctx, project, r.secret)
	switch {
	case denied(err):
		place.Holding = destination.Unreadable
	case err != nil:
		s.Problems = append(s.Problems, destination.Problem{
			What: fmt.Sprintf("read the secret %s of the project %s, which %s names: %v", r.secret, project, r.file, err), Next: next(err),
		})
		return err
	default:
		place.Holding = p.Judge(value)
	}
	s.Places = append(s.Places, place)
	return nil
}

// scope reads for what a secret is from the words of its name: prod-clerk-key.
func scope(secret string) destination.Scope {
	for _, word := range strings.FieldsFunc(secret, func(r rune) bool { return r == '-' || r == '_' }) {
		if s := destination.ScopeNamed(word); s != "" {
			return s
		}
	}
	return ""
}

// unit is the one service that has the secret, if a new revision of it is all that it takes.
func unit(project string, r reference, services []service) destination.Unit {
	users := slices.DeleteFunc(slices.Clone(services), func(s service) bool { v, _ := s.reads(r.secret); return v == "" })
	u := destination.Unit{Driver: name, Takes: destination.TakesByHand}
	if len(users) == 1 {
		s := users[0]
		variable, version := s.reads(r.secret)
		u.ID = unitID{project, s.region(), s.Metadata.Name, variable, r.secret}.String()
		u.Title = fmt.Sprintf("Cloud Run service %s (%s, project %s)", s.Metadata.Name, s.region(), project)
		if version == "latest" && s.takes() {
			u.Takes, u.Redeploys = destination.TakesByRedeploy, "makes a new revision of "+s.Metadata.Name+", of the same image"
			return u
		}
		u.ByHand = fmt.Sprintf("Run gcloud run services update %s --region=%s --project=%s --update-secrets=%s=%s:latest, and send the requests to the new revision.",
			s.Metadata.Name, s.region(), project, variable, r.secret)
		return u
	}
	u.ID, u.Title = project+"//"+r.secret, "what reads the Google Cloud secret "+r.secret
	names := []string{"SERVICE"}
	if len(users) > 1 {
		names = nil
		for _, s := range users {
			names = append(names, s.Metadata.Name)
		}
	}
	u.ByHand = fmt.Sprintf("Make a new revision of what reads it (%s): gcloud run services update SERVICE --project=%s --update-secrets=%s=%s:latest, or deploy the same commit again.",
		strings.Join(names, ", "), project, r.variable, r.secret)
	if len(users) == 0 {
		u.ByHand = strings.Replace(u.ByHand, " (SERVICE)", "", 1)
	}
	return u
}

// unitID is by which a service is found again, and the variable in which it has the secret.
type unitID struct{ project, region, service, variable, secret string }

// String is the opposite of parse.
func (u unitID) String() string {
	return strings.Join([]string{u.project, u.region, u.service, u.variable, u.secret}, "/")
}

func parse(id string) unitID {
	parts := append(strings.Split(id, "/"), "", "", "", "", "")
	return unitID{parts[0], parts[1], parts[2], parts[3], parts[4]}
}

// split returns what a place's id says, but for the variable.
func split(place string) (project, secret string, err error) {
	parts := strings.Split(place, "/")
	if len(parts) != 3 {
		return "", "", fmt.Errorf("%q is no secret on Google Cloud", place)
	}
	return parts[0], parts[1], nil
}

// Write adds a version, where the latest one is not the value already.
func (d *Driver) Write(ctx context.Context, p destination.Place, value detect.Secret) error {
	project, secret, err := split(p.ID)
	if err != nil {
		return err
	}
	if now, err := d.access(ctx, project, secret); err == nil && now == value.Reveal() {
		return nil
	} else if err != nil && !denied(err) {
		return on(err, "read the "+p.Title)
	}
	return on(d.add(ctx, project, secret, value), "add a version to the "+p.Title)
}

// Check reads the latest version again, where the login may.
func (d *Driver) Check(ctx context.Context, p destination.Place, value detect.Secret, _ time.Time) (destination.Proof, error) {
	project, secret, err := split(p.ID)
	if err != nil {
		return "", err
	}
	now, err := d.access(ctx, project, secret)
	switch {
	case denied(err):
		return destination.Unproven, nil
	case err != nil:
		return "", on(err, "read the "+p.Title)
	case now == value.Reveal():
		return destination.ReadBack, nil
	}
	return destination.Stale, nil
}

// Redeploy makes a new revision of a service on Cloud Run.
func (d *Driver) Redeploy(ctx context.Context, u destination.Unit) (destination.Deployment, error) {
	at := parse(u.ID)
	s, err := d.describe(ctx, at)
	if err != nil {
		return destination.Deployment{}, on(err, "see what runs as "+u.Title)
	}
	if !s.takes() {
		return destination.Deployment{}, fmt.Errorf("%s: its newest revision does not get the requests, or did not start: a new one might be of other code; "+
			"see gcloud run revisions list --service=%s --region=%s --project=%s, and deploy the code that runs again", u.Title, at.service, at.region, at.project)
	}
	args := []string{
		"run", "services", "update", at.service, "--region=" + at.region, "--project=" + at.project, "--update-secrets=" + at.variable + "=" + at.secret + ":latest", "--async",
	}
	if !s.pinned() {
		image, err := d.image(ctx, at, s.Status.Ready)
		if err != nil {
			return destination.Deployment{}, on(err, "see what runs as "+u.Title)
		}
		args = append(args, "--image="+image)
	}
	if _, err := d.gcloud(ctx, destination.Call{Args: args}); err != nil {
		return destination.Deployment{}, on(err, "make a new revision of "+u.Title)
	}
	if s, err = d.describe(ctx, at); err != nil {
		return destination.Deployment{}, on(err, "see the new revision of "+u.Title)
	}
	page := fmt.Sprintf("https://console.cloud.google.com/run/detail/%s/%s/revisions?project=%s", at.region, at.service, at.project)
	return destination.Deployment{Unit: u, ID: strconv.FormatInt(s.Metadata.Generation, 10), URL: page}, nil
}

// Deployed asks whether the service is ready as it was asked for.
func (d *Driver) Deployed(ctx context.Context, x destination.Deployment) (destination.Progress, error) {
	s, err := d.describe(ctx, parse(x.Unit.ID))
	if err != nil {
		return destination.Progress{}, on(err, "ask how far the new revision of "+x.Unit.Title+" is")
	}
	asked, err := strconv.ParseInt(x.ID, 10, 64)
	if err != nil {
		return destination.Progress{}, fmt.Errorf("ask how far the new revision of %s is: %q is no generation of a service", x.Unit.Title, x.ID)
	}
	if s.Status.ObservedGeneration < asked {
		return destination.Progress{State: destination.Deploying}, nil
	}
	for _, c := range s.Status.Conditions {
		switch {
		case c.Type != "Ready":
		case c.Status == "True":
			return destination.Progress{State: destination.Live}, nil
		case c.Status == "False":
			return destination.Progress{State: destination.Failed, Detail: destination.Quote(c.Message, detect.Secret{})}, nil
		}
	}
	return destination.Progress{State: destination.Deploying}, nil
}
