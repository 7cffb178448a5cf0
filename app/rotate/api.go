package rotate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/clerk/manage"
)

// createByAPI has one of Clerk's APIs make the new credential. The request is made once: what an API shows is read before, and the state says that it
// is about to be asked. Where the answer is lost, or the run ends, what it shows then is compared with that.
func (r *runner) createByAPI(ctx context.Context) (done, error) {
	a, err := r.api(ctx)
	if err != nil {
		return done{}, err
	}
	if r.state.Asked.At.IsZero() {
		before, err := a.read(ctx)
		if err != nil && !errors.Is(err, manage.ErrNoKey) {
			return done{}, err
		}
		r.state.Asked = attempt{At: r.Now(), Before: before.Fingerprint()}
		if err := r.save(); err != nil {
			return done{}, err
		}
		key, err := a.rotate(ctx)
		switch {
		case err == nil:
			return r.created(key)
		case !errors.Is(err, manage.ErrOutcomeUnknown):
			r.state.Asked = attempt{} // nothing was rotated
			return done{}, errors.Join(err, r.save())
		case ctx.Err() != nil:
			return done{}, ctx.Err()
		}
		r.Person.Show("✗ Clerk's answer was lost. It isn't asked again before rekey knows whether it made a new one.")
	}
	return r.afterLostAnswer(ctx, a)
}

func (r *runner) created(key detect.Secret) (done, error) {
	p := r.state.Plan
	at := r.Now()
	if p.Overlap > 0 {
		// From the request on, not from the answer.
		r.state.New.OldEnds = r.state.Asked.At.Add(p.Overlap).Truncate(time.Second)
	}
	r.take(key)
	r.state.New.At = at
	return done{Detail: "Clerk made it: " + r.state.New.Redacted}, nil
}

// afterLostAnswer finds out whether the rotation was done. It never asks for another by itself.
func (r *runner) afterLostAnswer(ctx context.Context, a rotator) (done, error) {
	if a.blind {
		return r.onceMore(ctx, "Clerk was asked for a new "+noun(r.state.Plan.Subject)+", and its answer was lost. It can't be read back. The old one may have ended already. Rotate once more?")
	}
	key, err := a.read(ctx)
	switch {
	case errors.Is(err, manage.ErrNoKey):
		return done{}, errors.New("clerk was asked to rotate, its answer was lost, and it doesn't show the new key: look in the dashboard whether there is one. " +
			"If there is, add another one there, and go on with --restart --guided; the old keys end as planned. Don't rotate again")
	case err != nil:
		return done{}, fmt.Errorf("clerk was asked to rotate, and its answer was lost; whether it did can't be read now: %w. Run the same command again: it reads, and does not rotate again", err)
	case key.Fingerprint() == r.state.Asked.Before:
		// Clerk does not say which of several keys it shows, so that this proves nothing.
		return r.onceMore(ctx, "Clerk was asked to rotate, its answer was lost, and it shows the same key as before: probably nothing was rotated. Look at the keys in the dashboard. "+
			"If there is a new one, answer no, add another one there, and go on with --restart --guided. Ask Clerk to rotate once more?")
	}
	return r.created(key)
}

// onceMore lets a person decide whether a rotation that may have been done is asked for once more.
func (r *runner) onceMore(ctx context.Context, question string) (done, error) {
	yes, err := r.Person.Confirm(ctx, question)
	if errors.Is(err, ErrNobody) || err == nil && !yes {
		return done{}, errors.New("clerk was asked for a new one, its answer was lost, and whether it made one is not known: look in the dashboard, then run the same command at a terminal")
	}
	if err != nil {
		return done{}, err
	}
	r.state.Asked = attempt{}
	return done{}, errors.Join(r.save(), errAgain)
}

// readBack reads the credential that the API shows now.
func (r *runner) readBack(ctx context.Context) (detect.Secret, error) {
	a, err := r.api(ctx)
	if err != nil || a.blind {
		return zeroSecret, err
	}
	return a.read(ctx)
}

// rotator is one of Clerk's APIs for one credential.
type rotator struct {
	read   func(context.Context) (detect.Secret, error)
	rotate func(context.Context) (detect.Secret, error)
	blind  bool // what it made can't be read back
}

// api returns the API that the plan rotates by.
func (r *runner) api(ctx context.Context) (rotator, error) {
	p := r.state.Plan
	switch p.Subject.Kind {
	case detect.MachineSecretKey, detect.OAuthClientSecret:
		b, err := r.backend(ctx)
		if err != nil {
			return rotator{}, err
		}
		if p.Subject.Kind == detect.MachineSecretKey {
			return rotator{
				read: func(ctx context.Context) (detect.Secret, error) { return b.MachineSecretKey(ctx, p.Resource.ID) },
				rotate: func(ctx context.Context) (detect.Secret, error) {
					return b.RotateMachineSecretKey(ctx, p.Resource.ID, p.Overlap)
				},
			}, nil
		}
		return rotator{
			blind:  true,
			read:   func(context.Context) (detect.Secret, error) { return zeroSecret, manage.ErrNoKey },
			rotate: func(ctx context.Context) (detect.Secret, error) { return b.RotateOAuthSecret(ctx, p.Resource.ID) },
		}, nil
	}
	platform := r.Clerk.Platform()
	if platform == nil {
		return rotator{}, errors.New("nobody is logged in to Clerk any more: run clerk auth login, or set CLERK_PLATFORM_API_KEY")
	}
	app, id := p.Instance.Application, p.Instance.ID
	return rotator{
		read: func(ctx context.Context) (detect.Secret, error) { return platform.SecretKey(ctx, app, id) },
		rotate: func(ctx context.Context) (detect.Secret, error) {
			return platform.RotateSecretKeys(ctx, app, id, p.Overlap, "compromised: rekey "+withDefault(p.Subject.Fingerprint, "rotate"))
		},
	}, nil
}

// backend returns the Backend API with the instance's secret key: that of the environment, else one that a person pastes.
func (r *runner) backend(ctx context.Context) (Backend, error) {
	if r.backendAPI != nil {
		return r.backendAPI, nil
	}
	key := detect.NewSecret(r.getenv("CLERK_SECRET_KEY"))
	if key.Reveal() == "" {
		var err error
		key, err = r.paste(ctx, "Secret key of the instance (sk_…): ", func(v detect.Secret) string {
			return Subject{Kind: detect.SecretKey}.plausible(v.Reveal())
		})
		if errors.Is(err, ErrNobody) || err != nil && !r.Person.Answers() {
			return nil, errors.New("--api needs the instance's secret key for this kind: set CLERK_SECRET_KEY in the environment of this command")
		}
		if err != nil {
			return nil, err
		}
	}
	b, err := r.Clerk.Backend(key)
	if err == nil {
		r.backendAPI = b
	}
	return b, err
}

// resource finds the machine or OAuth application whose secret is rotated.
func (r *runner) resource(ctx context.Context, s Subject) (Resource, error) {
	var list []Resource
	switch s.Kind {
	case detect.MachineSecretKey, detect.OAuthClientSecret:
	default:
		return Resource{}, nil
	}
	b, err := r.backend(ctx)
	if err != nil {
		return Resource{}, err
	}
	what := "machine"
	if s.Kind == detect.MachineSecretKey {
		machines, err := b.Machines(ctx)
		if err != nil {
			return Resource{}, err
		}
		for _, m := range machines {
			list = append(list, Resource{m.ID, m.Name})
		}
		if one, ok := r.byKey(ctx, b, machines, s); ok && r.Resource == "" {
			return one, nil
		}
	} else {
		what = "OAuth application"
		apps, err := b.OAuthApplications(ctx)
		if err != nil {
			return Resource{}, err
		}
		for _, a := range apps {
			if !a.Public {
				list = append(list, Resource{a.ID, a.Name})
			}
		}
	}
	if r.Resource != "" {
		list = slices.DeleteFunc(list, func(x Resource) bool { return x.ID != r.Resource && !strings.EqualFold(x.Name, r.Resource) })
	}
	switch len(list) {
	case 0:
		return Resource{}, fmt.Errorf("this instance has no such %s%s", what, before(": ", r.Resource))
	case 1:
		return list[0], nil
	}
	var names []string
	for _, x := range list {
		names = append(names, x.Name+", "+x.ID)
	}
	i, err := r.Person.Choose(ctx, "Which "+what+" is it of?", names)
	if errors.Is(err, ErrNobody) {
		return Resource{}, fmt.Errorf("%w of the instance's: choose the %s by --resource: %s", ErrAmbiguous, what, strings.Join(names[:min(6, len(names))], "; "))
	}
	if err != nil {
		return Resource{}, err
	}
	return list[i], nil
}

// maxMachines is how many machines' keys are read to find whose the compromised one is.
const maxMachines = 20

// byKey finds the machine whose key is the compromised one.
func (r *runner) byKey(ctx context.Context, b Backend, machines []manage.Machine, s Subject) (Resource, bool) {
	if s.Fingerprint == "" {
		return Resource{}, false
	}
	for _, m := range machines[:min(len(machines), maxMachines)] {
		if key, err := b.MachineSecretKey(ctx, m.ID); err == nil && key.Fingerprint() == s.Fingerprint {
			return Resource{m.ID, cmp.Or(m.Name, m.ID)}, true
		}
	}
	return Resource{}, false
}
