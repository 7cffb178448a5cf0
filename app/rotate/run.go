package rotate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/format"
)

// Outcome is what a rotation came to.
type Outcome struct {
	Report Report
	Shown  bool // the plan was shown and nothing was done: --dry-run, or a person said no
}

// Run rotates a credential. Where an earlier run of the same one was stopped, it goes on with that. It changes nothing before a person has said yes
// to the plan, or [Options.Yes] has. After every step the state is written, so that a run may be stopped at any time, and a failed one repeated.
//
// An error says what stopped it; the outcome then holds what was done before. Steps that are left to a person are no error.
func Run(ctx context.Context, o Options) (Outcome, error) {
	c, err := openClone(withDefault(o.Dir, "."))
	if err != nil {
		return Outcome{}, err
	}
	defer c.Close()
	r := &runner{Options: o, clone: c, earlier: readEarlier(o.StateDir)}
	r.repository, _ = o.Issues.Remote(c.dir)
	subject, old, err := r.subject(ctx)
	if err != nil {
		return Outcome{}, unchanged(ctx, err)
	}
	r.old = old
	r.file = stateFile(o.StateDir, subject, c.dir)
	if !o.DryRun {
		release, err := alone(lockFile(o.StateDir, subject, c.dir))
		if err != nil {
			return Outcome{}, err
		}
		defer release()
	}
	if r.state, err = r.resume(); err != nil {
		return Outcome{}, err
	}
	if r.state == nil {
		if shown, err := r.plan(ctx, subject); err != nil || shown {
			return Outcome{Report: r.report(), Shown: shown}, unchanged(ctx, err)
		}
	} else if goOn, err := r.goOn(ctx, subject); err != nil || !goOn {
		out := r.report()
		return Outcome{Report: out, Shown: !goOn && !out.Finished}, unchanged(ctx, err)
	}
	err = r.perform(ctx)
	return Outcome{Report: r.report()}, err
}

// runner performs one rotation. It is used by one goroutine.
type runner struct {
	Options

	clone      *clone
	repository destination.Repository
	earlier    earlier
	closed     bool          // its issue
	superseded []made        // by a new plan: what the run before made
	old        detect.Secret // zero where the clone does not hold it
	secret     detect.Secret // the new one, as far as this run has it
	state      *state
	file       string
	failed     []failure
	backendAPI Backend
	tries      int // new credentials that turned out to be wrong
}

// failure is a step that did not work in this run.
type failure struct {
	step Step
	err  error
}

func withDefault(s, d string) string {
	if s == "" {
		return d
	}
	return s
}

func (r *runner) getenv(name string) string {
	return (&destination.Machine{Environ: r.Environ}).Getenv(name)
}

// unchanged is the error of a run that ended before it did anything.
func unchanged(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errors.New("stopped; nothing was changed")
	}
	return err
}

// plan finds out all that a plan needs, shows it, and asks. shown means that nothing is to be done.
func (r *runner) plan(ctx context.Context, s Subject) (shown bool, err error) {
	p, err := r.makePlan(ctx, s)
	if err != nil {
		return false, err
	}
	r.Person.Show(p.Text() + "\n")
	r.state = r.newState(p)
	if r.DryRun {
		return true, nil
	}
	if err := r.decideDoubts(ctx, &p); err != nil {
		return false, err
	}
	if !r.Yes {
		yes, err := r.Person.Confirm(ctx, "Do this now?")
		if errors.Is(err, ErrNobody) {
			return false, errors.New("nobody is there to say yes to the plan: --yes says it")
		}
		if err != nil || !yes {
			return !yes, err
		}
	}
	r.state = r.newState(p)
	r.state.Agreed = true
	return false, r.save()
}

// decideDoubts asks about the places of which rekey can't tell whether they should be written.
func (r *runner) decideDoubts(ctx context.Context, p *Plan) error {
	if r.Yes || !r.Person.Answers() {
		return nil
	}
	for _, l := range p.Left {
		if !l.Doubt {
			continue
		}
		yes, err := r.Person.Confirm(ctx, l.Place.Title+": "+l.Why+". Write the new "+noun(p.Subject)+" there too?")
		if err != nil {
			return err
		}
		if yes {
			p.include(l.Place)
		}
	}
	return nil
}

// include has a place written that was left.
func (p *Plan) include(place destination.Place) {
	at := 0
	for i, s := range p.Steps {
		if s.Do == Write || s.Do == Prove || s.Do == Create || s.Do == End && p.endsFirst() {
			at = i + 1
		}
	}
	var left []Left
	for _, l := range p.Left {
		if l.Place.Driver != place.Driver || l.Place.ID != place.ID {
			left = append(left, l)
		}
	}
	p.Left = left
	tail := append([]Step{}, p.Steps[at:]...)
	p.Steps = append(p.Steps[:at:at], Step{ID: "write " + place.Driver + " " + place.ID, Do: Write, Place: place, Text: place.Title})
	known := false
	for _, s := range tail {
		known = known || s.Unit.ID == place.Unit.ID && s.Unit.Driver == place.Unit.Driver
	}
	if place.Unit.ID != "" && !known {
		p.deploy([]destination.Unit{place.Unit})
	}
	p.Steps = append(p.Steps, tail...)
}

// perform does all that is left of the plan. A place that can't be written keeps the others from nothing; the old credential is ended only once all of
// them have the new one.
func (r *runner) perform(ctx context.Context) error {
	for _, step := range r.state.Plan.Steps {
		if d, is := r.state.Done[step.ID]; is && !d.Open {
			continue
		}
		if r.held(step) {
			continue
		}
		d, err := r.step(ctx, step)
		switch {
		case err != nil && ctx.Err() != nil:
			return r.stopped()
		case errors.Is(err, errAgain):
			r.failed = nil
			return r.perform(ctx)
		case err != nil && (step.Do == Create || step.Do == Prove):
			return err
		case err != nil:
			r.failed = append(r.failed, failure{step, err})
			r.Person.Show("✗ " + err.Error())
			continue
		}
		d.At = r.Now()
		r.state.Done[step.ID] = d
		if err := r.save(); err != nil {
			return err
		}
		r.Person.Show(doneText(step, d))
		if ctx.Err() != nil {
			return r.stopped()
		}
	}
	return r.finish()
}

// held reports whether a step waits for another that failed in this run, or that is left to a person.
func (r *runner) held(step Step) bool {
	for _, f := range r.failed {
		switch {
		case step.Do == End && !r.state.Plan.endsFirst(), step.Do == Tell:
			return true
		case f.step.Do == Write && step.Unit.ID != "" && f.step.Place.Unit == step.Unit:
			return true
		}
	}
	if step.Do == Tell {
		for _, s := range r.state.Plan.Steps {
			if s.Do == End && r.state.Done[s.ID].Open {
				return true
			}
		}
	}
	return false
}

// endsFirst reports whether the old credential ends before the new one is written.
func (p Plan) endsFirst() bool {
	for _, s := range p.Steps {
		switch s.Do {
		case End:
			return true
		case Write:
			return false
		case Create, Prove, Deploy, Ask, Tell:
		}
	}
	return false
}

// stopped is the error of a run that was interrupted.
func (r *runner) stopped() error {
	if err := r.save(); err != nil {
		return err
	}
	return errors.New("stopped; nothing is lost: the same command goes on from here")
}

func (r *runner) save() error { return r.state.save(r.file) }

// finish closes the state where nothing is left.
func (r *runner) finish() error {
	if len(r.failed) > 0 {
		var what []string
		for _, f := range r.failed {
			what = append(what, f.step.title())
		}
		return fmt.Errorf("%s did not work: %s. Fix what is said above, and run the same command again: it goes on from here",
			format.Count(len(what), "step", "steps"), strings.Join(what, "; "))
	}
	if len(r.state.left()) == 0 {
		r.state.Finished = r.Now()
	}
	return r.save()
}

// title names a step in a list.
func (s Step) title() string {
	switch {
	case s.Place.Title != "":
		return s.Place.Title
	case s.Unit.Title != "":
		return "deployment of " + s.Unit.Title
	}
	switch s.Do {
	case Create:
		return "making the new one"
	case Prove:
		return "asking Clerk about the new one"
	case End:
		return "ending the old one"
	case Tell:
		return "telling rekey"
	case Write, Deploy, Ask:
	}
	return strings.TrimPrefix(s.ID, "ask ")
}
