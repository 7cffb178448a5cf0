package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rekey-app/rekey/app/scan/worktree"
	"github.com/rekey-app/rekey/detect/audit"
	"github.com/rekey-app/rekey/detect/pack/gitdir"
	"github.com/rekey-app/rekey/respond"
)

// maxFile is how large a file is at most that is read, in bytes.
const maxFile = 32 << 20

// source is a tree of files that can say what it could not read, and what files are called.
type source interface {
	audit.Tree

	focus() []string         // the paths whose findings are wanted; nil: all
	name(path string) string // as people see it
	problems() []Problem
	read() int // how many files were
	// policy is the repository's policy file; nil: there is none.
	policy() []byte
	close()
}

// open decides what is audited: a commit, a working tree, or a directory that is in none.
func open(ctx context.Context, o Options) (source, error) {
	named := o.Path
	if named == "" {
		named = "."
	}
	if o.Ref != "" {
		return openCommit(ctx, named, o.Ref)
	}
	info, err := os.Stat(named)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", named, reasonOf(err))
	}
	full, err := filepath.Abs(named)
	if err == nil {
		full, err = filepath.EvalSymlinks(full)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s", named, reasonOf(err))
	}
	f := &files{top: full, texts: map[string][]byte{}}
	if !info.IsDir() {
		f.top = filepath.Dir(full)
	}
	git, err := worktree.Open(f.top, nil)
	switch {
	case err == nil:
		defer git.Close()
	case !errors.Is(err, gitdir.ErrNoRepository):
		return nil, err
	}
	if f.here, err = os.Getwd(); err == nil {
		f.here, err = filepath.EvalSymlinks(f.here)
	}
	if err != nil {
		return nil, err
	}
	return f, f.list(ctx, git, full, o.Getenv)
}

// files are those of a directory, as git sees them: what it tracks, and what it does not ignore. It is used by one goroutine.
type files struct {
	top    string // absolute, without links
	here   string // the current directory
	root   *os.Root
	paths  []string
	wanted []string // those below what was named; nil: all
	texts  map[string][]byte
	failed []Problem
}

// list finds the files. git is nil where there is no repository: then all but what is installed counts. named is what the audit is of, in
// a working tree that may be larger: files outside of it are read for what hangs on them.
func (f *files) list(ctx context.Context, git *worktree.Tree, named string, getenv func(string) string) error {
	within := ""
	if git != nil {
		top, err := filepath.EvalSymlinks(git.Top)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, named)
		if err != nil || !filepath.IsLocal(rel) {
			return fmt.Errorf("%s is not in the working tree %s", named, git.Top)
		}
		rel = filepath.ToSlash(rel)
		ignored, err := git.IgnoredDir(rel, getenv)
		if err != nil {
			return err
		}
		if ignored { // it was named all the same: what is in it is no part of that repository
			git = nil
		} else {
			f.top, within = top, rel
		}
	}
	if git == nil {
		if rel, err := filepath.Rel(f.top, named); err == nil {
			within = filepath.ToSlash(rel)
		}
	}
	var err error
	if f.root, err = os.OpenRoot(f.top); err != nil {
		return err
	}
	if err := f.walk(ctx, git, getenv); err != nil {
		f.root.Close()
		return err
	}
	if within != "." && within != "" {
		f.wanted = []string{}
		for _, p := range f.paths {
			if p == within || strings.HasPrefix(p, within+"/") {
				f.wanted = append(f.wanted, p)
			}
		}
	}
	return nil
}

func (f *files) walk(ctx context.Context, git *worktree.Tree, getenv func(string) string) error {
	tracked := map[string]bool{}
	if git != nil {
		entries, err := git.Index()
		if err != nil {
			return err
		}
		for _, e := range entries {
			if info, err := f.root.Lstat(filepath.FromSlash(e.Path)); err == nil && info.Mode().IsRegular() {
				tracked[e.Path] = true
			}
		}
	}
	seen := map[string]bool{}
	err := fs.WalkDir(f.root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			f.failed = append(f.failed, Problem{Name: f.name(p), Reason: reasonOf(err)})
			return nil
		case p == ".":
			return nil
		case d.IsDir():
			return f.enter(git, p, getenv)
		case !d.Type().IsRegular() || tracked[p]:
			return nil
		}
		if git != nil {
			ignored, err := git.Ignored(p, getenv)
			if err != nil || ignored {
				return err
			}
		}
		seen[p] = true
		return nil
	})
	for p := range tracked {
		seen[p] = true
	}
	for p := range seen {
		f.paths = append(f.paths, p)
	}
	slices.Sort(f.paths)
	return err
}

// enter decides whether the files of a directory are looked at that git does not track. Another repository's are not this one's.
func (f *files) enter(git *worktree.Tree, dir string, getenv func(string) string) error {
	if base := path.Base(dir); base == ".git" || base == "node_modules" {
		return fs.SkipDir
	}
	if git == nil {
		return nil
	}
	if _, err := f.root.Lstat(filepath.Join(filepath.FromSlash(dir), ".git")); err == nil {
		return fs.SkipDir
	}
	ignored, err := git.IgnoredDir(dir, getenv)
	if err == nil && ignored {
		return fs.SkipDir
	}
	return err
}

func (f *files) Paths() []string     { return f.paths }
func (f *files) Whole() bool         { return true }
func (f *files) focus() []string     { return f.wanted }
func (f *files) problems() []Problem { return f.failed }
func (f *files) read() int           { return known(f.texts) }
func (f *files) close()              { f.root.Close() }

// Read reads a file once.
func (f *files) Read(p string) ([]byte, bool) {
	if text, known := f.texts[p]; known {
		return text, text != nil
	}
	text, err := contentOf(f.root, p)
	if err != nil {
		f.failed = append(f.failed, Problem{Name: f.name(p), Reason: reasonOf(err)})
		f.texts[p] = nil
		return nil, false
	}
	f.texts[p] = text
	return text, true
}

func (f *files) policy() []byte {
	text, err := contentOf(f.root, respond.PolicyPath)
	if err != nil {
		return nil
	}
	return text
}

// contentOf reads a regular file. It is never nil without an error.
func contentOf(root *os.Root, p string) ([]byte, error) {
	name := filepath.FromSlash(p)
	if info, err := root.Lstat(name); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, errors.New("larger than 32 MiB")
	}
	return text, nil
}

// name is a path as seen from the current directory.
func (f *files) name(p string) string {
	full := filepath.Join(f.top, filepath.FromSlash(p))
	rel, err := filepath.Rel(f.here, full)
	if err != nil {
		return full
	}
	return filepath.ToSlash(rel)
}

// reasonOf is an error without the path, which is told beside it.
func reasonOf(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// known counts the texts that could be read.
func known(texts map[string][]byte) (n int) {
	for _, text := range texts {
		if text != nil {
			n++
		}
	}
	return n
}

// position is where a byte of a text is: its line and its column in characters, from 1.
func position(text []byte, offset int) (line, column int) {
	before := text[:min(offset, len(text))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte{'\n'}) + 1, utf8.RuneCount(before[start:]) + 1
}
