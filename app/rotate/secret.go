package rotate

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/clerk/manage"
)

var zeroSecret detect.Secret

// create brings the new credential into being. It is in this process alone: a run that ends here asks for it again.
func (r *runner) create(ctx context.Context) (done, error) {
	recipe, _ := recipeFor(r.state.Plan.Subject.Kind)
	switch {
	case !recipe.written:
		return r.ask(ctx, Step{Text: r.state.Plan.Steps[0].Text})
	case r.state.Plan.Way == Made:
		return r.generate()
	case r.state.Plan.Way == ByAPI:
		return r.createByAPI(ctx)
	}
	return r.createByHand(ctx)
}

// take keeps a new credential, and what it is recognised by.
func (r *runner) take(value detect.Secret) {
	r.secret = value
	if again := supersededID(value.Fingerprint()); slices.ContainsFunc(r.state.Plan.Steps, func(s Step) bool { return s.ID == again }) {
		r.state.Done[again] = done{At: r.Now(), Detail: "It is the new one after all."}
	}
	r.state.New = made{Fingerprint: value.Fingerprint(), Redacted: value.Redacted(), At: r.Now(), OldEnds: r.state.New.OldEnds}
}

func (r *runner) generate() (done, error) {
	bytes := make([]byte, 32)
	rand.Read(bytes)
	r.take(detect.NewSecret(hex.EncodeToString(bytes)))
	return done{Detail: "It is made."}, nil
}

// maxPasted is how often a person may paste something that can't be right.
const maxPasted = 5

func (r *runner) createByHand(ctx context.Context) (done, error) {
	if r.New.Reveal() != "" {
		if wrong := r.state.Plan.Subject.plausible(r.New.Reveal()); wrong != "" {
			return done{}, fmt.Errorf("what standard input gave is not the new %s: %s", noun(r.state.Plan.Subject), wrong)
		}
		r.take(r.New)
		return done{Detail: "It was given: " + r.state.New.Redacted}, nil
	}
	r.Person.Show("→ " + r.state.Plan.Steps[0].Text)
	if recipe, _ := recipeFor(r.state.Plan.Subject.Kind); recipe.page != "" || r.state.Plan.Subject.Dashboard != "" {
		r.Person.Open(ctx, withDefault(r.state.Plan.Subject.Dashboard, recipe.page))
	}
	value, err := r.paste(ctx, "New "+noun(r.state.Plan.Subject)+": ", func(v detect.Secret) string { return r.state.Plan.Subject.plausible(v.Reveal()) })
	if err != nil {
		return done{}, err
	}
	r.take(value)
	return done{Detail: "It was pasted: " + r.state.New.Redacted}, nil
}

// paste asks for a credential until it can be right.
func (r *runner) paste(ctx context.Context, prompt string, wrong func(detect.Secret) string) (detect.Secret, error) {
	for range maxPasted {
		value, err := r.Person.Secret(ctx, prompt)
		if errors.Is(err, ErrNobody) {
			return zeroSecret, errors.New("nobody is there to paste the new credential: --key-stdin reads it from standard input")
		}
		if err != nil {
			return zeroSecret, err
		}
		why := wrong(value)
		if why == "" {
			return value, nil
		}
		r.Person.Show("✗ That can't be it: " + why + ".")
	}
	return zeroSecret, errors.New("none of these was the new credential; nothing was written. Run the same command when you have it")
}

// newSecret returns the new credential: what this run has, or what an earlier run made, from where it can be found again.
func (r *runner) newSecret(ctx context.Context) (detect.Secret, error) {
	if r.secret.Reveal() != "" {
		return r.secret, nil
	}
	value, err := r.findAgain(ctx)
	if err != nil {
		return zeroSecret, err
	}
	if value.Reveal() == "" {
		if value, err = r.askAgain(ctx); err != nil {
			return zeroSecret, err
		}
	}
	r.secret = value
	return value, nil
}

// findAgain looks where the new credential was written on this machine, then asks Clerk's API. It returns none where it is in neither.
func (r *runner) findAgain(ctx context.Context) (detect.Secret, error) {
	if r.state.isNew(r.New) {
		return r.New, nil
	}
	found, err := r.clone.find(ctx, r.Scanner, r.getenv, r.Now)
	if err != nil {
		return zeroSecret, err
	}
	for _, f := range found {
		if r.state.isNew(f.Secret) {
			return f.Secret, nil
		}
	}
	p := r.state.Plan
	if p.Way != ByAPI {
		return zeroSecret, nil
	}
	key, err := r.readBack(ctx)
	switch {
	case ctx.Err() != nil:
		return zeroSecret, ctx.Err()
	case err == nil && r.state.isNew(key):
		return key, nil
	case errors.Is(err, manage.ErrUnauthorized):
		return zeroSecret, err
	}
	return zeroSecret, nil
}

// askAgain has a person give the new credential once more, or another one in its place.
func (r *runner) askAgain(ctx context.Context) (detect.Secret, error) {
	if r.state.Plan.Way == Made {
		return zeroSecret, r.startOver("the new key was only in the run that was stopped, and is in no file here")
	}
	r.Person.Show("An earlier run had the new " + noun(r.state.Plan.Subject) + " " + r.state.New.Redacted + ", and kept it nowhere. Paste it once more. " +
		"If you no longer have it, make another one in Clerk's dashboard, paste that, and delete the first: all places get the other one then.")
	value, err := r.paste(ctx, "New "+noun(r.state.Plan.Subject)+" "+r.state.New.Redacted+": ", func(v detect.Secret) string {
		return r.state.Plan.Subject.plausible(v.Reveal())
	})
	if err != nil || r.state.isNew(value) {
		return value, err
	}
	yes, err := r.Person.Confirm(ctx, "This is another one, "+value.Redacted()+". Give it to all places, those that have the first one too?")
	if err != nil {
		return zeroSecret, err
	}
	if !yes {
		return zeroSecret, errors.New("nothing more was written: run the same command when you have the new credential")
	}
	r.state.Plan.supersede(r.state.New)
	r.take(value)
	for _, s := range r.state.Plan.Steps {
		if s.Do == Prove || s.Do == Write || s.Do == Deploy {
			delete(r.state.Done, s.ID)
		}
	}
	r.state.Deployed = nil
	if err := r.save(); err != nil {
		return zeroSecret, err
	}
	return zeroSecret, errAgain
}

// errAgain has the plan begin again from its first step that is not done: some are not done any more.
var errAgain = errors.New("the plan begins again")

// startOver forgets what was made, so that another is made and written everywhere.
func (r *runner) startOver(why string) error {
	for _, s := range r.state.Plan.Steps {
		if s.Do == Create || s.Do == Prove || s.Do == Write || s.Do == Deploy {
			delete(r.state.Done, s.ID)
		}
	}
	r.state.New, r.state.Deployed = made{}, nil
	if err := r.save(); err != nil {
		return err
	}
	r.Person.Show(why + ": another one is made, and written everywhere.")
	return errAgain
}
