package rotate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rekey-app/rekey/app/scan"
	"github.com/rekey-app/rekey/app/scan/worktree"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/pack/gitdir"
)

// maxSettings is how large a file is at most that is read for what it says of hosts, in bytes.
const maxSettings = 1 << 20

// clone is the working tree on this machine: which files git tracks, and what they hold. It is safe for concurrent use: drivers read it side by side.
type clone struct {
	dir     string
	root    *os.Root
	tracked []string

	mu    sync.Mutex
	texts map[string][]byte // that were read; nil for what could not be
}

// openClone opens the working tree that dir is in, or dir itself where it is in none: then no file is tracked. The caller closes it.
func openClone(dir string) (*clone, error) {
	full, err := filepath.Abs(dir)
	if err == nil {
		full, err = filepath.EvalSymlinks(full)
	}
	if err != nil {
		return nil, fmt.Errorf("%s can't be opened: %w", dir, err)
	}
	c := &clone{dir: full, texts: map[string][]byte{}}
	git, err := worktree.Open(full, nil)
	switch {
	case errors.Is(err, gitdir.ErrNoRepository):
	case err != nil:
		return nil, fmt.Errorf("the repository of %s can't be read: %w", dir, err)
	default:
		defer git.Close()
		c.dir = git.Top
		entries, err := git.Index()
		if err != nil {
			return nil, fmt.Errorf("the repository of %s can't be read: %w", dir, err)
		}
		for _, e := range entries {
			c.tracked = append(c.tracked, e.Path)
		}
		slices.Sort(c.tracked)
		c.tracked = slices.Compact(c.tracked)
	}
	if c.root, err = os.OpenRoot(c.dir); err != nil {
		return nil, fmt.Errorf("%s can't be opened: %w", dir, err)
	}
	return c, nil
}

// Close closes the directory.
func (c *clone) Close() { c.root.Close() }

// List returns the files that git tracks, in a list of the caller's own.
func (c *clone) List() []string { return slices.Clone(c.tracked) }

// Read returns what a tracked file holds on disk, and false for what is no file or more than 1 MiB.
func (c *clone) Read(path string) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if text, known := c.texts[path]; known {
		return text, text != nil
	}
	c.texts[path] = nil
	if _, tracked := slices.BinarySearch(c.tracked, path); !tracked {
		return nil, false
	}
	info, err := c.root.Lstat(filepath.FromSlash(path))
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxSettings {
		return nil, false
	}
	text, err := fs.ReadFile(c.root.FS(), path)
	if err != nil {
		return nil, false
	}
	c.texts[path] = text
	return text, true
}

func (c *clone) tracks(path string) bool {
	_, is := slices.BinarySearch(c.tracked, path)
	return is
}

// find looks for credentials in the files on disk, those that git ignores included: that is where living ones are.
func (c *clone) find(ctx context.Context, scanner *detect.Scanner, getenv func(string) string, now func() time.Time) ([]sighting, error) {
	result, err := scan.Run(ctx, scanner, scan.Options{Paths: []string{c.dir}, Getenv: getenv, Now: now})
	if err != nil {
		return nil, err
	}
	return c.sightings(slices.Concat(result.Hits, result.NotInGit)), nil
}

// findInHistory looks for credentials in everything that the repository has ever held.
func (c *clone) findInHistory(ctx context.Context, scanner *detect.Scanner, getenv func(string) string, now func() time.Time) ([]sighting, error) {
	result, err := scan.Run(ctx, scanner, scan.Options{Paths: []string{c.dir}, History: true, Getenv: getenv, Now: now})
	if err != nil {
		return nil, err
	}
	found := c.sightings(result.Hits)
	for i := range found {
		found[i].tracked = false // it is somewhere in the past, and possibly in no file of today
	}
	return found, nil
}

func (c *clone) sightings(hits []scan.Hit) []sighting {
	var out []sighting
	for _, h := range hits {
		path := strings.TrimPrefix(filepath.ToSlash(h.File), "./")
		out = append(out, sighting{Finding: h.Finding, path: path, tracked: c.tracks(path)})
	}
	return out
}

// environmentFiles returns the files of settings that git does not track, from the directories that have tracked ones: publishable keys are there.
func (c *clone) environmentFiles() [][]byte {
	dirs := map[string]bool{".": true}
	for _, p := range c.tracked {
		if path.Base(p) == "package.json" && len(dirs) < 200 {
			dirs[path.Dir(p)] = true
		}
	}
	var out [][]byte
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		for _, name := range []string{".env", ".env.local", ".env.production", ".env.production.local", ".env.development", ".env.development.local", ".dev.vars", ".clerk/.tmp/keyless.json"} {
			p := path.Join(dir, name)
			info, err := c.root.Stat(filepath.FromSlash(p))
			if err != nil || !info.Mode().IsRegular() || info.Size() > maxSettings {
				continue
			}
			if text, err := fs.ReadFile(c.root.FS(), p); err == nil {
				out = append(out, text)
			}
		}
	}
	return out
}
