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
)

// chained are the hooks that git looks for in core.hooksPath, and no longer in the repository. Three are left out, since git does
// something else where they are there and have nothing to do: fsmonitor-watchman, proc-receive and push-to-checkout.
func chained() []string {
	return []string{
		"applypatch-msg", "commit-msg", "p4-changelist", "p4-post-changelist", "p4-pre-submit", "p4-prepare-changelist", "post-applypatch",
		"post-checkout", "post-commit", "post-index-change", "post-merge", "post-receive", "post-rewrite", "post-update", "pre-applypatch",
		"pre-auto-gc", PreCommit, "pre-merge-commit", PrePush, "pre-rebase", "pre-receive", "prepare-commit-msg", "reference-transaction",
		"sendemail-validate", "update",
	}
}

const chainMark = "# rekey hook chain: runs the repository's own hook, which git no longer does by itself\n"

// chain is the end of a hook for all repositories: the repository's own one. It asks git nothing where git has said what it is about,
// since some hooks run many times in one command.
func chain(name string) string {
	return chainMark + `common=${GIT_DIR:-$(git rev-parse --git-common-dir)} || exit 0
[ ! -f "$common/commondir" ] || { read -r up <"$common/commondir"; case $up in /*|?:*) common=$up ;; *) common=$common/$up ;; esac; }
[ ! -x "$common/hooks/` + name + `" ] || exec "$common/hooks/` + name + `" "$@"
`
}

func chains(text string) bool { return strings.Contains(text, chainMark) }

// Global is what decides about hooks for all repositories of a user.
type Global struct {
	Setting *Setting // core.hooksPath for all repositories; nil where there is none
	Dir     string   // where the hooks are, or are to be
	Files   map[string]File
}

// AskGlobal finds out what is set for all repositories. config is the user's directory of settings.
func AskGlobal(ctx context.Context, g git.Git, config string) (Global, error) {
	f := Global{Files: map[string]File{}}
	var err error
	for _, scope := range []string{"--system", "--global"} { // the second counts for more
		set, err := hooksPath(ctx, g, config, scope)
		if err != nil && git.Status(err) != 128 { // 128: there is no such file
			return f, err
		}
		if set != nil {
			f.Setting = set
		}
	}
	f.Dir = filepath.Join(config, "rekey", "git-hooks")
	if f.Setting != nil {
		f.Dir = f.Setting.Value
	}
	for _, name := range chained() {
		if f.Files[name], err = readFile(filepath.Join(f.Dir, name)); err != nil {
			return f, err
		}
	}
	return f, nil
}

// IsOurs reports whether the directory is one that rekey made.
func (f Global) IsOurs() bool { return chains(f.Files["commit-msg"].Text) }

// InstallGlobal decides how all repositories get the hooks. Where core.hooksPath is set already, its hooks get rekey's lines and stay
// what they are. Else set reports that it is to be set to Dir, which gets hooks that run the repository's own ones besides.
func InstallGlobal(f Global, hooks []string, rekey string) (steps []Step, set bool) {
	if f.Setting != nil && !f.IsOurs() {
		facts := Facts{Top: f.Dir, Common: f.Dir, Dir: f.Dir, Hooks: f.Files}
		for _, name := range hooks {
			steps = append(steps, facts.add(Step{Hook: name}, f.Files[name], rekey))
		}
		return steps, false
	}
	wanted := map[string]bool{}
	for _, name := range hooks {
		wanted[name] = true
	}
	for _, name := range chained() {
		file := f.Files[name]
		text := shebang
		if wanted[name] || split(file.Text).ours != "" {
			text += block(name, rekey, false, false)
		}
		text += chain(name)
		s := Step{Hook: name, Path: file.Path, Text: text, Mode: 0o755}
		switch {
		case file.Exists && !chains(file.Text):
			s.Path, s.Not, s.Says = "", true, file.Path+" is there, and not rekey's: move it away"
		case file.Text == text && file.Executable:
			s.Path = ""
		}
		if wanted[name] && !s.Not {
			s.Says = map[bool]string{true: "already in ", false: "installed in "}[s.Path == ""] + filepath.ToSlash(file.Path)
		}
		steps = append(steps, s)
	}
	return steps, f.Setting == nil
}

// UninstallGlobal decides how they come out again. unset reports that core.hooksPath is to be unset.
func UninstallGlobal(f Global) (steps []Step, unset bool) {
	for _, name := range chained() {
		file := f.Files[name]
		switch {
		case chains(file.Text):
			s := Step{Hook: name, Path: file.Path}
			if split(file.Text).ours != "" {
				s.Says = "removed " + filepath.ToSlash(file.Path)
			}
			steps = append(steps, s)
		case split(file.Text).ours != "":
			steps = append(steps, remove(name, file, filepath.ToSlash(file.Path)))
		}
	}
	return steps, f.Setting != nil && f.IsOurs()
}

// SetGlobal sets core.hooksPath for all repositories of the user, and UnsetGlobal takes the setting away.
func SetGlobal(ctx context.Context, g git.Git, dir string) error {
	_, err := g.Output(ctx, "", "config", "--global", "core.hooksPath", filepath.ToSlash(dir))
	return err
}

// UnsetGlobal is told at SetGlobal. It removes the directory too, where nothing is left in it.
func UnsetGlobal(ctx context.Context, g git.Git, dir string) error {
	if _, err := g.Output(ctx, "", "config", "--global", "--unset", "core.hooksPath"); err != nil && git.Status(err) != 5 { // 5: it is not set
		return err
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) > 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	return os.Remove(dir)
}
