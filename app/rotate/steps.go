package rotate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
)

// step does one step.
func (r *runner) step(ctx context.Context, s Step) (done, error) {
	switch s.Do {
	case Create:
		return r.create(ctx)
	case Prove:
		return r.prove(ctx)
	case Write:
		return r.write(ctx, s)
	case Deploy:
		return r.deploy(ctx, s)
	case Ask:
		return r.ask(ctx, s)
	case End:
		return r.end(ctx)
	case Tell:
		return r.tell(ctx, s)
	}
	return done{}, fmt.Errorf("the state names a step that this version doesn't know (%s): finish with the version that began", s.Do)
}

// prove asks Clerk about the new key before it is written anywhere.
func (r *runner) prove(ctx context.Context) (done, error) {
	key, err := r.newSecret(ctx)
	if err != nil {
		return done{}, err
	}
	answer, err := r.Clerk.Ask(ctx, key)
	if err != nil {
		return done{}, fmt.Errorf("the new key can't be checked: %w. Nothing was written; run the same command again", err)
	}
	p := r.state.Plan
	switch {
	case answer.State == respond.KeyRevoked:
		return done{}, r.forgetNew("Clerk doesn't know the new key: it was pasted wrong, or deleted again. Nothing was written")
	case answer.State == respond.KeyFenced:
		return r.proveFenced(ctx)
	case answer.State != respond.KeyAlive:
		return done{}, fmt.Errorf("clerk gave no clear answer about the new key (%s): nothing was written; run the same command again", withDefault(answer.Detail, string(answer.State)))
	case p.Instance.ID != "" && answer.InstanceID != p.Instance.ID:
		return done{}, r.forgetNew("the new key is of the instance " + answer.InstanceID + ", and the old one of " + p.Instance.ID + ". Nothing was written. Make one in the right application")
	case p.Subject.Environment != "" && answer.Environment != "" && answer.Environment != p.Subject.Environment:
		return done{}, r.forgetNew("the new key is of " + environmentWord(answer.Environment) + ", and the old one of " + environmentWord(p.Subject.Environment) + ". Nothing was written")
	}
	detail := "The new key works, and is of the instance " + answer.InstanceID + "."
	if p.Instance.ID == "" {
		yes, err := r.confirmInstance(ctx, answer.InstanceID)
		if err != nil {
			return done{}, err
		}
		if !yes {
			return done{}, r.forgetNew("the new key is of the wrong instance. Nothing was written")
		}
	}
	r.state.New.Instance = answer.InstanceID
	return done{Detail: detail}, nil
}

// confirmInstance is for an old key of which nothing says which instance it is of. The old key itself does, where the clone holds it: Clerk is asked
// about it only with a person's word, since that moves its "Last used".
func (r *runner) confirmInstance(ctx context.Context, id string) (bool, error) {
	if strings.HasPrefix(r.Options.Instance, "ins_") {
		return r.Options.Instance == id, nil
	}
	if r.old.Reveal() != "" {
		ask := r.Yes
		if !ask {
			var err error
			ask, err = r.Person.Confirm(ctx, "Nothing in this clone says which instance the old key is of. Ask Clerk with the old key itself? That changes its \"Last used\" once.")
			if err != nil && !errors.Is(err, ErrNobody) {
				return false, err
			}
		}
		if ask {
			if answer, err := r.Clerk.Ask(ctx, r.old); err == nil && answer.InstanceID != "" {
				return answer.InstanceID == id, nil
			}
		}
	}
	yes, err := r.Person.Confirm(ctx, "The new key is of the instance "+id+". Nothing says which one the old key is of. Is it the same?")
	if errors.Is(err, ErrNobody) {
		return false, fmt.Errorf("nothing says which instance the old key is of, and the new one is of %s: if that is right, run the same command with --instance %s", id, id)
	}
	return yes, err
}

// proveFenced is for a key that Clerk takes from some addresses only, of which this machine has none.
func (r *runner) proveFenced(ctx context.Context) (done, error) {
	const fenced = "Clerk accepts this key from certain addresses only, and this machine has none of them, so rekey can't tell which instance it is of."
	yes, err := r.Person.Confirm(ctx, fenced+" Are you sure that it is the right one?")
	switch {
	case errors.Is(err, ErrNobody):
		return done{}, errors.New("clerk accepts the new key from certain addresses only: run this from one of them, or at a terminal. Nothing was written")
	case err != nil:
		return done{}, err
	case !yes:
		return done{}, r.forgetNew("nothing was written. Run the same command from a machine whose address the key's allow list has")
	}
	return done{Detail: "You said that it is the right one: Clerk accepts it from other addresses only."}, nil
}

// forgetNew undoes the creation, so that another one is asked for: at once where somebody is there, else by the next run.
func (r *runner) forgetNew(why string) error {
	if r.state.Plan.Way != Guided {
		return errors.New(why + ". To make another one, use --restart")
	}
	r.secret, r.state.New = zeroSecret, made{}
	for _, s := range r.state.Plan.Steps {
		if s.Do == Create || s.Do == Prove {
			delete(r.state.Done, s.ID)
		}
	}
	if err := r.save(); err != nil {
		return err
	}
	if r.tries++; r.tries < maxPasted && r.Person.Answers() && r.New.Reveal() == "" {
		r.Person.Show("✗ " + why + ".")
		return errAgain
	}
	return errors.New(why)
}

// write writes one place, and looks whether it holds the new value then.
func (r *runner) write(ctx context.Context, s Step) (done, error) {
	driver, err := r.driver(s.Place.Driver)
	if err != nil {
		return done{}, err
	}
	value, err := r.newSecret(ctx)
	if err != nil {
		return done{}, err
	}
	since := r.Now()
	if err := driver.Write(ctx, s.Place, value); err != nil {
		return done{}, err
	}
	proof, err := driver.Check(ctx, s.Place, value, since)
	switch {
	case err != nil && ctx.Err() == nil: // it was taken; only the look at it failed
		return done{Proof: destination.Unproven, Detail: "It was written; a look at it failed: " + err.Error()}, nil
	case err != nil:
		return done{}, err
	case proof == destination.Stale:
		return done{}, fmt.Errorf("%s: it was written, and holds something else now: another program may write there too", s.Place.Title)
	}
	return done{Proof: proof}, nil
}

func (r *runner) driver(name string) (destination.Driver, error) {
	for _, d := range r.Drivers {
		if d.Name() == name {
			return d, nil
		}
	}
	return nil, fmt.Errorf("this version of rekey doesn't know the destination %s: finish with the version that began", name)
}

const (
	deployPause = 3 * time.Second
	deployLasts = 20 * time.Minute
)

// deploy asks for a deployment, once in all runs, and waits for its end.
func (r *runner) deploy(ctx context.Context, s Step) (done, error) {
	driver, err := r.driver(s.Unit.Driver)
	if err != nil {
		return done{}, err
	}
	d, known := r.deployment(s)
	if !known {
		if d, err = driver.Redeploy(ctx, s.Unit); err != nil {
			return done{}, err
		}
		r.state.Deployed = append(r.state.Deployed, deployed{Step: s.ID, Deployment: d})
		if err := r.save(); err != nil {
			return done{}, err
		}
	}
	r.Person.Show("Deploying " + s.Unit.Title + withURL(d.URL))
	for until := r.Now().Add(deployLasts); ; {
		p, err := driver.Deployed(ctx, d)
		switch {
		case err != nil:
			return done{}, err
		case p.State == destination.Live:
			return done{Detail: "It runs."}, nil
		case p.State == destination.Failed:
			r.forgetDeployment(s)
			return done{}, errors.Join(fmt.Errorf("%s: the deployment failed%s%s: the former one still runs, with the old value; the same command deploys again",
				s.Unit.Title, before(": ", p.Detail), withURL(d.URL)), r.save())
		case r.Now().After(until):
			return done{}, fmt.Errorf("%s: the deployment has not ended in %s%s: the same command goes on waiting", s.Unit.Title, format.Duration(deployLasts), withURL(d.URL))
		}
		if err := r.Pause(ctx, deployPause); err != nil {
			return done{}, err
		}
	}
}

func (r *runner) deployment(s Step) (destination.Deployment, bool) {
	for _, d := range r.state.Deployed {
		if d.Step == s.ID {
			return d.Deployment, true
		}
	}
	return destination.Deployment{}, false
}

func (r *runner) forgetDeployment(s Step) {
	var kept []deployed
	for _, d := range r.state.Deployed {
		if d.Step != s.ID {
			kept = append(kept, d)
		}
	}
	r.state.Deployed = kept
}

const leftToYou = "It is left to you."

// ask has a person do something. A script's run leaves it open.
func (r *runner) ask(ctx context.Context, s Step) (done, error) {
	r.Person.Show("→ " + s.Text)
	yes, err := r.Person.Confirm(ctx, "Done?")
	if errors.Is(err, ErrNobody) || err == nil && !yes {
		return done{Open: true, Detail: leftToYou}, nil
	}
	return done{Detail: "You said that it is done."}, err
}

// end sees to it that the old credential no longer works.
func (r *runner) end(ctx context.Context) (done, error) {
	if ends := r.state.New.OldEnds; r.Now().Before(ends) {
		return done{Open: true, Detail: "The old " + noun(r.state.Plan.Subject) + " works until " + format.Time(ends) + ". Run the same command after that: it checks, and tells rekey."}, nil
	}
	if r.state.Plan.Way == ByAPI {
		return r.ended(ctx)
	}
	step, _ := r.state.step(End)
	if !r.state.Plan.endsFirst() && r.state.openBefore(step) {
		return done{Open: true, Detail: "Not yet: the old " + noun(r.state.Plan.Subject) + " has to keep working until the steps before this one are done. Run the same command then."}, nil
	}
	r.Person.Show("→ " + step.Text + lastUsed(r.state.Plan.Subject))
	for {
		yes, err := r.Person.Confirm(ctx, "Is it deleted?")
		switch {
		case errors.Is(err, ErrNobody) || err == nil && !yes:
			return done{Open: true, Detail: "It is left to you: the old " + noun(r.state.Plan.Subject) + " still works until then."}, nil
		case err != nil:
			return done{}, err
		}
		d, err := r.ended(ctx)
		if err != nil || !d.Open {
			return d, err
		}
		r.Person.Show("✗ " + d.Detail)
	}
}

// lastUsed explains by what a person sees that nothing uses the old key any more.
func lastUsed(s Subject) string {
	if recipe, _ := recipeFor(s.Kind); !recipe.proves {
		return ""
	}
	return " In the list of keys, the new key's \"Last used\" says \"just now\", and that of " + withDefault(s.Redacted, "the old one") +
		" stops changing. If it keeps changing, something still uses the old key: find it first."
}

// ended asks Clerk whether the old key is refused, where that can be asked. With overlap over, or a person's word, asking moves nothing that matters.
func (r *runner) ended(ctx context.Context) (done, error) {
	recipe, _ := recipeFor(r.state.Plan.Subject.Kind)
	if r.state.Plan.Way == ByAPI && (r.old.Reveal() == "" || !recipe.proves) {
		return done{Detail: "The time of the old " + noun(r.state.Plan.Subject) + " is over. Clerk was not asked: this clone doesn't hold it."}, nil
	}
	if r.old.Reveal() == "" || !recipe.proves {
		return done{Detail: "You said so; Clerk was not asked."}, nil
	}
	answer, err := r.Clerk.Ask(ctx, r.old)
	if err != nil {
		return done{}, err
	}
	switch answer.State {
	case respond.KeyRevoked:
		return done{Detail: "Clerk refuses the old key."}, nil
	case respond.KeyAlive:
		return done{Open: true, Detail: "Clerk still accepts the old key " + r.state.Plan.Subject.Redacted + "."}, nil
	}
	return done{Open: true, Detail: "Clerk gave no clear answer about the old key (" + withDefault(answer.Detail, string(answer.State)) + ")."}, nil
}

const (
	closePause = 2 * time.Second
	closeLasts = 90 * time.Second
)

// tell says on the issue that it is done, and waits for the server to confirm. It is said once in all runs.
func (r *runner) tell(ctx context.Context, s Step) (done, error) {
	if r.NoComment {
		return done{Detail: "Nothing was said on the issue: --no-comment."}, nil
	}
	of, number, err := github.ParseIssueLink(s.Issue)
	if err != nil {
		return done{}, err
	}
	issue, err := r.Issues.Issue(ctx, of, number)
	if err != nil {
		return done{}, untold(err)
	}
	if issue.Closed {
		return done{Detail: "The issue is closed."}, nil
	}
	if r.state.Told[s.Issue].IsZero() {
		if err := r.Issues.Comment(ctx, of, number, "/rekey rotated"); err != nil {
			return done{}, untold(err)
		}
		r.state.Told[s.Issue] = r.Now()
		if err := r.save(); err != nil {
			return done{}, err
		}
	}
	for until := r.Now().Add(closeLasts); r.Now().Before(until); {
		if err := r.Pause(ctx, closePause); err != nil {
			return done{}, err
		}
		if issue, err = r.Issues.Issue(ctx, of, number); err != nil {
			return done{}, err
		}
		if issue.Closed {
			return done{Detail: "rekey confirmed it, and closed the issue."}, nil
		}
	}
	return done{Open: true, Detail: "rekey was told, and has not closed the issue yet: see what it answered on " + s.Issue + "."}, nil
}

// untold says what to do where nobody can comment: the issue is gone, or locked.
func untold(err error) error {
	return fmt.Errorf("rekey can't be told on the issue: %w. If nobody can comment there, run the same command with --no-comment", err)
}

func withURL(address string) string { return before(" (", address) + closing(address) }

func closing(s string) string {
	if s == "" {
		return ""
	}
	return ")"
}

// before puts something before a text that is not empty.
func before(with, s string) string {
	if s == "" {
		return ""
	}
	return with + s
}
