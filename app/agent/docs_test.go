package agent_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/app/agent"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// TestTheDocumentedSettings: each event that docs/agents.md configures is one that rekey answers, in that agent's protocol.
func TestTheDocumentedSettings(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/agents.md")
	if err != nil {
		t.Fatal(err)
	}
	protocols := []agent.Protocol{agent.Claude, agent.Codex, agent.Cursor}
	blocks := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != len(protocols) {
		t.Fatalf("%d settings", len(blocks))
	}
	for i, block := range blocks {
		var settings struct{ Hooks map[string]json.RawMessage }
		if err := json.Unmarshal([]byte(block[1]), &settings); err != nil || len(settings.Hooks) < 3 {
			t.Errorf("%s: %d events, %v", protocols[i], len(settings.Hooks), err)
		}
		for event, hooks := range settings.Hooks {
			if !strings.Contains(string(hooks), `"command": "rekey hook agent`) {
				t.Errorf("%s runs %s", event, hooks)
			}
			in := `{"hook_event_name":"` + event + `","tool_input":{"command":"` + detecttest.Key(1, detect.Live) + `"}}`
			got := play(t, agent.Options{Protocol: protocols[i]}, strings.NewReader(in))
			if !strings.HasPrefix(got, "status 0") || !strings.Contains(got, "rekey found") {
				t.Errorf("%s, %s: %s", protocols[i], event, got)
			}
		}
	}
}

// TestCodexKnowsTheAnswers: its schemas allow no further fields, and an answer that has one is dropped, which lets the event pass.
func TestCodexKnowsTheAnswers(t *testing.T) {
	t.Parallel()
	allowed := map[string]string{
		"UserPromptSubmit": "decision reason", "PostToolUse": "decision reason", "PreToolUse": "hookSpecificOutput", "PermissionRequest": "hookSpecificOutput",
	}
	inside := map[string]string{"PreToolUse": "hookEventName permissionDecision permissionDecisionReason", "PermissionRequest": "hookEventName decision"}
	for event, names := range allowed {
		in := `{"hook_event_name":"` + event + `","turn_id":"1","prompt":"` + detecttest.Key(1, detect.Live) + `","tool_response":"` + detecttest.Key(2, detect.Test) + `"}`
		var got map[string]any
		if err := json.Unmarshal(agent.Judge(t.Context(), scanner(), agent.Options{}, strings.NewReader(in)).Out, &got); err != nil || len(got) == 0 {
			t.Errorf("%s: %v, %v", event, got, err)
		}
		check := func(got map[string]any, names string) {
			for name := range got {
				if !strings.Contains(" "+names+" ", " "+name+" ") {
					t.Errorf("%s: Codex doesn't know %s", event, name)
				}
			}
		}
		check(got, names)
		hook, _ := got["hookSpecificOutput"].(map[string]any)
		check(hook, inside[event])
	}
}
