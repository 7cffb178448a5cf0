package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"unicode"
)

// Protocol is that of an agent's hooks.
type Protocol string

// The protocols. Codex speaks Claude's, with fewer answers.
const (
	Claude Protocol = "claude"
	Codex  Protocol = "codex"
	Cursor Protocol = "cursor"
)

// phase is when an event comes, and with that what a refusal can do.
type phase int

const (
	others  phase = iota // nothing is told to the agent, and nothing can be refused
	prompts              // a person's prompt is about to be sent
	befores              // a tool is about to run, or a file to be read
	afters               // a tool has run: its output can be kept from the model at best
)

// phases are the events that are known, by the names that protocols give them. Claude's and Codex's start with a capital letter.
var phases = map[string]phase{
	"UserPromptSubmit": prompts, "UserPromptExpansion": prompts,
	"PreToolUse": befores, "PermissionRequest": befores,
	"PostToolUse": afters, "PostToolUseFailure": afters,

	"beforeSubmitPrompt":   prompts,
	"beforeShellExecution": befores, "beforeMCPExecution": befores, "beforeReadFile": befores, "beforeTabFileRead": befores,
	"preToolUse": befores, "subagentStart": befores,
	"afterShellExecution": afters, "afterMCPExecution": afters, "afterFileEdit": afters, "afterTabFileEdit": afters,
	"postToolUse": afters, "postToolUseFailure": afters,
}

// event is one call of a hook.
type event struct {
	protocol Protocol
	name     string // as the protocol has it: PreToolUse, beforeReadFile
	phase    phase
	tool     string // Bash, Write; "" where no tool is named
	file     string // absolute path of the file that is read or written; "" for none
	roots    []string
	fields   map[string]any
}

// parse reads an event.
func parse(input []byte, protocol Protocol) (*event, error) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(input, []byte("\xef\xbb\xbf"))))
	d.UseNumber()
	e := &event{}
	if err := d.Decode(&e.fields); err != nil {
		return nil, errors.New("standard input is no JSON object, as events of Claude Code, Codex and Cursor are")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one event is on standard input")
	}
	e.name, _ = e.fields["hook_event_name"].(string)
	if e.name == "" {
		return nil, errors.New("the event on standard input has no hook_event_name")
	}
	e.protocol, e.phase = protocol, phases[e.name]
	if protocol == "" {
		e.protocol = e.detect()
	}
	if camel := unicode.IsLower(rune(e.name[0])); e.phase != others && camel != (e.protocol == Cursor) {
		return nil, fmt.Errorf("%s is no event of the protocol %s", e.name, e.protocol)
	}
	e.tool, _ = e.fields["tool_name"].(string)
	cwd, _ := e.fields["cwd"].(string)
	e.roots = strs(e.fields["workspace_roots"])
	if cwd != "" {
		e.roots = append(e.roots, cwd)
	}
	e.file = e.namedFile(cwd)
	return e, nil
}

// detect tells the protocol by the event itself: names of Cursor's events start with a small letter, and of the others only Codex names
// its model and turn. Cursor runs Claude Code's hooks too, with its names and answers.
func (e *event) detect() Protocol {
	_, turn := e.fields["turn_id"]
	_, model := e.fields["model"]
	_, cursor := e.fields["cursor_version"]
	switch {
	case unicode.IsLower(rune(e.name[0])):
		return Cursor
	case (turn || model) && !cursor:
		return Codex
	}
	return Claude
}

// namedFile is the file that a tool reads or writes.
func (e *event) namedFile(cwd string) string {
	input, _ := e.fields["tool_input"].(map[string]any)
	for _, fields := range []map[string]any{e.fields, input} {
		for _, name := range []string{"file_path", "notebook_path", "path"} {
			if file, _ := fields[name].(string); file != "" {
				if !filepath.IsAbs(file) && cwd != "" {
					file = filepath.Join(cwd, file)
				}
				return file
			}
		}
	}
	return ""
}

func strs(v any) []string {
	list, _ := v.([]any)
	var all []string
	for _, item := range list {
		if s, ok := item.(string); ok && s != "" {
			all = append(all, s)
		}
	}
	return all
}
