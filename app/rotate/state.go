package rotate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

const (
	stateVersion = 1
	maxState     = 8 << 20 // bytes
)

// state is how far a rotation is. It is written after each step, so that a run that was stopped goes on. It holds no credential: of the new one its
// last four characters and its fingerprint, by which it is recognised.
type state struct {
	Version  int                  `json:"version"`
	Started  time.Time            `json:"started"`
	Plan     Plan                 `json:"plan"`
	Clone    string               `json:"clone"`           // its directory
	Flags    string               `json:"flags,omitempty"` // those that the plan was made with
	Agreed   bool                 `json:"agreed"`          // a person said yes to the plan
	New      made                 `json:"new,omitzero"`
	Asked    attempt              `json:"asked,omitzero"`
	Done     map[string]done      `json:"done"` // by the steps' IDs
	Deployed []deployed           `json:"deployments,omitempty"`
	Told     map[string]time.Time `json:"told,omitempty"` // when /rekey rotated was said, by the address
	Finished time.Time            `json:"finished,omitzero"`
}

// made is what is known of the new credential.
type made struct {
	Fingerprint string    `json:"fingerprint,omitempty"`
	Redacted    string    `json:"redacted,omitempty"`
	Instance    string    `json:"instance,omitempty"`
	At          time.Time `json:"at,omitzero"`
	OldEnds     time.Time `json:"old_ends,omitzero"` // when the old one stops working, where an API ends it
}

// attempt is kept before an API is asked to rotate: where the answer is lost, what the API shows later is compared with what it showed before.
type attempt struct {
	At     time.Time `json:"at,omitzero"`
	Before string    `json:"before,omitempty"` // fingerprint of the key that the API showed; "" where it showed none
}

// done is a step that was done.
type done struct {
	At     time.Time         `json:"at"`
	Proof  destination.Proof `json:"proof,omitempty"`
	Detail string            `json:"detail,omitempty"` // for people
	Open   bool              `json:"open,omitempty"`   // it is left to a person
}

// deployed is a deployment that was asked for, so that a later run asks how far it is and does not ask for another.
type deployed struct {
	Step string `json:"step"`
	destination.Deployment
}

func (r *runner) newState(p Plan) *state {
	s := &state{Version: stateVersion, Started: r.Now(), Plan: p, Clone: r.clone.dir, Flags: r.flags(), Done: map[string]done{}, Told: map[string]time.Time{}}
	if p.Shared.Fingerprint != "" {
		s.New = p.Shared
		s.Done[string(Create)] = done{At: s.Started, Detail: "It was made before: " + p.Shared.Redacted}
	}
	return s
}

// step is the plan's step that does this, the first where there are several.
func (s *state) step(do Action) (Step, bool) {
	for _, step := range s.Plan.Steps {
		if step.Do == do {
			return step, true
		}
	}
	return Step{}, false
}

// openBefore reports whether a step that comes before this one is left to a person.
func (s *state) openBefore(step Step) bool {
	for _, earlier := range s.Plan.Steps {
		if earlier.ID == step.ID {
			return false
		}
		if d, is := s.Done[earlier.ID]; !is || d.Open {
			return true
		}
	}
	return false
}

// left are the steps that are left to a person.
func (s *state) left() []Step {
	var out []Step
	for _, step := range s.Plan.Steps {
		if d, is := s.Done[step.ID]; !is || d.Open {
			out = append(out, step)
		}
	}
	return out
}

// isNew reports whether a value is the new credential.
func (s *state) isNew(value detect.Secret) bool {
	return s.New.Fingerprint != "" && value.Fingerprint() == s.New.Fingerprint
}

// load reads a state; nil where there is none.
func load(file string) (*state, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil //nolint:nilnil // there is none
	case err != nil:
		return nil, fmt.Errorf("the state of the rotation can't be read: %w", err)
	case info.Size() > maxState:
		return nil, fmt.Errorf("%s is too large for the state of a rotation: --restart starts again", file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the state of the rotation can't be read: %w", err)
	}
	return parseState(file, text)
}

func parseState(file string, text []byte) (*state, error) {
	var s state
	if json.Unmarshal(text, &s) != nil || s.Done == nil {
		return nil, fmt.Errorf("%s is damaged: see what it says of the steps that are done, then start again with --restart", file)
	}
	if s.Told == nil {
		s.Told = map[string]time.Time{}
	}
	if s.Version != stateVersion {
		return nil, fmt.Errorf("%s was written by another version of rekey: finish with that one, or start again with --restart", file)
	}
	return &s, nil
}

// save writes a state so that a crash leaves the former one or this one.
func (s *state) save(file string) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err == nil {
		err = replace(file, append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("the state of the rotation can't be written: %w", err)
	}
	return nil
}

// alone keeps others on this machine from rotating the same credential meanwhile: both would ask Clerk for a new one. A process that ends in any way
// lets go.
func alone(file string) (release func(), err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("the state of the rotation can't be kept: %w", err)
	}
	lock := flock.New(file)
	switch mine, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("the state of the rotation can't be locked: %w", err)
	case !mine:
		return nil, errors.New("another rekey rotate works on this credential: wait until it ends")
	}
	return func() { _ = lock.Close() }, nil
}

// replace writes a file that only its owner may read, whole or not at all.
func replace(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
