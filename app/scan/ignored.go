package scan

import (
	"path/filepath"

	"github.com/rekey-app/rekey/app/scan/worktree"
)

// splitIgnored takes the hits out that are in files which git ignores and does not track: what is not in git did not leak
// through it. What was named on the command line itself counts, ignored or not. Git's rules are asked for files with hits
// only.
func (c *collector) splitIgnored(o Options) {
	a := apart{getenv: o.Getenv, dirs: map[string]*worktree.Tree{}, trees: map[string]*worktree.Tree{}, roots: map[string]bool{}}
	defer a.close()
	var in []Hit
	for _, h := range c.hits {
		if h.Root != "" && !a.named(h.Root) && a.ignored(joined(h.Root, h.File)) {
			c.notInGit = append(c.notInGit, h)
		} else {
			in = append(in, h)
		}
	}
	c.hits = in
}

// apart finds the working trees that files are in.
type apart struct {
	getenv func(string) string
	dirs   map[string]*worktree.Tree // by directory; nil where there is none
	trees  map[string]*worktree.Tree // by top
	roots  map[string]bool           // whether git ignores what was named
}

func (a *apart) close() {
	for _, t := range a.trees {
		t.Close()
	}
}

// named reports whether git ignores a directory that was named itself.
func (a *apart) named(root string) bool {
	is, known := a.roots[root]
	if !known {
		if t, rel := a.find(root); t != nil {
			var err error
			is, err = t.IgnoredDir(rel, a.getenv)
			is = is && err == nil
		}
		a.roots[root] = is
	}
	return is
}

// ignored reports whether git ignores a file and does not track it. Where git's files cannot be read, it does not.
func (a *apart) ignored(path string) bool {
	dir, name := filepath.Split(filepath.FromSlash(path))
	t, rel := a.find(dir)
	if t == nil {
		return false
	}
	is, err := t.Ignored(filepath.ToSlash(filepath.Join(rel, name)), a.getenv)
	return is && err == nil
}

// find returns the working tree that a directory is in, and its path there. nil is none.
func (a *apart) find(dir string) (t *worktree.Tree, rel string) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, ""
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, ""
	}
	if t = a.tree(dir); t == nil {
		return nil, ""
	}
	if rel, err = filepath.Rel(t.Top, dir); err != nil || !filepath.IsLocal(rel) {
		return nil, ""
	}
	return t, filepath.ToSlash(rel)
}

// tree opens the working tree that a directory is in, once.
func (a *apart) tree(dir string) *worktree.Tree {
	t, known := a.dirs[dir]
	if known {
		return t
	}
	if opened, err := worktree.Open(dir, nil); err == nil {
		t = opened
		if other, known := a.trees[t.Top]; known {
			t.Close()
			t = other
		} else {
			a.trees[t.Top] = t
		}
	}
	a.dirs[dir] = t
	return t
}
