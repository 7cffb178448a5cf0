package dotenv

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/scan/worktree"
	"github.com/rekey-app/rekey/detect/pack/gitdir"
)

const maxFile = 1 << 20 // bytes; a longer file is none of settings

// file is one of settings, behind all links.
type file struct {
	path    string // absolute
	shown   string // in the clone, with slashes
	tracked bool   // by git
	ignored bool   // by git, or there is no git
}

var errOutside = errors.New("it is a link to a file outside of this clone")

// clones are the working trees that files were found in, by where they are. It is not safe for concurrent use, and must be closed.
type clones struct {
	getenv func(string) string
	open   map[string]*clone
}

type clone struct {
	*worktree.Tree

	tracked map[string]bool
}

func newClones(getenv func(string) string) *clones { return &clones{getenv, map[string]*clone{}} }

func (c *clones) close() {
	for _, tree := range c.open {
		_ = tree.Close() // was only read
	}
}

// of returns the working tree that a directory is in.
func (c *clones) of(dir string) (*clone, error) {
	at, err := gitdir.Find(dir, false)
	if err != nil {
		return nil, err
	}
	if known := c.open[at.Top]; known != nil {
		return known, nil
	}
	tree, err := worktree.Open(dir, nil)
	if err != nil {
		return nil, err
	}
	entries, err := tree.Index()
	if err != nil {
		return nil, errors.Join(err, tree.Close())
	}
	found := &clone{tree, make(map[string]bool, len(entries))}
	for _, e := range entries {
		found.tracked[e.Path] = true
	}
	c.open[at.Top] = found
	return found, nil
}

// find finds out about a file. Links are followed within the clone; the error of one that leads out of it wraps errOutside.
func (c *clones) find(path string) (file, error) {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return file{}, err
	}
	tree, err := c.of(filepath.Dir(path))
	if errors.Is(err, gitdir.ErrNoRepository) {
		f := file{path: target, shown: filepath.Base(target), ignored: true}
		if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err != nil || dir != filepath.Dir(target) {
			return f, errOutside
		}
		return f, nil
	}
	if err != nil {
		return file{}, err
	}
	f := file{path: target}
	if f.shown, err = tree.Path(target); err != nil {
		return file{path: target}, errOutside
	}
	f.tracked = tree.tracked[f.shown]
	f.ignored, err = tree.Ignored(f.shown, c.getenv)
	return f, err
}

// untrack says how git stops to track the file.
func (f file) untrack() string {
	return fmt.Sprintf("run git rm --cached %s, add it to .gitignore, and run this again", destination.Word(f.shown))
}

// read returns a file's text; that of a file too large is an error.
func (f file) read() (string, error) {
	info, err := os.Stat(f.path)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fs.ErrNotExist
	case info.Size() > maxFile:
		return "", fmt.Errorf("it is larger than %d MiB", maxFile>>20)
	}
	text, err := os.ReadFile(f.path)
	return string(text), err
}

// replace replaces a file's text, and keeps its mode and its owner. Whoever reads it meanwhile, or after a crash, finds the old text or the new one.
// What an earlier attempt left when it was ended is removed.
func (f file) replace(text string) (err error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return err
	}
	temporary := f.path + unfinished
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = out.WriteString(text)
	err = errors.Join(err, own(out, info), out.Chmod(info.Mode().Perm()), out.Sync(), out.Close())
	if err == nil {
		err = os.Rename(temporary, f.path)
	}
	if err != nil {
		_ = os.Remove(temporary) // the error that counts is told
	}
	return err
}

// unfinished ends the name of a file that is being written. Git ignores it wherever it ignores .env* or *.local.
const unfinished = ".rekey.local"

// settings reports whether a file's name is one of files that dotenv, Next.js, Vite or Wrangler read.
func settings(name string) bool {
	return !strings.HasSuffix(name, unfinished) && (name == ".env" || name == ".dev.vars" || strings.HasPrefix(name, ".env.") || strings.HasPrefix(name, ".dev.vars."))
}

// manifests are the files that a package's directory has.
var manifests = []string{
	"package.json", "deno.json", "deno.jsonc", "wrangler.toml", "wrangler.json", "wrangler.jsonc", "go.mod", "pyproject.toml", "requirements.txt",
	"Gemfile", "Cargo.toml", "composer.json", "mix.exs", "pom.xml", "build.gradle", "build.gradle.kts",
}

// directories returns those of the packages, "." first: slash-separated, sorted.
func directories(paths []string) []string {
	found := []string{"."}
	for _, p := range paths {
		dir, name := ".", p
		if i := strings.LastIndexByte(p, '/'); i >= 0 {
			dir, name = p[:i], p[i+1:]
		}
		if (slices.Contains(manifests, name) || settings(name)) && !slices.Contains(strings.Split(dir, "/"), "node_modules") {
			found = append(found, dir)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
