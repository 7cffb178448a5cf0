package agent

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
)

type object = map[string]any

// pass lets an event pass. Claude Code and Codex want nothing for that; Cursor wants JSON of every hook that decides, and takes
// "allow" for the consent that it would else ask of the person.
func (e *event) pass() Answer {
	switch {
	case e.protocol != Cursor:
		return Answer{}
	case e.phase == prompts:
		return say(object{"continue": true})
	}
	return say(object{})
}

func say(v object) Answer {
	text, err := json.Marshal(v)
	if err != nil {
		return Answer{Err: "rekey: " + err.Error() + "\n", Status: 2}
	}
	return Answer{Out: append(text, '\n')}
}

// refuse answers an event that has credentials in it.
func (e *event) refuse(ctx context.Context, s *detect.Scanner, o Options, hits []hit) (Answer, error) {
	reason := s.RedactString(ctx, terminal.Printable(e.reason(hits))) // names are foreign
	if e.protocol == Cursor {
		return e.refuseAsCursor(reason), nil
	}
	if e.name == "PostToolUse" {
		if masked, ok := e.maskedOutput(ctx, s, o, hits); ok {
			why := s.RedactString(ctx, terminal.Printable(e.maskedReason(hits)))
			return e.showMasked(masked, why), ctx.Err()
		}
	}
	switch e.name {
	case "PreToolUse":
		return say(object{"hookSpecificOutput": object{
			"hookEventName": e.name, "permissionDecision": "deny", "permissionDecisionReason": reason,
		}}), nil
	case "PermissionRequest":
		return say(object{"hookSpecificOutput": object{
			"hookEventName": e.name, "decision": object{"behavior": "deny", "message": reason},
		}}), nil
	case "PostToolUseFailure":
		return say(object{"hookSpecificOutput": object{"hookEventName": e.name, "additionalContext": reason}}), nil
	case "UserPromptSubmit":
		if e.protocol == Claude { // else the prompt is repeated below the reason
			return say(object{"decision": "block", "reason": reason, "hookSpecificOutput": object{
				"hookEventName": e.name, "suppressOriginalPrompt": true,
			}}), nil
		}
	}
	return say(object{"decision": "block", "reason": reason}), nil
}

// showMasked gives the model a tool's output with credentials masked. Codex can't replace an output, but by a reason.
func (e *event) showMasked(masked any, why string) Answer {
	if e.protocol == Claude {
		return say(object{"hookSpecificOutput": object{"hookEventName": e.name, "updatedToolOutput": masked, "additionalContext": why}})
	}
	output, ok := masked.(string)
	if !ok {
		text, err := json.Marshal(masked)
		if err != nil {
			return Answer{Err: "rekey: " + err.Error() + "\n", Status: 2}
		}
		output = string(text)
	}
	return say(object{"decision": "block", "reason": why + " The output, masked:\n\n" + output})
}

// refuseAsCursor is the refusal as Cursor reads it. What a tool has printed or written cannot be taken back there: the agent is told
// where it listens, and the person by standard error, which Cursor shows in its hooks log.
func (e *event) refuseAsCursor(reason string) Answer {
	switch {
	case e.phase == prompts:
		return say(object{"continue": false, "user_message": reason})
	case e.phase == befores:
		return say(object{"permission": "deny", "user_message": reason, "agent_message": reason})
	case e.name == "postToolUse" || e.name == "postToolUseFailure":
		return say(object{"additional_context": reason})
	}
	a := say(object{})
	a.Err = reason + "\n"
	return a
}

// maskedOutput is the tool's output in its own shape, with credentials masked. It returns false where it holds none.
func (e *event) maskedOutput(ctx context.Context, s *detect.Scanner, o Options, hits []hit) (any, bool) {
	if !slices.ContainsFunc(hits, func(h hit) bool { return strings.HasPrefix(h.text.field, "tool_response") }) {
		return nil, false
	}
	return mask(ctx, s, o, e.fields["tool_response"]), true
}

func mask(ctx context.Context, s *detect.Scanner, o Options, v any) any {
	switch v := v.(type) {
	case string:
		return maskString(ctx, s, o, v)
	case []any:
		masked := make([]any, len(v))
		for i := range v {
			masked[i] = mask(ctx, s, o, v[i])
		}
		return masked
	case map[string]any:
		masked := object{}
		for name, value := range v {
			masked[maskString(ctx, s, o, name)] = mask(ctx, s, o, value)
		}
		return masked
	}
	return v
}

// maskString leaves a text without credentials as it is. What cannot be masked in place, as in an archive, is withheld.
func maskString(ctx context.Context, s *detect.Scanner, o Options, text string) string {
	holds := func(text string) bool {
		return slices.ContainsFunc(s.Scan(ctx, "", []byte(text)), o.counts)
	}
	if !holds(text) {
		return text
	}
	if text = s.RedactString(ctx, text); holds(text) {
		return detect.Withheld
	}
	return text
}
