package agent

import (
	"fmt"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// mostNamed is how many credentials a reason names.
const mostNamed = 3

// reason says what was found where, what became of it, and what to do: to the person for a prompt, to the agent otherwise.
func (e *event) reason(hits []hit) string {
	found, name := "rekey found "+e.found(hits)+". ", variable(hits)
	switch {
	case e.phase == prompts:
		return found + "The prompt was not sent. Take the value out, and name its environment variable instead" + name +
			". If the value was ever in a prompt, a chat or a commit, treat it as compromised: create a new one in Clerk, then delete this one."
	case e.name == "beforeReadFile" || e.name == "beforeTabFileRead":
		return found + "The file was not read. Work without it: code reads the value from an environment variable" + name +
			". To let agents read the file, take the value out of it."
	case e.phase == befores:
		return found + "This was refused. Don't put the value into commands, files or messages, in any form: read it from an environment variable" +
			name + ". If the task needs the value itself, ask the person."
	}
	return found + "The tool has run, so this is in the conversation now. Don't repeat the value; if it was written to a file, take it out there" +
		" and read it from an environment variable" + name + ". Tell the person: whoever reads this conversation has the value."
}

// maskedReason says to the agent why its tool's output is not what the tool printed.
func (e *event) maskedReason(hits []hit) string {
	return "rekey masked " + e.found(hits) + ". Work without the value: code reads it from an environment variable" + variable(hits) +
		". Don't try to get at it in another way; if the task needs it, ask the person."
}

// found names what was found: "a Clerk production secret key (sk_live_…Zz19) in the command, line 1".
func (e *event) found(hits []hit) string {
	var parts []string
	seen := map[string]bool{}
	more := 0
	for _, h := range hits {
		fingerprint := h.Secret.Fingerprint()
		switch {
		case seen[fingerprint]:
			continue
		case len(parts) == mostNamed:
			more++
		default:
			parts = append(parts, fmt.Sprintf("a Clerk %s (%s) in %s", respond.Describe(h.Kind, h.Environment), h.Secret.Redacted(), e.place(h)))
		}
		seen[fingerprint] = true
	}
	if more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "; ")
}

// place names where a credential is in an event.
func (e *event) place(h hit) string {
	where := "the " + e.name + " event"
	top, _, _ := strings.Cut(h.text.field, ".")
	switch {
	case h.text.path != "" && strings.HasPrefix(last(h.text.field), "new_"):
		where = "the new text for " + h.text.path
	case h.text.path != "":
		where = h.text.path
	case e.phase == prompts:
		where = "the prompt"
	case last(h.text.field) == "command":
		where = "the command"
	case top == "tool_response" || top == "tool_output" || top == "output" || top == "result_json" || top == "error" || top == "error_message":
		where = "the output of " + e.toolName()
	case top == "tool_input":
		where = "the input of " + e.toolName()
		if _, field, found := strings.Cut(h.text.field, "."); found {
			where += " (" + field + ")"
		}
	}
	if h.Member != "" {
		return where + ", in the archived file " + h.Member
	}
	return fmt.Sprintf("%s, line %d", where, h.Place.Line)
}

func (e *event) toolName() string {
	if e.tool == "" {
		return "the tool"
	}
	return e.tool
}

// variable suggests a variable's name, where one kind alone was found.
func variable(hits []hit) string {
	name := ""
	for _, h := range hits {
		of := map[detect.Kind]string{
			detect.SecretKey: "CLERK_SECRET_KEY", detect.WebhookSecret: "CLERK_WEBHOOK_SIGNING_SECRET",
			detect.MachineSecretKey: "CLERK_MACHINE_SECRET_KEY", detect.PlatformAPIKey: "CLERK_PLATFORM_API_KEY",
		}[h.Kind]
		if of == "" || name != "" && name != of {
			return ""
		}
		name = of
	}
	return ", such as " + name
}
