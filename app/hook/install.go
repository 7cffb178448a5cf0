package hook

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Step is what is done for one hook, or why nothing is.
type Step struct {
	Hook string
	Path string // of the file that is written or removed; "" for none
	Text string // what it is to hold; "" removes it
	Mode os.FileMode
	Says string // what was done, for people: "installed in FILE"
	Not  bool   // it is not installed, since Says
	Hint string // what to do then, some lines
}

// Install decides what is done to have the hooks run rekey, which is at that path. It writes nothing: [Apply] does.
func Install(f Facts, hooks []string, rekey string) (steps []Step) {
	for _, name := range hooks {
		steps = append(steps, f.install(name, rekey))
	}
	return steps
}

func (f Facts) install(name, rekey string) Step {
	s := Step{Hook: name}
	no := func(hint, format string, args ...any) Step {
		s.Not, s.Says, s.Hint = true, fmt.Sprintf(format, args...), hint
		return s
	}
	if f.Bare {
		return no("A server checks what it receives with rekey hook pre-receive: see docs/hooks.md.", "nobody commits to or pushes from a bare repository")
	}
	switch m := f.Manager; {
	case m == nil || m.Name == preCommitFramework && !m.made(f.Hooks[name].Text): // which keeps hooks that it finds, and runs them
	case m.dir != "":
		return f.add(s, f.Managed[name], rekey)
	default:
		if m.runs(name) {
			s.Says = "already in " + f.short(m.Settings)
			return s
		}
		snippet, then := m.snippet()
		hint := "Add this to " + f.short(m.Settings) + ":\n\n" + snippet
		if then != "" {
			hint += "\nThen: " + then
		}
		return no(hint, "%s manages this repository's hooks, and would overwrite it", m.Name)
	}
	if set := f.Setting; set != nil {
		switch set.Scope {
		case "local", "worktree":
		case "command":
			return no("Unset it, and install again.", "core.hooksPath is set by this shell's environment (GIT_CONFIG_…) to %s", set.Value)
		default:
			return no("To check all repositories: rekey hook install --global",
				"core.hooksPath is %s for all repositories (%s), so git ignores this one's own hooks", set.Value, set.Origin)
		}
	}
	return f.add(s, f.Hooks[name], rekey)
}

// add decides how rekey's lines come into one file.
func (f Facts) add(s Step, file File, rekey string) Step {
	path := file.Path
	shared := f.shared(path)
	where := f.short(path)
	refuse := func(why string) Step {
		s.Not, s.Says = true, where+" "+why
		s.Hint = "Call rekey from it, first of all, with the arguments and the standard input that git gives it:\n\n  rekey hook " + s.Hook + ` "$@"`
		return s
	}
	ours := block(s.Hook, rekey, shared, !file.Exists || strings.Contains(split(file.Text).ours, createdMark))
	s.Path, s.Mode = path, 0o755
	switch {
	case !file.Exists:
		s.Text, s.Says = shebang+ours, "installed in "+where
	case split(file.Text).ours == ours && file.Executable:
		s.Path, s.Says = "", "already in "+where
	case split(file.Text).ours != "":
		s.Text, s.Says = with(file.Text, ours), "brought up to date in "+where
	case calls(file.Text, s.Hook) && file.Executable:
		s.Path, s.Says = "", "already called by "+where
	case file.Link:
		s.Path = ""
		return refuse("is a symbolic link, and what it points to may be used elsewhere too")
	case f.isHuskys(path) && !strings.HasPrefix(file.Text, "#!"): // husky runs it with sh
		s.Text, s.Says = with(file.Text, ours), "added to "+where
	case !file.Executable:
		s.Path = ""
		return refuse("is not executable, so git doesn't run it; rekey doesn't switch it on")
	case !isShell(file.Text):
		s.Path = ""
		return refuse("is not a shell script")
	default:
		s.Text, s.Says = with(file.Text, ours), "added to "+where+", before your own commands"
	}
	return s
}

func (f Facts) isHuskys(path string) bool {
	return f.Manager != nil && f.Manager.dir != "" && filepath.Dir(path) == f.Manager.dir
}

// Uninstall decides what is done to take rekey out of the hooks again: exactly the lines that Install added.
func Uninstall(f Facts, hooks []string) (steps []Step) {
	for _, name := range hooks {
		before := len(steps)
		for _, file := range []File{f.Hooks[name], f.Own[name], f.Managed[name]} {
			if split(file.Text).ours == "" {
				continue
			}
			where := f.short(file.Path)
			if set := f.Setting; set != nil && set.Scope != "local" && set.Scope != "worktree" && filepath.Dir(file.Path) == f.Dir {
				steps = append(steps, Step{
					Hook: name, Not: true, Says: "installed for all repositories, in " + where, Hint: "To remove it there: rekey hook uninstall --global",
				})
				continue
			}
			steps = append(steps, remove(name, file, where))
		}
		if m := f.Manager; len(steps) == before && m != nil && m.runs(name) {
			steps = append(steps, Step{Hook: name, Not: true, Says: "in " + f.short(m.Settings) + ", which you wrote", Hint: "Remove it there."})
		}
		if len(steps) == before {
			steps = append(steps, Step{Hook: name, Says: "not installed"})
		}
	}
	return steps
}

func remove(name string, file File, where string) Step {
	left, none := without(file.Text)
	s := Step{Hook: name, Path: file.Path, Text: left, Mode: 0o755, Says: "removed from " + where}
	if none {
		s.Text, s.Says = "", "removed "+where
	}
	return s
}

// short is a path as seen from the top of the working tree, where it is below that.
func (f Facts) short(path string) string {
	if rel, err := filepath.Rel(f.Top, path); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(path)
}

// Apply writes what was decided. A file is written whole or not at all.
func Apply(steps []Step) error {
	for _, s := range steps {
		if s.Path == "" {
			continue
		}
		if err := write(s); err != nil {
			return fmt.Errorf("%s: %w", s.Hook, err)
		}
	}
	return nil
}

func write(s Step) error {
	if s.Text == "" {
		if err := os.Remove(s.Path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	dir := filepath.Dir(s.Path)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	mode := s.Mode
	if info, err := os.Stat(s.Path); err == nil {
		mode = info.Mode().Perm() | info.Mode().Perm()&0o444>>2 // executable by those who may read it
	}
	f, err := os.CreateTemp(dir, ".rekey-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(s.Text)
	err = cmp.Or(err, f.Chmod(mode), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.Path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
