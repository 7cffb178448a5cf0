// Package gitdir finds the parts of a git repository on disk. It runs nothing, and reads regular files only, so that a
// repository that somebody else made can neither run a program nor make a reader wait.
package gitdir

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrNoRepository is wrapped where a path is in no git repository.
var ErrNoRepository = errors.New("not a git repository")

// Dir is where a repository is.
type Dir struct {
	Top    string // the directory that holds .git; of a bare repository, itself
	Own    string // of this working tree: HEAD, index
	Common string // what all working trees share: objects, refs, config
}

// Find looks for .git, or a file that names it, in the directory and in those above it; if bare, for directories that are a
// repository themselves, too. Errors wrap [ErrNoRepository], or tell that the directory is not there.
func Find(path string, bare bool) (Dir, error) {
	start, err := filepath.Abs(path)
	if err != nil {
		return Dir{}, err
	}
	if _, err := os.Stat(start); err != nil {
		return Dir{}, err
	}
	for top := start; ; top = filepath.Dir(top) {
		own, err := followFile(filepath.Join(top, ".git"))
		if err != nil {
			return Dir{}, err
		}
		if d := Of(top, own); d.IsRepository() {
			return d, nil
		}
		if d := Of(top, top); bare && d.IsRepository() {
			return d, nil
		}
		if top == filepath.Dir(top) {
			return Dir{}, fmt.Errorf("%s: %w", path, ErrNoRepository)
		}
	}
}

// Of returns the parts of the working tree at top whose own git directory is known.
func Of(top, own string) Dir {
	d := Dir{Top: top, Own: own, Common: own}
	if b, err := Read(filepath.Join(own, "commondir"), MaxSmall); err == nil {
		d.Common = Under(own, strings.TrimSpace(string(b)))
	}
	return d
}

// IsRepository reports whether the directories hold what git demands of a repository.
func (d Dir) IsRepository() bool {
	head, err := os.Lstat(filepath.Join(d.Own, "HEAD"))
	if err != nil || head.IsDir() {
		return false
	}
	store, err := os.Stat(filepath.Join(d.Common, "objects"))
	return err == nil && store.IsDir()
}

// followFile returns the directory that a .git file names, or the path itself where it is none.
func followFile(path string) (string, error) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return path, nil //nolint:nilerr // none is there
	}
	b, err := Read(path, MaxSmall)
	if err != nil {
		return "", err
	}
	dir, ok := strings.CutPrefix(string(b), "gitdir: ")
	if !ok {
		return "", fmt.Errorf("%s has no gitdir line: %w", path, ErrNoRepository)
	}
	return Under(filepath.Dir(path), strings.TrimRight(dir, "\r\n")), nil
}

// Alternates returns the directories that a directory of objects names as further ones, in their order.
func Alternates(objects string) (dirs []string) {
	b, err := Read(filepath.Join(objects, "info", "alternates"), MaxSmall)
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if plain, err := strconv.Unquote(line); line[0] == '"' && err == nil {
			line = plain
		}
		dirs = append(dirs, Under(objects, line))
	}
	return dirs
}

// SplitAlternates splits a list of directories of objects, as git has it in GIT_ALTERNATE_OBJECT_DIRECTORIES: a path may be in double
// quotes, with C's escapes.
func SplitAlternates(list string) (dirs []string) {
	for list != "" {
		dir, rest, _ := strings.Cut(list, string(filepath.ListSeparator))
		if quoted, err := strconv.QuotedPrefix(list); err == nil && list[0] == '"' {
			if plain, err := strconv.Unquote(quoted); err == nil {
				dir, rest = plain, strings.TrimPrefix(list[len(quoted):], string(filepath.ListSeparator))
			}
		}
		if dir != "" {
			dirs = append(dirs, dir)
		}
		list = rest
	}
	return dirs
}

// DeepestAlternates is how far one directory of alternates may name another, as git.
const DeepestAlternates = 5

// Under is path as seen from dir.
func Under(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

const (
	// MaxSmall is what a file may have that git writes a line or a few settings into, in bytes.
	MaxSmall = 16 << 20
	// MaxLarge is what the index and the list of packed refs may have: some ten million files or refs.
	MaxLarge = 2 << 30
)

// Read reads a regular file of at most limit bytes. It does not hang on a pipe that took the file's place.
func Read(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &os.PathError{Op: "read", Path: name, Err: errors.New("not a regular file")}
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info.Size() > limit {
		return nil, &os.PathError{Op: "read", Path: name, Err: fmt.Errorf("%d bytes, over the limit of %d", info.Size(), limit)}
	}
	return io.ReadAll(io.LimitReader(f, limit))
}
