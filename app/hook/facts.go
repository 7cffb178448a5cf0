// Package hook installs rekey in git's hooks, takes it out again, and says whether git would run it.
//
// facts.go asks git and reads files. install.go, global.go and status.go decide from these facts alone, and hold the thin part that
// then writes. script.go has the lines that are added to a hook, manager.go knows the programs that manage hooks themselves.
package hook

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rekey-app/rekey/app/hook/git"
	"github.com/rekey-app/rekey/detect/pack/gitdir"
)

// Facts are what decides which hook git runs in a repository.
type Facts struct {
	Bare    bool
	Top     string // of the working tree; of a bare repository its directory
	Common  string // the directory that all working trees of the repository share
	Setting *Setting
	Dir     string          // where git looks for hooks
	Hooks   map[string]File // in Dir, by name
	Own     map[string]File // in Common/hooks, where Dir is another
	Managed map[string]File // what is made to be edited of a manager's, as .husky/pre-push
	Manager *Manager        // nil where no program manages the hooks
	OnPath  bool            // whether rekey is on the PATH
	Getenv  func(string) string
}

// Setting is core.hooksPath.
type Setting struct {
	Value  string // absolute
	Scope  string // system, global, local, worktree, command
	Origin string // where it is set, as git says it
}

// File is a hook's file.
type File struct {
	Path       string
	Exists     bool
	Executable bool
	Link       bool // a symbolic link
	Text       string
}

// Ask finds the facts of the repository that the directory is in. Errors wrap [gitdir.ErrNoRepository] outside of one.
func Ask(ctx context.Context, g git.Git, getenv func(string) string, onPath bool) (Facts, error) {
	f := Facts{Getenv: getenv, OnPath: onPath}
	out, err := g.Output(ctx, "", "rev-parse", "--is-bare-repository", "--git-common-dir", "--is-inside-work-tree")
	if git.Status(err) == 128 {
		return f, fmt.Errorf("%w here: run rekey hook in a repository", gitdir.ErrNoRepository)
	}
	if err != nil {
		return f, err
	}
	fields := strings.Split(out, "\n")
	if len(fields) != 3 {
		return f, fmt.Errorf("git rev-parse printed %q", out)
	}
	here, err := filepath.Abs(g.Dir)
	if err != nil {
		return f, err
	}
	f.Common = gitdir.Under(here, filepath.FromSlash(fields[1]))
	f.Bare, f.Top = fields[0] == "true", f.Common
	switch {
	case fields[2] == "true":
		if out, err = g.Output(ctx, "", "rev-parse", "--show-toplevel"); err != nil {
			return f, err
		}
		f.Top = filepath.FromSlash(out)
	case !f.Bare: // in .git
		f.Top = filepath.Dir(f.Common)
	}
	if f.Setting, err = hooksPath(ctx, g, f.Top); err != nil {
		return f, err
	}
	own := filepath.Join(f.Common, "hooks")
	f.Dir = own
	if f.Setting != nil {
		f.Dir = f.Setting.Value
	}
	f.Hooks, f.Own = map[string]File{}, map[string]File{}
	for _, name := range []string{PreCommit, PrePush} {
		if f.Hooks[name], err = readFile(filepath.Join(f.Dir, name)); err != nil {
			return f, err
		}
		if f.Dir != own {
			if f.Own[name], err = readFile(filepath.Join(own, name)); err != nil {
				return f, err
			}
		}
	}
	if f.Manager, err = findManager(f); err != nil || f.Manager == nil || f.Manager.dir == "" {
		return f, err
	}
	f.Managed = map[string]File{}
	for _, name := range []string{PreCommit, PrePush} {
		if f.Managed[name], err = readFile(filepath.Join(f.Manager.dir, name)); err != nil {
			return f, err
		}
	}
	return f, nil
}

// hooksPath asks for core.hooksPath. A relative one is relative to where hooks run.
func hooksPath(ctx context.Context, g git.Git, top string, scope ...string) (*Setting, error) {
	args := append([]string{"config"}, scope...)
	out, err := g.Output(ctx, "", append(args, "-z", "--show-scope", "--show-origin", "--type=path", "--get", "core.hooksPath")...)
	if git.Status(err) == 1 {
		return nil, nil //nolint:nilnil // it is not set
	}
	if err != nil {
		return nil, err
	}
	fields := strings.Split(out, "\x00")
	if len(fields) < 3 {
		return nil, fmt.Errorf("git config printed %q", out)
	}
	return &Setting{gitdir.Under(top, filepath.FromSlash(fields[2])), fields[0], strings.TrimPrefix(fields[1], "file:")}, nil
}

// readFile reads what is in a hook's place. It need not be there.
func readFile(path string) (File, error) {
	f := File{Path: path}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) || isNotDir(err) {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	f.Exists, f.Link = true, info.Mode()&fs.ModeSymlink != 0
	if info, err = os.Stat(path); err != nil { // a link to nowhere
		return f, nil //nolint:nilerr // there is something, and git does not run it
	}
	f.Executable = isExecutable(info)
	if !info.Mode().IsRegular() {
		return f, nil
	}
	text, err := gitdir.Read(path, mostScript)
	f.Text = string(text)
	return f, err
}

// mostScript is what a hook may have that is read, in bytes.
const mostScript = 16 << 20

// isNotDir reports whether a directory on the way to a file is a file, as where core.hooksPath is /dev/null.
func isNotDir(err error) bool {
	p, ok := errors.AsType[*fs.PathError](err)
	if !ok {
		return false
	}
	info, err := os.Stat(filepath.Dir(p.Path))
	return err == nil && !info.IsDir()
}

// shared reports whether a file is in the working tree, for all who have the repository.
func (f Facts) shared(path string) bool {
	return f.inside(f.Top, path) && !f.inside(f.Common, path)
}

func (f Facts) inside(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}
