package main

import (
	"context"
	"io"
	"maps"
	"os"

	"github.com/rekey-app/rekey/app/agent"
	"github.com/rekey-app/rekey/app/scan"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

type hookAgentCommand struct {
	Protocol string `enum:"claude,codex,cursor,auto" default:"auto" placeholder:"NAME" help:"claude, codex, cursor or auto, which tells it by the event."`
	FailOn   string `enum:"any,low,medium,high,critical" default:"any" placeholder:"SEVERITY" help:"The least severity that is refused. critical lets keys for development pass."`
	FailOpen bool   `help:"Let pass what can't be read. Default: it is refused."`
}

// Help is shown by rekey hook agent --help.
func (hookAgentCommand) Help() string {
	return `Coding agents run this; docs/agents.md has the settings for each. It reads one event as JSON on standard input: a prompt, a tool's
input or output, a file that is read or written. If there is a Clerk key in it, it answers in the agent's protocol that this must not
happen, and why; the key is masked. Claude Code and Codex get the output of tools with keys masked. Otherwise the answer is empty.

  Claude Code   .claude/settings.json, events UserPromptSubmit, PreToolUse, PostToolUse
  Codex         .codex/hooks.json, the same events
  Cursor        .cursor/hooks.json, events beforeSubmitPrompt, beforeReadFile, preToolUse and others

Fingerprints in .rekeyignore are let pass. A comment with rekey:allow isn't, since the agent could write it.

Exit status: 0 with the answer on standard output, 2 for an event that can't be read, which agents take for a refusal.`
}

// Run answers one event.
func (c hookAgentCommand) Run(ctx context.Context, s streams) error {
	options := agent.Options{FailOn: respond.FailOn(c.FailOn), FailOpen: c.FailOpen, Roots: projects(os.Getenv), Ignored: map[string]bool{}}
	if c.Protocol != "auto" {
		options.Protocol = agent.Protocol(c.Protocol)
	}
	for _, dir := range append([]string{"."}, options.Roots...) {
		if list, err := scan.Fingerprints(dir); err == nil { // else nothing of it is let pass
			maps.Copy(options.Ignored, list)
		}
	}
	answer := agent.Judge(ctx, detect.New(detect.Options{}), options, s.in)
	if _, err := s.out.Write(answer.Out); err != nil {
		return err
	}
	if _, err := io.WriteString(s.err, answer.Err); err != nil {
		return err
	}
	if answer.Status != 0 {
		return exitStatus(answer.Status)
	}
	return nil
}

// projects are the directories that agents say they work in.
func projects(env func(string) string) []string {
	var dirs []string
	for _, name := range []string{"CLAUDE_PROJECT_DIR", "CURSOR_PROJECT_DIR"} {
		if dir := env(name); dir != "" {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}
