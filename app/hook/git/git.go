// Package git runs git, which is there where hooks are, and asks it what only git decides: which hook runs, what its settings say,
// what a push would send. Nothing that it asks makes git run a program of the repository, or reach a network.
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// Git is a git in a directory. The zero Git is the one in the current directory, with this process's environment.
type Git struct {
	Dir string
	Env []string // nil: this process's
}

// waitDelay is how long a git that was told to end may keep its output open.
const waitDelay = 100 * time.Millisecond

func (g Git) command(ctx context.Context, args []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.WaitDelay = g.Dir, waitDelay
	env := g.Env
	if env == nil {
		env = cmd.Environ()
	}
	cmd.Env = slices.Concat(env, []string{"GIT_NO_LAZY_FETCH=1", "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0"})
	return cmd
}

// Output returns what git prints, without the last line's end. Errors say which command failed, and git's own words; they wrap
// [*exec.ExitError], or [exec.ErrNotFound] where there is no git.
func (g Git) Output(ctx context.Context, stdin string, args ...string) (string, error) {
	cmd := g.command(ctx, args)
	cmd.Stdin = strings.NewReader(stdin)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", failed(ctx, args, err, said.String())
	}
	return strings.TrimSuffix(string(out), "\n"), nil
}

// Stream hands what git prints to read, and returns the error of either.
func (g Git) Stream(ctx context.Context, stdin string, read func(io.Reader) error, args ...string) error {
	cmd := g.command(ctx, args)
	cmd.Stdin = strings.NewReader(stdin)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return failed(ctx, args, err, "")
	}
	readErr := read(out)
	_, _ = io.Copy(io.Discard, out) // so that git can end
	if err := cmd.Wait(); err != nil {
		return failed(ctx, args, err, said.String()) // which explains the other
	}
	return readErr
}

func failed(ctx context.Context, args []string, err error, said string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("git is not on the PATH: %w", err)
	}
	first, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	if first != "" {
		first = ": " + first
	}
	return fmt.Errorf("git %s: %w%s", args[0], err, first)
}

// Status returns git's exit status where it ended with one other than 0; -1 for other errors.
func Status(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return -1
}
