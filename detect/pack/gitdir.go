package pack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrNoRepository is wrapped where a path is in no git repository.
var ErrNoRepository = errors.New("not a git repository")

// ErrSHA256 is wrapped for repositories whose object ids are SHA-256.
var ErrSHA256 = errors.New("the repository's object format is sha256, only sha1 can be read")

// gitDir is where a repository's parts are.
type gitDir struct {
	own      string // of this working tree: HEAD
	common   string // objects, refs, config
	partial  bool   // objects may be missing on purpose
	reftable bool
}

// findGitDir finds the repository that path is in: a working tree or below, a .git directory, a .git file that names
// one, a bare repository.
func findGitDir(path string) (g gitDir, err error) {
	start, err := filepath.Abs(path)
	if err != nil {
		return g, err
	}
	if _, err := os.Stat(start); err != nil {
		return g, err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		for _, candidate := range []string{filepath.Join(dir, ".git"), dir} {
			own, err := followGitFile(candidate)
			if err != nil {
				return g, err
			}
			g.own, g.common = own, own
			if b, err := os.ReadFile(filepath.Join(own, "commondir")); err == nil {
				g.common = under(own, strings.TrimSpace(string(b)))
			}
			if isFile(filepath.Join(own, "HEAD")) && isDir(filepath.Join(g.common, "objects")) {
				return g, g.readConfig()
			}
		}
		if dir == filepath.Dir(dir) {
			return g, fmt.Errorf("%s: %w", path, ErrNoRepository)
		}
	}
}

// followGitFile returns the directory that a .git file names, or the path itself where it is none.
func followGitFile(path string) (string, error) {
	if !isFile(path) || filepath.Base(path) != ".git" {
		return path, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	dir, ok := strings.CutPrefix(string(b), "gitdir: ")
	if !ok {
		return "", fmt.Errorf("%s: %w: the file names no gitdir", path, ErrNoRepository)
	}
	return under(filepath.Dir(path), strings.TrimRight(dir, "\r\n")), nil
}

// under reads path as it is meant in dir.
func under(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// readConfig reads of the repository's own config what changes how objects and refs are stored.
func (g *gitDir) readConfig() error {
	b, err := os.ReadFile(filepath.Join(g.common, "config"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	section := ""
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			name, rest, _ := strings.Cut(line[1:], "]")
			section = strings.ToLower(strings.TrimSpace(name))
			line = strings.TrimSpace(rest)
		}
		key, value, set := strings.Cut(line, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		value, _, _ = strings.Cut(value, "#")
		value, _, _ = strings.Cut(value, ";")
		value = strings.ToLower(strings.Trim(strings.TrimSpace(value), `"`))
		switch {
		case section == "extensions" && key == "objectformat" && value == "sha256":
			return fmt.Errorf("%s: %w", g.common, ErrSHA256)
		case section == "extensions" && key == "refstorage" && value == "reftable":
			g.reftable = true
		case section == "extensions" && key == "partialclone":
			g.partial = true
		case strings.HasPrefix(section, "remote ") && key == "promisor":
			g.partial = g.partial || !set || value == "true" || value == "yes" || value == "on" || value == "1"
		}
	}
	return nil
}

// objectDirs returns the directory of objects and all its alternates, alternates of alternates too.
func (g gitDir) objectDirs() (dirs []string, skipped []Skipped) {
	seen := map[string]bool{}
	var add func(dir string, depth int)
	add = func(dir string, depth int) {
		if target, err := filepath.EvalSymlinks(dir); err == nil {
			dir = target
		}
		if seen[dir] {
			return
		}
		seen[dir] = true
		const deepest = 5 // as git
		if !isDir(dir) || depth > deepest {
			skipped = append(skipped, Skipped{Object: dir, Reason: "alternate objects directory: not there, or too many levels of them", Damaged: true})
			return
		}
		dirs = append(dirs, dir)
		b, err := os.ReadFile(filepath.Join(dir, "info", "alternates"))
		if err != nil {
			return
		}
		for line := range strings.Lines(string(b)) {
			line = strings.TrimSuffix(line, "\n")
			if line == "" || line[0] == '#' {
				continue
			}
			if line[0] == '"' {
				if plain, err := strconv.Unquote(line); err == nil {
					line = plain
				}
			}
			add(under(dir, line), depth+1)
		}
	}
	add(filepath.Join(g.common, "objects"), 0)
	return dirs, skipped
}

// refs returns what each ref points to. HEAD, of this working tree and of others, is a ref that is only told where no
// branch holds the same.
func (g gitDir) refs() (refs map[string]id, head id) {
	refs = map[string]id{}
	if b, err := os.ReadFile(filepath.Join(g.common, "packed-refs")); err == nil {
		for line := range strings.Lines(string(b)) {
			hash, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			if i, isID := parseID(hash); ok && isID {
				refs[name] = i
			}
		}
	}
	symbolic := map[string]string{}
	read := func(root, name string) {
		b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return
		}
		text := strings.TrimSpace(string(b))
		if target, ok := strings.CutPrefix(text, "ref:"); ok {
			symbolic[name] = strings.TrimSpace(target)
		} else if i, ok := parseID(text[:min(len(text), 40)]); ok {
			refs[name] = i
		}
	}
	for _, root := range []string{g.common, g.own} {
		_ = filepath.WalkDir(filepath.Join(root, "refs"), func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				if name, err := filepath.Rel(root, path); err == nil {
					read(root, filepath.ToSlash(name))
				}
			}
			return nil
		})
	}
	read(g.own, "HEAD")
	others, _ := os.ReadDir(filepath.Join(g.common, "worktrees"))
	for _, o := range others {
		read(g.common, "worktrees/"+o.Name()+"/HEAD")
	}
	for name := range symbolic {
		target := name
		for range 5 { // as git
			next, ok := symbolic[target]
			if !ok {
				break
			}
			target = next
		}
		if i, ok := refs[target]; ok && name == "HEAD" {
			head = i
		}
	}
	if i, ok := refs["HEAD"]; ok {
		head = i
	}
	return refs, head
}

// shallow returns the commits whose parents were left out on purpose.
func (g gitDir) shallow() (commits []id) {
	b, _ := os.ReadFile(filepath.Join(g.common, "shallow"))
	for line := range strings.Lines(string(b)) {
		if i, ok := parseID(strings.TrimSpace(line)); ok {
			commits = append(commits, i)
		}
	}
	return commits
}
