// Package dotenv sets credentials in files as .env.local and .dev.vars of the clone that a person works in. It changes the one value, and nothing
// else in the file; it makes no file, and writes to none that git tracks.
package dotenv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

const name = "dotenv"

// Driver is a [destination.Driver].
type Driver struct{ machine *destination.Machine }

// New returns a driver.
func New(m *destination.Machine) *Driver { return &Driver{m} }

// Name returns "dotenv".
func (d *Driver) Name() string { return name }

var machine = destination.Unit{Driver: name, ID: "machine", Title: "commands on this machine", Takes: destination.TakesNextRun}

// Look looks into the root of the clone, and into the directories of its packages.
func (d *Driver) Look(ctx context.Context, p destination.Project) destination.Survey {
	if p.Dir == "" {
		return destination.Survey{}
	}
	s := survey{clones: newClones(d.machine.Getenv)}
	defer s.clones.close()
	for _, dir := range directories(p.Files.List()) {
		if ctx.Err() != nil {
			break
		}
		dir = filepath.Join(p.Dir, filepath.FromSlash(dir))
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // git tracks it, and it is not checked out
		}
		for _, e := range entries {
			if settings(e.Name()) && !e.IsDir() {
				d.file(&s, p, filepath.Join(dir, e.Name()))
			}
		}
	}
	slices.SortFunc(s.Places, func(a, b destination.Place) int { return strings.Compare(a.ID, b.ID) })
	s.Used = len(s.Places)+len(s.Problems) > 0
	return s.Survey
}

type survey struct {
	destination.Survey

	clones *clones
	seen   []string // paths, behind links
}

func (s *survey) problem(what, next string) {
	s.Problems = append(s.Problems, destination.Problem{What: what, Next: next})
}

// file looks into one.
func (d *Driver) file(s *survey, p destination.Project, path string) {
	shown := path
	if rel, err := filepath.Rel(p.Dir, path); err == nil {
		shown = filepath.ToSlash(rel)
	}
	if s.Because == "" {
		defer func() {
			if len(s.Places)+len(s.Problems) > 0 {
				s.Because = shown
			}
		}()
	}
	f, err := s.clones.find(path)
	var text string
	if err == nil && !slices.Contains(s.seen, f.path) {
		s.seen = append(s.seen, f.path)
		text, err = f.read()
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case errors.Is(err, errOutside):
		s.problem(fmt.Sprintf("%s is a link to a file outside of this clone", shown), "set the new value there yourself, if it holds the compromised one")
		return
	case err != nil:
		s.problem(fmt.Sprintf("%s could not be read: %s", shown, reason(err)), "look into it yourself, and set the new value if it holds the compromised one")
		return
	}
	d.assignments(s, p, f, assignments(text))
}

// assignments looks at those of a file: at the project's variables, and at any other that holds the compromised value.
func (d *Driver) assignments(s *survey, p destination.Project, f file, all []assignment) {
	for at, a := range all {
		holding := p.Judge(a.value)
		switch {
		case holding == destination.Nothing, holding != destination.Compromised && !slices.Contains(p.Variables, a.name):
			continue
		case f.tracked && holding == destination.Compromised:
			s.problem(fmt.Sprintf("%s holds the compromised value, and git tracks it: a new one must not be written there", f.shown),
				f.untrack())
			continue
		case f.tracked:
			continue
		}
		same := indexes(all, a.name)
		nth := slices.Index(same, at)
		place := destination.Place{
			Driver: name, ID: id{f.path, a.name, nth, len(same)}.String(), Title: f.shown, Variable: a.name,
			Scope: scope(filepath.Base(f.path)), Holding: holding, Unit: machine,
		}
		if len(same) > 1 {
			place.Title += fmt.Sprintf(" (%d of %d lines with this name)", nth+1, len(same))
		}
		if !f.ignored {
			place.Note = fmt.Sprintf("Git does not ignore %s: add it to .gitignore, or the new value may be committed.", f.shown)
		}
		s.Places = append(s.Places, place)
	}
}

// scope says for what a file counts, as Next.js and Vite read its name. What Wrangler reads is for development, whatever environment it names.
func scope(base string) destination.Scope {
	mode := strings.TrimPrefix(strings.TrimSuffix(strings.TrimPrefix(base, ".env"), ".local"), ".")
	if strings.HasPrefix(base, ".dev.vars") || mode == "test" {
		return destination.Development
	}
	return destination.ScopeNamed(mode)
}

// id names an assignment: the nth, counted from 0, of so many of the variable in the file.
type id struct {
	path, variable string
	nth, of        int
}

func (i id) String() string {
	if i.of == 1 {
		return i.path + ":" + i.variable
	}
	return fmt.Sprintf("%s:%s#%d/%d", i.path, i.variable, i.nth+1, i.of)
}

func parseID(text string) (id, error) {
	unknown := fmt.Errorf("%q is no place in a file", text)
	at := strings.LastIndexByte(text, ':')
	if at < 0 {
		return id{}, unknown
	}
	i := id{path: text[:at], nth: 0, of: 1}
	var numbers string
	i.variable, numbers, _ = strings.Cut(text[at+1:], "#")
	if numbers == "" {
		return i, nil
	}
	nth, of, _ := strings.Cut(numbers, "/")
	var err error
	if i.nth, err = strconv.Atoi(nth); err != nil {
		return id{}, unknown
	}
	if i.of, err = strconv.Atoi(of); err != nil || i.nth < 1 || i.nth > i.of {
		return id{}, unknown
	}
	i.nth--
	return i, nil
}

// open reads a place's file; there is the assignment in it.
func (d *Driver) open(i id) (f file, text string, err error) {
	within := newClones(d.machine.Getenv)
	defer within.close()
	if f, err = within.find(i.path); err != nil {
		return f, "", err
	}
	if text, err = f.read(); err != nil {
		return f, "", err
	}
	if len(indexes(assignments(text), i.variable)) != i.of {
		return f, "", fmt.Errorf("it was changed meanwhile, and %s does not stand where it stood", i.variable)
	}
	return f, text, nil
}

// Write sets the value in its line.
func (d *Driver) Write(ctx context.Context, place destination.Place, value detect.Secret) error {
	if err := ctx.Err(); err != nil {
		return err //nolint:wrapcheck // as it is
	}
	i, err := parseID(place.ID)
	if err != nil {
		return err
	}
	failed := func(err error) error {
		return fmt.Errorf("write %s to %s: %s; set it there yourself", i.variable, i.path, reason(err))
	}
	f, text, err := d.open(i)
	switch {
	case err != nil:
		return failed(err)
	case f.tracked:
		return fmt.Errorf("write %s to %s: git tracks it; %s", i.variable, i.path, f.untrack())
	}
	edited, err := edit(text, i.variable, i.nth, value.Reveal())
	if err != nil {
		return failed(err)
	}
	if edited == text {
		return nil
	}
	if err := f.replace(edited); err != nil {
		return failed(err)
	}
	return nil
}

// Check reads the value again.
func (d *Driver) Check(ctx context.Context, place destination.Place, value detect.Secret, _ time.Time) (destination.Proof, error) {
	if err := ctx.Err(); err != nil {
		return "", err //nolint:wrapcheck // as it is
	}
	i, err := parseID(place.ID)
	if err != nil {
		return "", err
	}
	_, text, err := d.open(i)
	if err != nil {
		return "", fmt.Errorf("read %s in %s: %s", i.variable, i.path, reason(err))
	}
	all := assignments(text)
	if all[indexes(all, i.variable)[i.nth]].value != value.Reveal() {
		return destination.Stale, nil
	}
	return destination.ReadBack, nil
}

// Redeploy is never called: what runs next reads the file.
func (d *Driver) Redeploy(context.Context, destination.Unit) (destination.Deployment, error) {
	return destination.Deployment{}, errors.ErrUnsupported
}

// Deployed is never called.
func (d *Driver) Deployed(context.Context, destination.Deployment) (destination.Progress, error) {
	return destination.Progress{}, errors.ErrUnsupported
}

// reason is an error without the path, which stands before it already.
func reason(err error) string {
	var of *fs.PathError
	if errors.As(err, &of) {
		return of.Err.Error()
	}
	return err.Error()
}
