package main

import "context"

// hookCommand is the group of what git's hooks and coding agents' run, and what installs them.
type hookCommand struct {
	Install    hookInstallCommand    `cmd:"" help:"Install git's pre-commit and pre-push hooks."`
	Status     hookStatusCommand     `cmd:"" help:"Say whether git runs rekey here, and what keeps it from that."`
	Uninstall  hookUninstallCommand  `cmd:"" help:"Remove what rekey hook install added."`
	PreCommit  hookPreCommitCommand  `cmd:"" help:"As git's pre-commit hook: refuse a commit that adds a Clerk key."`
	PrePush    hookPrePushCommand    `cmd:"" help:"As git's pre-push hook: stop a push that brings a Clerk key."`
	PreReceive hookPreReceiveCommand `cmd:"" help:"As a git server's pre-receive hook: refuse a push that brings a Clerk key."`
	Agent      hookAgentCommand      `cmd:"" help:"As a hook of Claude Code, Codex and Cursor: keep keys out of prompts, commands and files."`
}

type hookPreCommitCommand struct {
	Color string `default:"auto" enum:"auto,always,never" placeholder:"WHEN" help:"auto, always or never."`
}

// Help is shown by rekey hook pre-commit --help.
func (hookPreCommitCommand) Help() string {
	return `Reads what the next commit would add, as rekey scan --staged does. rekey hook install sets it up.

A false positive? Put its fingerprint into .rekeyignore. A key for tests on purpose? Write rekey:allow on its line; for a production
key that doesn't count. git commit --no-verify bypasses every hook.

Exit status: 0 nothing found, 1 a key was found, 2 something could not be read.`
}

// Run scans what is staged. What it prints goes where git shows it.
func (c hookPreCommitCommand) Run(ctx context.Context, s streams) error {
	return scanCommand{Staged: true, Format: "text", Color: c.Color, silent: true}.Run(ctx, s)
}
