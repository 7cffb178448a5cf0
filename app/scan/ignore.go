package scan

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/pack/gitdir"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/policy"
)

// IgnoreFile is the name of the file that lists what the command line is to pass over.
const IgnoreFile = ".rekeyignore"

// ignore is what one .rekeyignore says: fingerprints and path patterns. The zero value ignores nothing.
type ignore struct {
	fingerprints map[string]bool
	paths        []string
	everything   []string // what is to be said of patterns that leave nothing
}

// maxIgnoreFile is how large a list may be that is read, in bytes.
const maxIgnoreFile = 1 << 20

// readIgnore reads the .rekeyignore of a directory. One that is not there ignores nothing.
func readIgnore(dir string) (ignore, error) {
	text, err := readInside(dir, IgnoreFile, maxIgnoreFile)
	if errors.Is(err, fs.ErrNotExist) {
		return ignore{}, nil
	}
	if err != nil {
		return ignore{}, err
	}
	return parseIgnore(filepath.Join(dir, IgnoreFile), bytes.NewReader(text))
}

// readInside reads a file of a directory that may be somebody else's: it follows no link that leads out of the directory,
// and waits for no pipe.
func readInside(dir, name string, limit int64) ([]byte, error) {
	full := filepath.Join(dir, filepath.FromSlash(name))
	target, err := filepath.EvalSymlinks(full)
	if err != nil {
		return nil, err
	}
	top, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	if rel, err := filepath.Rel(top, target); err != nil || !filepath.IsLocal(rel) {
		return nil, fmt.Errorf("%s is a link to outside the directory, which rekey doesn't follow: put the file itself there", full)
	}
	info, err := os.Lstat(target)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file: remove it", full)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s is larger than %s: shorten it", full, format.Size(limit))
	}
	f, err := os.Open(target)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// parseIgnore reads lines that are a fingerprint (32 hexadecimal digits), a path pattern as [policy.Match] takes it, or
// empty. A comment starts with # at the start of a line or behind a blank.
func parseIgnore(name string, r io.Reader) (ignore, error) {
	i := ignore{fingerprints: map[string]bool{}}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := withoutComment(strings.TrimPrefix(lines.Text(), "\ufeff"))
		switch {
		case line == "":
		case isFingerprint(line):
			i.fingerprints[strings.ToLower(line)] = true
		default:
			if err := checkPattern(line); err != nil {
				return ignore{}, fmt.Errorf("%s, line %d: %w", name, n, err)
			}
			i.paths = append(i.paths, line)
			if matchesEverything(line) {
				i.everything = append(i.everything, fmt.Sprintf("%s, line %d: %q ignores every file", name, n, line))
			}
		}
	}
	if err := lines.Err(); err != nil {
		return ignore{}, fmt.Errorf("%s: %w", name, err)
	}
	return i, nil
}

func withoutComment(line string) string {
	for at := 0; at < len(line); at++ {
		if line[at] == '#' && (at == 0 || line[at-1] == ' ' || line[at-1] == '\t') {
			line = line[:at]
		}
	}
	return strings.TrimSpace(line)
}

func isFingerprint(s string) bool {
	return len(s) == 32 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// checkPattern refuses what would never match: gitignore's exceptions, and brackets that do not close.
func checkPattern(pattern string) error {
	if strings.HasPrefix(pattern, "!") {
		return fmt.Errorf("%q: patterns can't be negated with !: list only what to ignore", pattern)
	}
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Errorf("%q is neither a fingerprint of 32 hexadecimal digits nor a path pattern: %w", pattern, err)
	}
	return nil
}

// matchesEverything reports whether a pattern leaves no file to be found in: whether it matches names that nobody has.
func matchesEverything(pattern string) bool {
	for _, name := range []string{"4f1c-no-such-file", "4f1c/no/such.file", ".4f1c.no-such/.file"} {
		if !policy.Match(pattern, name) {
			return false
		}
	}
	return true
}

func (i ignore) matchesPath(files ...string) bool {
	for _, pattern := range i.paths {
		for _, file := range files {
			if policy.Match(pattern, file) {
				return true
			}
		}
	}
	return false
}

// ignores are all that apply to a scan.
type ignores struct {
	base  ignore            // of the current directory, or the one that was named
	roots map[string]ignore // of each directory that is scanned; of a repository by ""
	notes []string
}

func readIgnores(o Options) (ignores, error) {
	all := ignores{roots: map[string]ignore{}}
	var err error
	if o.IgnoreFile != "" {
		f, err := os.Open(o.IgnoreFile)
		if err != nil {
			return all, fmt.Errorf("--ignore %s: %s", o.IgnoreFile, reasonOf(err))
		}
		defer f.Close()
		all.base, err = parseIgnore(o.IgnoreFile, io.LimitReader(f, maxIgnoreFile))
		all.notes = all.base.everything
		return all, err
	}
	if all.base, err = readIgnore("."); err != nil {
		return all, err
	}
	all.notes = all.base.everything
	for _, root := range o.Paths {
		dir, key := rootOf(root, o)
		if dir == "" || filepath.Clean(dir) == "." {
			continue
		}
		i, err := readIgnore(dir)
		if err != nil {
			return all, err
		}
		all.roots[key] = all.roots[key].with(i)
		if !slices.ContainsFunc(all.notes, func(note string) bool { return slices.Contains(i.everything, note) }) {
			all.notes = append(all.notes, i.everything...)
		}
	}
	return all, nil
}

// rootOf returns the directory whose lists count for a path that is scanned, "" for none, and by what its hits are
// known: [Hit.Root].
func rootOf(path string, o Options) (dir, key string) {
	if path == "-" {
		return "", ""
	}
	info, err := os.Stat(path)
	switch {
	case o.History || o.Staged || o.Range != "" || o.Pushed != nil:
		if err == nil && !info.IsDir() {
			path = filepath.Dir(path)
		}
		return topOf(path), ""
	case err != nil || !info.IsDir():
		return "", ""
	}
	return path, path
}

func (i ignore) with(other ignore) ignore {
	both := ignore{fingerprints: map[string]bool{}, paths: append(i.paths[:len(i.paths):len(i.paths)], other.paths...)}
	for _, one := range []ignore{i, other} {
		for f := range one.fingerprints {
			both.fingerprints[f] = true
		}
	}
	return both
}

// topOf returns the top of the working tree that dir is in, or dir itself where there is none.
func topOf(dir string) string {
	if found, err := gitdir.Find(dir, false); err == nil {
		return found.Top
	}
	return dir
}

func (i ignores) matches(h Hit) bool {
	fingerprint := h.fingerprint()
	if i.base.fingerprints[fingerprint] {
		return true
	}
	for _, root := range i.roots {
		if root.fingerprints[fingerprint] {
			return true
		}
	}
	return i.matchesPath(h.Root, h.File) || i.matchesPath(h.Root, h.Path())
}

func (i ignores) matchesPath(root, file string) bool {
	return i.base.matchesPath(file, joined(root, file)) || i.roots[root].matchesPath(file)
}

// joined is the path of a file as seen from the current directory, with slashes.
func joined(root, file string) string {
	if root == "" || path.IsAbs(file) {
		return file
	}
	return path.Join(filepath.ToSlash(root), file)
}
