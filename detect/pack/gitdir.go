package pack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rekey-app/rekey/detect/pack/gitdir"
)

// ErrNoRepository is wrapped where a path is in no git repository.
var ErrNoRepository = gitdir.ErrNoRepository

// ErrSHA256 is wrapped for repositories whose object ids are SHA-256.
var ErrSHA256 = errors.New("the repository's object format is sha256, only sha1 can be read")

// gitDir is where a repository's parts are, and what its config says of them.
type gitDir struct {
	gitdir.Dir
	partial  bool // objects may be missing on purpose
	reftable bool
}

// findGitDir finds the repository that path is in: a working tree or below, a .git directory, a .git file that names
// one, a bare repository.
func findGitDir(path string) (gitDir, error) {
	dir, err := gitdir.Find(path, true)
	if err != nil {
		return gitDir{}, err
	}
	g := gitDir{Dir: dir}
	return g, g.readConfig()
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
	b, err := gitdir.Read(filepath.Join(g.Common, "config"), gitdir.MaxSmall)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, s := range gitdir.Settings(string(b)) {
		switch {
		case s.Name == "extensions.objectformat" && strings.EqualFold(s.Value, "sha256"):
			return fmt.Errorf("%s: %w", g.Common, ErrSHA256)
		case s.Name == "extensions.refstorage":
			g.reftable = strings.EqualFold(s.Value, "reftable")
		case s.Name == "extensions.partialclone":
			g.partial = true
		case strings.HasPrefix(s.Name, "remote.") && strings.HasSuffix(s.Name, ".promisor"):
			g.partial = g.partial || s.IsTrue()
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
		if !isDir(dir) || depth > gitdir.DeepestAlternates {
			skipped = append(skipped, Skipped{Object: dir, Reason: "alternate objects directory: not there, or too many levels of them", Damaged: true})
			return
		}
		dirs = append(dirs, dir)
		for _, other := range gitdir.Alternates(dir) {
			add(other, depth+1)
		}
	}
	add(filepath.Join(g.Common, "objects"), 0)
	return dirs, skipped
}

// refs returns what each ref points to. HEAD, of this working tree and of others, is a ref that is only told where no
// branch holds the same.
func (g gitDir) refs() (refs map[string]id, head id) {
	refs = map[string]id{}
	if b, err := gitdir.Read(filepath.Join(g.Common, "packed-refs"), gitdir.MaxLarge); err == nil {
		for line := range strings.Lines(string(b)) {
			hash, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			if i, isID := parseID(hash); ok && isID {
				refs[name] = i
			}
		}
	}
	symbolic := map[string]string{}
	read := func(root, name string) {
		b, err := gitdir.Read(filepath.Join(root, filepath.FromSlash(name)), gitdir.MaxSmall)
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
	for _, root := range []string{g.Common, g.Own} {
		_ = filepath.WalkDir(filepath.Join(root, "refs"), func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				if name, err := filepath.Rel(root, path); err == nil {
					read(root, filepath.ToSlash(name))
				}
			}
			return nil
		})
	}
	read(g.Own, "HEAD")
	others, _ := os.ReadDir(filepath.Join(g.Common, "worktrees"))
	for _, o := range others {
		read(g.Common, "worktrees/"+o.Name()+"/HEAD")
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
	b, _ := gitdir.Read(filepath.Join(g.Common, "shallow"), gitdir.MaxSmall)
	for line := range strings.Lines(string(b)) {
		if i, ok := parseID(strings.TrimSpace(line)); ok {
			commits = append(commits, i)
		}
	}
	return commits
}
