package rotate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/respond/format"
)

const (
	statesName = "rotations" // below the directory of states
	maxStates  = 1000        // so many are looked at
)

// earlier are the states of rotations on this machine, those of other clones included, by their files.
type earlier map[string]*state

// readEarlier reads all states that can be read. One that can't is a matter of the run that needs it.
func readEarlier(dir string) earlier {
	out := earlier{}
	entries, _ := os.ReadDir(filepath.Join(dir, statesName))
	for _, e := range entries[:min(len(entries), maxStates)] {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		file := filepath.Join(dir, statesName, e.Name())
		if s, err := load(file); err == nil && s != nil {
			out[file] = s
		}
	}
	return out
}

// latest returns the latest state of those that fit, nil for none.
func (e earlier) latest(fits func(file string, s *state) bool) *state {
	var found *state
	for file, s := range e {
		if fits(file, s) && (found == nil || s.Started.After(found.Started)) {
			found = s
		}
	}
	return found
}

// resolved replaces what earlier rotations made by what they rotate: a clone whose files have the new credential already is in the middle of a rotation of
// the old one. Credentials of rotations that are finished are left out, and returned as new.
func (e earlier) resolved(all []candidate) (out, fresh []candidate) {
	for _, c := range all {
		from := e.latest(func(_ string, s *state) bool { return s.New.Fingerprint == c.Fingerprint })
		switch {
		case from == nil:
			out = append(out, c)
		case !from.Finished.IsZero():
			fresh = append(fresh, c)
		default:
			out = append(out, candidate{Subject: from.Plan.Subject, sure: true})
		}
	}
	// The old one itself, where it is in a file too, is known better.
	kept := out[:0]
	for i, c := range out {
		double := func(other candidate) bool {
			return other.Kind == c.Kind && other.Environment == c.Environment && other.Fingerprint == c.Fingerprint
		}
		if c.secret.Reveal() == "" && (slices.ContainsFunc(kept, double) || slices.ContainsFunc(out[i+1:], func(o candidate) bool { return double(o) && o.secret.Reveal() != "" })) {
			continue
		}
		kept = append(kept, c)
	}
	return kept, fresh
}

// byFingerprint returns the subject of a rotation whose fingerprint begins so: the clone may no longer hold the credential.
func (e earlier) byFingerprint(given string) (Subject, bool) {
	s := e.latest(func(_ string, s *state) bool { return strings.HasPrefix(s.Plan.Subject.Fingerprint, given) })
	if s == nil {
		return Subject{}, false
	}
	return s.Plan.Subject, true
}

// elsewhere returns the rotation of the same credential in another clone that has asked for a new one, nil where there is none.
func (e earlier) elsewhere(subject Subject, file string) *state {
	if subject.Fingerprint == "" {
		return nil
	}
	return e.latest(func(at string, s *state) bool {
		return at != file && s.Plan.Subject.Fingerprint == subject.Fingerprint && (s.New.Fingerprint != "" || !s.Asked.At.IsZero())
	})
}

// share has the plan use what a rotation of the same credential in another clone made: a second new one would be one too many, and by Clerk's API it would
// end the first.
func (f *Facts) share(other *state) error {
	if other.New.Fingerprint == "" {
		return fmt.Errorf("the rotation of the same credential in %s asked Clerk for a new one, and doesn't know yet what came of it: go on there first", other.Clone)
	}
	f.Shared, f.SharedBy = other.New, other.Clone
	f.Way, f.Instance, f.Resource, f.Overlap = other.Plan.Way, other.Plan.Instance, other.Plan.Resource, other.Plan.Overlap
	if f.Way == Made {
		f.Way = Guided // it is pasted here
	}
	return nil
}

// resume returns the state of an earlier run that has done something, and nil where there is none, or it is to be forgotten.
func (r *runner) resume() (*state, error) {
	s, err := load(r.file)
	switch {
	case r.Restart:
		if err == nil && s != nil && s.Finished.IsZero() {
			r.superseded = slices.Concat(s.Plan.Subject.Superseded, s.made())
		}
		return nil, nil //nolint:nilnil // none is wanted
	case err != nil || s == nil:
		return nil, err
	case !s.Agreed || s.New.Fingerprint == "" && s.Asked.At.IsZero() && len(s.Done) == 0:
		return nil, nil //nolint:nilnil // nothing was done: a new plan knows more
	}
	return s, nil
}

// made is the new credential, where there is one.
func (s *state) made() []made {
	if s.New.Fingerprint == "" {
		return nil
	}
	return []made{s.New}
}

// goOn shows how far an earlier run is, and asks.
func (r *runner) goOn(ctx context.Context, s Subject) (bool, error) {
	if s.Issue != "" && !r.NoComment && r.state.Plan.tell(s.Issue) {
		r.state.Finished = time.Time{} // another issue about the same credential
	}
	if finished := r.state.Finished; !finished.IsZero() {
		r.Person.Show("The " + r.state.Plan.Subject.Name() + " was rotated on " + format.Time(finished) + before("; the new one is ", r.state.New.Redacted) +
			". To rotate once more, use --restart.")
		return false, nil
	}
	r.Person.Show("This rotation was begun on " + format.Time(r.state.Started) + ". Here is where it goes on:\n\n" + r.state.text(r.Now()))
	if now := r.flags(); now != "" && now != r.state.Flags {
		r.Person.Show("⚠ It goes on as it was planned" + before(" with ", r.state.Flags) + ". For another plan, use --restart.")
	}
	if r.DryRun {
		return false, nil
	}
	if r.Yes || !r.Person.Answers() {
		return true, nil // it was agreed to
	}
	return r.Person.Confirm(ctx, "Go on?")
}

// flags are those that a plan depends on, as they are written.
func (r *runner) flags() string {
	var out []string
	switch r.Way {
	case ByAPI:
		out = append(out, "--api")
	case Guided:
		out = append(out, "--guided")
	case Made:
	}
	if r.Abused {
		out = append(out, "--abused")
	}
	for _, list := range []struct {
		flag string
		of   []string
	}{{"--only", r.Only}, {"--skip", r.Skip}, {"--include", r.Include}} {
		if len(list.of) > 0 {
			out = append(out, list.flag+" "+strings.Join(list.of, ","))
		}
	}
	return strings.Join(out, " ")
}

// stateFile is the file of a rotation: one for each credential in each clone, or for each kind where the credential is not known.
func stateFile(dir string, s Subject, clone string) string {
	at := sha256.Sum256([]byte(clone))
	return filepath.Join(dir, statesName, subjectName(s)+"+"+hex.EncodeToString(at[:4])+".json")
}

// lockFile is locked while a credential is rotated, in whatever clone.
func lockFile(dir string, s Subject, clone string) string {
	if s.Fingerprint == "" {
		return stateFile(dir, s, clone) + ".lock"
	}
	return filepath.Join(dir, statesName, s.Fingerprint+".lock")
}

func subjectName(s Subject) string {
	if s.Fingerprint != "" {
		return s.Fingerprint
	}
	return strings.Trim(string(s.Kind)+"+"+string(s.Environment), "+")
}
