package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rekey-app/rekey/app/hook"
	"github.com/rekey-app/rekey/app/hook/git"
	"github.com/rekey-app/rekey/app/terminal"
)

// whichHooks are the flags that choose hooks.
type whichHooks struct {
	PreCommit bool `help:"Only the pre-commit hook."`
	PrePush   bool `help:"Only the pre-push hook."`
}

func (w whichHooks) names() (names []string) {
	if w.PreCommit || !w.PrePush {
		names = append(names, hook.PreCommit)
	}
	if w.PrePush || !w.PreCommit {
		names = append(names, hook.PrePush)
	}
	return names
}

type hookInstallCommand struct {
	whichHooks `embed:""`
	Global     bool `help:"For all repositories of this user, by core.hooksPath; each repository's own hooks still run."`
	DryRun     bool `help:"Only say what would be done."`
}

// Help is shown by rekey hook install --help.
func (hookInstallCommand) Help() string {
	return `Installs git's pre-commit and pre-push hooks where git looks for them: in the repository, also from linked working trees and
submodules, in core.hooksPath, or in .husky. A hook of yours stays: rekey's marked lines come before its own, and what git tells it
is there for both. What isn't a shell script isn't touched. For lefthook and pre-commit it prints what their settings need.

Examples:

  rekey hook install
  rekey hook install --pre-push
  rekey hook install --global        all repositories, those to come too
  rekey hook status                  whether git runs it

Exit status: 0 installed, 1 not installed or not effective, 2 something failed.`
}

// Run asks, decides and writes, and looks whether git would run it. Its exit status is told by [exitStatus].
func (c hookInstallCommand) Run(ctx context.Context, s streams) error {
	rekey, err := programPath()
	if err != nil {
		return err
	}
	g := git.Git{}
	if c.Global {
		return c.global(ctx, s, g, rekey)
	}
	facts, err := hook.Ask(ctx, g, os.Getenv, onPath())
	if err != nil {
		return err
	}
	steps := hook.Install(facts, c.names(), rekey)
	if err := perform(s.out, steps, c.DryRun); err != nil {
		return err
	}
	if c.DryRun {
		return notInstalled(steps)
	}
	if facts, err = hook.Ask(ctx, g, os.Getenv, onPath()); err != nil {
		return err
	}
	report := hook.Judge(facts, installedIn(steps), isProgram)
	if !report.Effective {
		fmt.Fprintln(s.out)
		if err := report.WriteText(s.out); err != nil {
			return err
		}
		return exitStatus(1)
	}
	return notInstalled(steps)
}

func (c hookInstallCommand) global(ctx context.Context, s streams, g git.Git, rekey string) error {
	config, err := configDir()
	if err != nil {
		return err
	}
	facts, err := hook.AskGlobal(ctx, g, config)
	if err != nil {
		return err
	}
	steps, set := hook.InstallGlobal(facts, c.names(), rekey)
	if notInstalled(steps) != nil { // all or nothing: what is not chained would be lost
		if err := perform(s.out, steps, true); err != nil {
			return err
		}
		return exitStatus(1)
	}
	if err := perform(s.out, steps, c.DryRun); err != nil || !set {
		return err
	}
	fmt.Fprintf(s.out, "core.hooksPath   set to %s for all repositories; their own hooks run too\n", filepath.ToSlash(facts.Dir))
	if c.DryRun {
		return nil
	}
	return hook.SetGlobal(ctx, g, facts.Dir)
}

type hookUninstallCommand struct {
	whichHooks `embed:""`
	Global     bool `help:"What rekey hook install --global installed."`
	DryRun     bool `help:"Only say what would be done."`
}

// Help is shown by rekey hook uninstall --help.
func (hookUninstallCommand) Help() string {
	return `Removes exactly what rekey hook install added: its marked lines, and files that hold nothing else.`
}

// Run asks, decides and writes. Its exit status is told by [exitStatus].
func (c hookUninstallCommand) Run(ctx context.Context, s streams) error {
	g := git.Git{}
	if !c.Global {
		facts, err := hook.Ask(ctx, g, os.Getenv, onPath())
		if err != nil {
			return err
		}
		steps := hook.Uninstall(facts, c.names())
		if err := perform(s.out, steps, c.DryRun); err != nil {
			return err
		}
		return notInstalled(steps)
	}
	config, err := configDir()
	if err != nil {
		return err
	}
	facts, err := hook.AskGlobal(ctx, g, config)
	if err != nil {
		return err
	}
	steps, unset := hook.UninstallGlobal(facts)
	if len(steps) == 0 {
		fmt.Fprintln(s.out, "not installed for all repositories")
	}
	if unset && !c.DryRun { // first, so that git never looks for hooks that are gone
		err = hook.UnsetGlobal(ctx, g, facts.Dir)
	}
	if err == nil {
		err = perform(s.out, steps, c.DryRun)
	}
	if err == nil && unset {
		fmt.Fprintln(s.out, "core.hooksPath   unset")
		if !c.DryRun {
			err = hook.UnsetGlobal(ctx, g, facts.Dir) // the directory
		}
	}
	return err
}

type hookStatusCommand struct {
	whichHooks `embed:""`
	Format     string `default:"text" enum:"text,json" placeholder:"FORMAT" help:"text or json."`
}

// Help is shown by rekey hook status --help.
func (hookStatusCommand) Help() string {
	return `Says which hooks git would really run here, whether rekey is in them, and what keeps git from it: core.hooksPath elsewhere, a program
that manages hooks, a file that isn't executable, rekey that is gone, this shell's environment.

Exit status: 0 git runs rekey in each, 1 it doesn't, 2 something failed.`
}

// Run asks, judges and prints. Its exit status is told by [exitStatus].
func (c hookStatusCommand) Run(ctx context.Context, s streams) error {
	facts, err := hook.Ask(ctx, git.Git{}, os.Getenv, onPath())
	if err != nil {
		return err
	}
	report := hook.Judge(facts, c.names(), isProgram)
	if c.Format == "json" {
		encoder := json.NewEncoder(s.out)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(report)
	} else {
		err = report.WriteText(s.out)
	}
	if err == nil && !report.Effective {
		return exitStatus(1)
	}
	return err
}

// perform says what is done for each hook, and does it unless dry.
func perform(w io.Writer, steps []hook.Step, dry bool) error {
	if !dry {
		if err := hook.Apply(steps); err != nil {
			return err
		}
	}
	for _, step := range steps {
		if step.Says == "" {
			continue
		}
		says := step.Says
		if step.Not {
			says = "not changed: " + says
		} else if dry && step.Path != "" {
			says = "would be " + says
		}
		fmt.Fprintf(w, "%-16s %s\n", step.Hook, terminal.Printable(says))
	}
	shown := ""
	for _, step := range steps {
		if step.Hint != "" && step.Hint != shown {
			fmt.Fprintf(w, "\n%s\n", strings.TrimSuffix(step.Hint, "\n"))
			shown = step.Hint
		}
	}
	return nil
}

func notInstalled(steps []hook.Step) error {
	for _, step := range steps {
		if step.Not {
			return exitStatus(1)
		}
	}
	return nil
}

func installedIn(steps []hook.Step) (names []string) {
	for _, step := range steps {
		if !step.Not {
			names = append(names, step.Hook)
		}
	}
	return names
}

// programPath is where rekey is found again: by the name that is on the PATH where that is this program, since that stays
// when rekey is brought up to date.
func programPath() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	found, err := exec.LookPath("rekey")
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return self, nil
	}
	a, errA := os.Stat(self)
	b, errB := os.Stat(found)
	if errA != nil || errB != nil || !os.SameFile(a, b) {
		return self, nil //nolint:nilerr // another one
	}
	return filepath.Abs(found)
}

func onPath() bool {
	_, err := exec.LookPath("rekey")
	return err == nil
}

func isProgram(path string) bool {
	_, err := exec.LookPath(filepath.FromSlash(path))
	return err == nil
}

// configDir is the user's directory of settings, as git has it.
func configDir() (string, error) {
	if dir := os.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".config"), nil
}
