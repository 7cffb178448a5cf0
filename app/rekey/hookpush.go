package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/rekey-app/rekey/app/hook/push"
	"github.com/rekey-app/rekey/detect"
)

type hookPrePushCommand struct {
	Remote string `arg:"" optional:"" help:"The remote's name, as git gives it to its hook."`
	URL    string `arg:"" optional:"" help:"Where the push goes, as git gives it to its hook."`
}

// Help is shown by rekey hook pre-push --help.
func (hookPrePushCommand) Help() string {
	return `Reads what git tells its pre-push hook on standard input, and looks through exactly what the push would bring: what the remote doesn't
have, by its own refs and by refs/remotes/REMOTE. rekey hook install sets it up.

A false positive? Put its fingerprint into .rekeyignore. A key for tests on purpose? Write rekey:allow on its line; for a production
key that doesn't count. git push --no-verify bypasses the hook.

Exit status: 0 nothing found, 1 a key was found, 2 something could not be read. Git pushes only with 0.`
}

// Run reads and judges. Its exit status is told by [exitStatus].
func (c hookPrePushCommand) Run(ctx context.Context, s streams) error {
	debug.SetGCPercent(400)
	verdict, err := c.read(ctx, s)
	if err == nil {
		err = unreadError(verdict)
	}
	if len(verdict.Refused()) > 0 {
		if err := verdict.WriteRefusal(s.err); err != nil {
			return err
		}
		return exitStatus(1)
	}
	if err != nil {
		return fmt.Errorf("the push was not checked, and is stopped: %w\nto push all the same: git push --no-verify", err)
	}
	return nil
}

func (c hookPrePushCommand) read(ctx context.Context, s streams) (push.Verdict, error) {
	updates, err := push.ParsePrePush(s.in)
	if err != nil {
		return push.Verdict{}, err
	}
	remote, url := c.Remote, c.URL
	if len(updates) == 0 {
		if u, name, address, ok := push.FromPreCommit(os.Getenv); ok {
			updates, remote, url = []push.Update{u}, name, address
		}
	}
	return hookRepository().ReadLocal(ctx, detect.New(detect.Options{}), remote, url, updates)
}

func hookRepository() push.Repository {
	return push.Repository{Dir: ".", Getenv: os.Getenv, Now: time.Now}
}

// unreadError says what of a push could not be read; nil where all was.
func unreadError(v push.Verdict) error {
	unread := v.Unread()
	if len(unread) == 0 {
		return nil
	}
	return fmt.Errorf("%s", unread[0])
}

type hookPreReceiveCommand struct {
	Budget     time.Duration `default:"4s" placeholder:"TIME" help:"How long it may take. GitHub Enterprise Server gives all hooks of a push 5 s."`
	FailOpen   bool          `xor:"fail" help:"Accept a push that could not be checked, with a warning. This is the default."`
	FailClosed bool          `xor:"fail" help:"Refuse a push that could not be checked."`
	Policy     string        `placeholder:"FILE" help:"A policy of yours, as .github/rekey.yml: its fail_on and allow count, for production keys too."`
}

// Help is shown by rekey hook pre-receive --help.
func (hookPreReceiveCommand) Help() string {
	return `Reads what git tells a server's pre-receive hook, and looks through the objects that were pushed while they are in quarantine: new
branches and tags, forced pushes, all commits, their messages and those of tags. Deletions pass. A refused push leaves nothing
on the server. For GitHub Enterprise Server, GitLab, Gitea and plain git servers: see docs/hooks.md.

What .github/rekey.yml of the default branch allows counts for test keys. For production keys only --policy counts. No push option
and no file in the push changes anything.

Exit status: 0 accepted, 1 refused for a key, 2 refused since it could not be checked.`
}

// errBudget says that time is up.
var errBudget = errors.New("time is up")

// Run reads and judges within the budget. Its exit status is told by [exitStatus].
func (c hookPreReceiveCommand) Run(ctx context.Context, s streams) error {
	debug.SetGCPercent(400)
	ctx, cancel := context.WithTimeoutCause(ctx, c.Budget, errBudget)
	defer cancel()
	verdict, err := c.within(ctx, s)
	if err == nil {
		err = unreadError(verdict)
	}
	out := s.err
	if os.Getenv("GL_PROTOCOL") == "web" {
		out = &push.Prefixed{Writer: s.err, Prefix: "GL-HOOK-ERR: "} // what GitLab shows in the browser
	}
	if len(verdict.Refused()) > 0 {
		if err := verdict.WriteRefusal(out); err != nil {
			return err
		}
		return exitStatus(1)
	}
	if err == nil || errors.Is(err, push.ErrInput) { // not from git: nobody pushes
		return err
	}
	if errors.Is(err, errBudget) {
		err = fmt.Errorf("it takes longer than %s. Push fewer commits at once, or have the server's administrator raise --budget", c.Budget)
	}
	if err := push.WriteUnchecked(out, err, c.FailClosed); err != nil {
		return err
	}
	if c.FailClosed {
		return exitStatus(2)
	}
	return nil
}

// within returns when the work is done or time is up, whatever the work is at: git waits for this process, and a server for git.
func (c hookPreReceiveCommand) within(ctx context.Context, s streams) (push.Verdict, error) {
	type result struct {
		verdict push.Verdict
		err     error
	}
	done := make(chan result, 1)
	go func() {
		verdict, err := c.read(ctx, s)
		done <- result{verdict, err}
	}()
	select {
	case <-ctx.Done():
		return push.Verdict{}, context.Cause(ctx)
	case r := <-done:
		return r.verdict, r.err
	}
}

func (c hookPreReceiveCommand) read(ctx context.Context, s streams) (push.Verdict, error) {
	updates, err := push.ParsePreReceive(s.in)
	if err != nil {
		return push.Verdict{}, err
	}
	return hookRepository().ReadReceived(ctx, detect.New(detect.Options{}), c.Policy, updates)
}
