package text

import (
	"strings"
	"testing"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/respondtest"
)

func TestCommand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		kind       respond.CommandKind
		reason     string
		found      bool
	}{
		{"plain", "/rekey rotated", respond.CommandRotated, "", true},
		{"capital, spaces, CRLF", "  /rekey   Rotated \r\nthank you", respond.CommandRotated, "", true},
		{"with a reason", "/rekey ignore it is a decoy of our own", respond.CommandIgnore, "it is a decoy of our own", true},
		{"after words", "We did it today.\n/rekey rotated", respond.CommandRotated, "", true},
		{"after a paragraph", "We did it today.\n\n/rekey rotated\n", respond.CommandRotated, "", true},
		{"alone", "/rekey", respond.CommandHelp, "", true},
		{"unknown", "/rekey make coffee", respond.CommandHelp, "make", true},
		{"help", "/rekey HELP me", respond.CommandHelp, "", true},
		{"triage", "/rekey triage", respond.CommandTriage, "", true},
		{"the first counts", "/rekey status\n/rekey rotated", respond.CommandStatus, "", true},
		{"in the middle of a line", "please say /rekey rotated", "", "", false},
		{"another word", "/rekeying rotated", "", "", false},
		{"in code", "`/rekey rotated`", "", "", false},
		{"in code over lines", "see `this\n/rekey rotated\n` thing", "", "", false},
		{"fenced", "```\n/rekey rotated\n```", "", "", false},
		{"fenced, never closed", "~~~\n/rekey rotated\n", "", "", false},
		{"indented", "    /rekey rotated", "", "", false},
		{"quoted", "> /rekey rotated", "", "", false},
		{"quoted, continued lazily", "> somebody wrote\n/rekey rotated", "", "", false},
		{"under a quote", "> somebody wrote\n\n/rekey rotated", respond.CommandRotated, "", true},
		{"in a list", "- /rekey rotated", "", "", false},
		{"in a comment", "<!-- /rekey rotated -->", "", "", false},
		{"in HTML", "<div>\n/rekey rotated\n</div>", "", "", false},
		{"heading", "# /rekey rotated", "", "", false},
		{"reply by mail", "Thank you!\n\nOn Mon, 23 Nov 2026 at 10:00, rekey <x@y> wrote:\n\n/rekey rotated\n", "", "", false},
		{"reply by another mail program", "Thanks\n\nFrom: rekey\nSent: Monday\n\n/rekey rotated\n", "", "", false},
		{"command above the mail's original", "/rekey rotated\n\nOn Mon, 23 Nov 2026 at 10:00, rekey wrote:\n> x\n", respond.CommandRotated, "", true},
		{"empty", "", "", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			kind, reason, found := ParseCommand(tt.body)
			if kind != tt.kind || reason != tt.reason || found != tt.found {
				t.Errorf("Command(%q) = %q, %q, %t", tt.body, kind, reason, found)
			}
		})
	}
}

// TestOurOwnTextsAreNoCommands: should our words come back to us, in a quote or by another bot, they say nothing.
func TestOurOwnTextsAreNoCommands(t *testing.T) {
	t.Parallel()
	for name, f := range issueCases() {
		if kind, _, found := ParseCommand(Issue(t.Context(), f).Body); found {
			t.Errorf("issue %s says %s", name, kind)
		}
	}
	for _, tt := range respondtest.Cases() {
		for _, a := range tt.Decide().Actions {
			if kind, _, found := ParseCommand(commentOf(a)); found {
				t.Errorf("%s: comment says %s", tt.Name, kind)
			}
		}
	}
}

func FuzzCommand(f *testing.F) {
	f.Add("/rekey " + strings.Repeat("W", maxReason+1))
	for _, s := range []string{"/rekey rotated", "> a\n/rekey x", "```\n/rekey", "- a\n\n  /rekey ignore b", "On a wrote:\n/rekey"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		kind, reason, found := ParseCommand(body)
		if found && !strings.Contains(body, "/rekey") {
			t.Errorf("%q says %q", body, kind)
		}
		if len(reason) > maxReason+len("…") || !found && (kind != "" || reason != "") {
			t.Errorf("%q: %q, %q, %t", body, kind, reason, found)
		}
	})
}

// TestCommandIsLookedForInTheBeginning bounds what a stranger's comment costs.
func TestCommandIsLookedForInTheBeginning(t *testing.T) {
	t.Parallel()
	if kind, _, _ := ParseCommand(strings.Repeat("words ", 1000) + "\n\n/rekey status"); kind != respond.CommandStatus {
		t.Errorf("a long comment says %q", kind)
	}
	if kind, _, found := ParseCommand(strings.Repeat("> ", 30_000) + "\n\n/rekey status"); found {
		t.Errorf("a very long comment says %q", kind)
	}
}
