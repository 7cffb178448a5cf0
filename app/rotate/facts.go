package rotate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/clerk/manage"
)

func (r *runner) makePlan(ctx context.Context, s Subject) (Plan, error) {
	s.Superseded = r.superseded
	var shared *state
	if !r.Restart {
		shared = r.earlier.elsewhere(s, r.file)
	}
	if shared != nil && r.New.Reveal() != "" && !shared.isNew(r.New) {
		shared = nil // a person gave another one
	}
	instance, problem, err := r.instance(ctx, s)
	if err != nil {
		return Plan{}, err
	}
	f := Facts{
		Subject: s, Instance: instance, Overlap: r.Overlap, Only: r.Only, Skip: r.Skip, Include: r.Include, Comment: !r.NoComment, Abused: r.Abused,
	}
	if f.Dead, err = r.dead(ctx, s); err != nil {
		return Plan{}, err
	}
	if shared != nil {
		err = f.share(shared)
	} else {
		err = r.origin(ctx, &f)
	}
	if err != nil {
		return Plan{}, err
	}
	f.Surveys = r.surveys(ctx, s)
	if err := ctx.Err(); err != nil {
		return Plan{}, err
	}
	f.ByHand = byHand(ctx, r.guideLeak(s), r.clone, f.Surveys, r.Only, r.Skip)
	if err := unknownPlaces(f); err != nil {
		return Plan{}, err
	}
	p := MakePlan(f)
	if problem != nil {
		p.Problems = append([]Problem{*problem}, p.Problems...)
	}
	return p, nil
}

// dead reports whether Clerk refuses the old key already. It is asked only where that disturbs nothing: a person goes by the key's "Last used" otherwise.
func (r *runner) dead(ctx context.Context, s Subject) (bool, error) {
	recipe, _ := recipeFor(s.Kind)
	if !recipe.proves || r.old.Reveal() == "" || !r.Abused && !r.closed {
		return false, nil
	}
	answer, err := r.Clerk.Ask(ctx, r.old)
	return err == nil && answer.State == respond.KeyRevoked, ctx.Err()
}

// origin decides where the new credential comes from.
func (r *runner) origin(ctx context.Context, f *Facts) (err error) {
	if f.Way, err = r.way(f.Subject, f.Instance); err != nil {
		return err
	}
	if f.Way == ByAPI {
		if f.Resource, err = r.resource(ctx, f.Subject); err != nil {
			return err
		}
	}
	f.Overlap = overlap(f.Way, f.Subject.Kind, r.Overlap, r.Abused)
	return nil
}

// unknownPlaces refuses --include of what no driver found: it would be left out without a word.
func unknownPlaces(f Facts) error {
	for _, name := range f.Include {
		known := slices.ContainsFunc(f.Surveys, func(s Survey) bool {
			return slices.ContainsFunc(s.Places, func(p destination.Place) bool { return s.Driver+":"+p.ID == name })
		})
		if !known {
			return fmt.Errorf("--include %s: rekey found no such place: rekey rotate --dry-run names those that there are", name)
		}
	}
	return nil
}

// overlap is how long old credentials keep working, by what each API allows.
func overlap(way Way, kind detect.Kind, wanted time.Duration, abused bool) time.Duration {
	switch {
	case way != ByAPI, abused, kind == detect.OAuthClientSecret:
		return 0
	case kind == detect.MachineSecretKey:
		return min(wanted, manage.MaxMachineOverlap)
	}
	return wanted
}

// way decides how the new credential comes into being.
func (r *runner) way(s Subject, in Instance) (Way, error) {
	recipe, _ := recipeFor(s.Kind)
	secretKey := recipe.api == platformAPI
	can := secretKey && r.Clerk.Platform() != nil && in.ID != "" && in.Application != ""
	switch {
	case recipe.generated:
		return Made, nil
	case r.New.Reveal() != "":
		return Guided, nil
	case r.Options.Way == ByAPI && recipe.api == noAPI:
		return "", fmt.Errorf("no API of Clerk's rotates a %s: leave --api out, and rekey leads you through the dashboard", describe(s))
	case r.Options.Way == ByAPI && secretKey && !can:
		return "", errors.New("there is no way to Clerk's API: log in by clerk auth login, or set CLERK_PLATFORM_API_KEY, and name the instance by --instance")
	case r.Options.Way == ByAPI:
		return ByAPI, nil
	case r.Options.Way == Guided, !secretKey, !can:
		return Guided, nil
	case r.Yes:
		return "", errors.New("--yes needs to know how the new key is made: --api has Clerk's API make it, which ends ALL secret keys of the instance; --key-stdin reads one that you made")
	}
	return ByAPI, nil
}
