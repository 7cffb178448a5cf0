package online

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/rekey-app/rekey/respond/format"
)

const (
	stateVersion = 1
	// stateLasts is how long a scan can go on: GitHub's cursors stay good for days, and what was read is old by then.
	stateLasts = 7 * 24 * time.Hour
	// saveEvery is how often the state is written while a scan runs. It is written at its end too, whatever ends it.
	saveEvery = time.Second
	maxState  = 256 << 20 // bytes
	mostGaps  = 1000      // of a repository, that are told apart
)

// state is how far a scan is, and what it found.
type state struct {
	Version      int           `json:"version"`
	Program      string        `json:"program"` // version of rekey: another one may find more
	Scan         identity      `json:"scan"`
	Started      time.Time     `json:"started"`
	Repositories []*repository `json:"repositories"`
	Forks        int           `json:"forks,omitempty"` // left out
}

// identity is what a scan is of. Another one has a state of its own.
type identity struct {
	Web       string    `json:"github"`
	Owner     string    `json:"owner"`
	Name      string    `json:"repository,omitempty"`
	Include   []Surface `json:"include"`
	Forks     bool      `json:"forks,omitempty"`
	Malformed bool      `json:"malformed,omitempty"`
	Token     bool      `json:"token,omitempty"` // whether there is one: without, less is read
}

// repository is how far one is read, and what was found in it.
type repository struct {
	ID            int64            `json:"id"`
	Name          string           `json:"name"` // owner/name
	DefaultBranch string           `json:"default_branch,omitempty"`
	Wiki          bool             `json:"has_wiki,omitempty"`
	Discussions   bool             `json:"has_discussions,omitempty"`
	Done          bool             `json:"done,omitempty"`
	At            position         `json:"at,omitzero"`
	Counts        map[string]int64 `json:"counts,omitempty"`
	Rows          []row            `json:"found,omitempty"`
	Gaps          []gap            `json:"gaps,omitempty"`

	known map[place]int // of Rows
}

// position is where the reading of a repository goes on.
type position struct {
	Step   string   `json:"step,omitempty"` // "": the first
	Cursor string   `json:"cursor,omitempty"`
	Seen   []string `json:"seen,omitempty"` // what of the page was read: edited texts, files, logs
}

// gap is what could not be read.
type gap struct {
	Of     string `json:"of"` // part of the repository
	Reason string `json:"reason"`
	Count  int    `json:"count"`
	Part   bool   `json:"part,omitempty"` // as in [scan.Problem]
}

// add takes a row, unless it is known. What is in the text now is not in a former version only.
func (r *repository) add(one row) {
	if r.known == nil {
		r.known = map[place]int{}
		for i, row := range r.Rows {
			r.known[row.place()] = i
		}
	}
	i, known := r.known[one.place()]
	switch {
	case !known:
		r.known[one.place()] = len(r.Rows)
		r.Rows = append(r.Rows, one)
	case r.Rows[i].Former && !one.Former:
		r.Rows[i] = one
	}
}

func (r *repository) count(of string, n int64) {
	if r.Counts == nil {
		r.Counts = map[string]int64{}
	}
	r.Counts[of] += n
}

// lacks notes a gap; those that are alike are one.
func (r *repository) lacks(g gap) {
	if len(r.Gaps) >= mostGaps {
		g.Of, g.Reason = "", "more could not be read, for other reasons"
	}
	i := slices.IndexFunc(r.Gaps, func(other gap) bool { return other.Of == g.Of && other.Reason == g.Reason })
	if i < 0 {
		r.Gaps = append(r.Gaps, g)
		return
	}
	r.Gaps[i].Count += g.Count
}

func (p position) saw(what string) bool { return slices.Contains(p.Seen, what) }

// resume reads the state of an interrupted scan. Where there is none to go on from, it returns nil, and why, if somebody may wonder.
func resume(file string, of identity, program string, now time.Time) (s *state, why string, err error) {
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxState) {
		return nil, "", fmt.Errorf("%s is no state of a scan: name another file with --state", file)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, "", fmt.Errorf("the state of the interrupted scan: %w", err)
	}
	s = new(state)
	if err := json.Unmarshal(text, s); err != nil || slices.Contains(s.Repositories, nil) {
		return nil, file + " is damaged", nil //nolint:nilerr // what it says instead
	}
	switch {
	case s.Version != stateVersion || s.Program != program:
		return nil, file + " is of another version of rekey", nil
	case !s.Scan.equal(of):
		return nil, "", fmt.Errorf("%s is the state of another scan: name another file with --state, or start again with --restart", file)
	case now.Sub(s.Started) > stateLasts:
		return nil, "the interrupted scan is of " + format.Date(s.Started), nil
	}
	return s, "", nil
}

func (i identity) equal(other identity) bool {
	return slices.Equal(i.Include, other.Include) && i.Web == other.Web && i.Owner == other.Owner && i.Name == other.Name &&
		i.Forks == other.Forks && i.Malformed == other.Malformed && i.Token == other.Token
}

// write writes the state so that the file is whole at any moment. Only its owner can read it.
func (s *state) write(file string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, filepath.Base(file)+".*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
