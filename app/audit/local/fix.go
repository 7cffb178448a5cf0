package local

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/audit"
)

// Change is what the certain edits of all findings make of one file.
type Change struct {
	Path, To     string // from the top; the same where the file keeps its name
	Name, ToName string // as seen from the current directory
	Old, New     []byte // Old is nil where there is no file yet
	IDs          []string
}

// changes puts the edits of findings together by file, in order. An edit that overlaps an earlier one of the same file is left for the next
// time.
func changes(findings []Finding, name func(path string) string) []Change {
	byPath := map[string][]Finding{}
	var paths []string
	for _, f := range findings {
		if f.Edit == nil {
			continue
		}
		p := editedBy(f.Finding)
		if byPath[p] == nil {
			paths = append(paths, p)
		}
		byPath[p] = append(byPath[p], f)
	}
	slices.Sort(paths)
	var all []Change
	for _, p := range paths {
		c := Change{Path: p, To: p, Old: byPath[p][0].EditText}
		var replacements []audit.Replacement
		for _, f := range byPath[p] {
			if !fits(replacements, f.Edit.Replacements) || f.Edit.Rename != "" && c.To != p && c.To != f.Edit.Rename {
				continue
			}
			replacements = append(replacements, f.Edit.Replacements...)
			c.To = cmp.Or(f.Edit.Rename, c.To)
			if !slices.Contains(c.IDs, f.ID) {
				c.IDs = append(c.IDs, f.ID)
			}
		}
		slices.SortFunc(replacements, func(a, b audit.Replacement) int { return cmp.Compare(a.Start, b.Start) })
		c.New = (&audit.Edit{Replacements: slices.Compact(replacements)}).Apply(c.Old)
		c.Name, c.ToName = name(c.Path), name(c.To)
		all = append(all, c)
	}
	return all
}

// editedBy is the file that a finding's edit changes.
func editedBy(f audit.Finding) string { return cmp.Or(f.Edit.Path, f.Path) }

// fits reports whether replacements can be made beside others: they are the same, or somewhere else.
func fits(there, more []audit.Replacement) bool {
	for _, a := range more {
		for _, b := range there {
			if a != b && a.Start <= b.End && b.Start <= a.End {
				return false
			}
		}
	}
	return true
}

// Fix makes the changes of a result on disk, each file by itself, and returns those that could not be made.
func Fix(r Result) (failed []Problem, err error) {
	root, err := os.OpenRoot(r.top)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	for _, c := range r.Changes {
		if err := c.write(root); err != nil {
			failed = append(failed, Problem{Name: c.Name, Reason: "not fixed: " + reasonOf(err)})
		}
	}
	return failed, nil
}

// errChanged says that a file is not as it was read.
var errChanged = errors.New("it changed meanwhile: nothing was written; run rekey audit again")

// write makes the change in root, or none of it: the file keeps its mode, and nothing is overwritten that is not as it was read.
func (c Change) write(root *os.Root) error {
	from, to := filepath.FromSlash(c.Path), filepath.FromSlash(c.To)
	if c.Old == nil {
		return create(root, from, c.New)
	}
	if c.To != c.Path {
		if err := free(root, from, to); err != nil {
			return err
		}
	}
	if !bytes.Equal(c.New, c.Old) {
		if err := c.replace(root, from); err != nil {
			return err
		}
	}
	if c.To == c.Path {
		return nil
	}
	now, err := contentOf(root, c.Path)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, c.New) {
		return errChanged
	}
	return root.Rename(from, to)
}

// free reports with an error that there is something at the new path already. Where the names differ in case only, it may be the same
// file.
func free(root *os.Root, from, to string) error {
	there, err := root.Lstat(to)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := root.Stat(filepath.Dir(to)); err != nil {
			return fmt.Errorf("there is no directory %s", filepath.ToSlash(filepath.Dir(to)))
		}
		return nil
	}
	if err != nil {
		return err
	}
	if here, err := root.Lstat(from); err == nil && os.SameFile(here, there) && strings.EqualFold(from, to) {
		return nil
	}
	return fmt.Errorf("%s exists: move or delete it first", filepath.ToSlash(to))
}

// create writes a file that must not exist.
func create(root *os.Root, name string, text []byte) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return errChanged
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// replace writes the new text beside the file, and puts it in its place if that is still as it was read.
func (c Change) replace(root *os.Root, name string) error {
	info, err := root.Lstat(name)
	if err != nil {
		return err
	}
	temporary := filepath.FromSlash(path.Join(path.Dir(c.Path), ".rekey-"+rand.Text()))
	f, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(c.New)
	err = errors.Join(err, f.Chmod(info.Mode().Perm()), f.Close())
	if err == nil {
		var now []byte
		if now, err = contentOf(root, c.Path); err == nil && !bytes.Equal(now, c.Old) {
			err = errChanged
		}
	}
	if err == nil {
		err = root.Rename(temporary, name)
	}
	if err != nil {
		err = errors.Join(err, root.Remove(temporary))
	}
	return err
}
