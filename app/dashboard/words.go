package dashboard

import (
	"html/template"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// title begins a text with a capital letter.
func title(s string) string {
	switch s {
	case "":
		return ""
	case "github":
		return "GitHub"
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func stateName(s respond.State) string {
	if s == respond.Ignored {
		return "False positive"
	}
	return title(string(s))
}

func environmentName(e detect.Environment) string {
	switch e {
	case detect.Live:
		return "Production"
	case detect.Test:
		return "Development"
	}
	return "–"
}

// words are what templates say with.
func words() template.FuncMap {
	return template.FuncMap{
		"did": did, "lastday": respond.LastDay, "shownAs": stateName, "environment": environmentName, "verdict": verdictName,
		"dashed":   func(s string) string { return strings.ReplaceAll(s, " ", "-") },
		"describe": func(l respond.Leak) string { return title(respond.Describe(l.Kind, l.Environment)) },
	}
}

// verdictName is what Clerk said about a key.
func verdictName(v respond.Verdict) string {
	switch v {
	case respond.KeyAlive:
		return "it still works"
	case respond.KeyRevoked:
		return "it no longer works"
	case respond.KeyUnknown:
		return "nothing clear"
	case respond.KeyNotAsked:
		return "nothing: it wasn't asked"
	}
	return "it may still work: " + string(v)
}

// did says what an entry of the activity is, in the past tense and without who did it.
func did(a ledger.Activity) string {
	switch a.Kind {
	case ledger.ActivityState:
		switch {
		case a.From == "":
			return "found a leak"
		case a.To == respond.Ignored:
			return "closed a leak as a false positive"
		case a.To == respond.Revoked:
			return "marked a leak as revoked"
		case a.To == respond.Resolved:
			return "closed a leak as resolved"
		case a.To == respond.Open:
			return "reopened a leak"
		}
	case ledger.ActivityCommand:
		return commandDid(respond.CommandKind(a.What))
	case ledger.ActivityAnswer:
		return "answered about a key: " + verdictName(respond.Verdict(a.What))
	case ledger.ActivityEffect:
		switch a.What {
		case "issue":
			return "filed an issue"
		case "remind":
			return "reminded people of an open leak"
		case "comment":
			return "commented on an issue"
		case "delete":
			return "deleted a comment that showed a key"
		case "mask":
			return "masked a key in a text"
		case "close":
			return "closed an issue"
		case "reopen":
			return "reopened an issue"
		}
	case ledger.ActivityAccept:
		return "accepted what was not read"
	case ledger.ActivityScan:
		if a.What == "left" {
			return "couldn't read everything"
		}
		return "had the history scanned again"
	case ledger.ActivityAlert:
		return alertDid(a.What)
	case ledger.ActivityForget:
		return "forgot an account"
	}
	return strings.TrimSpace(string(a.Kind) + " " + a.What)
}

func alertDid(what string) string {
	switch what {
	case "found":
		return "raised a secret scanning alert"
	case "published":
		return "found a key in a public repository"
	case "refused":
		return "takes nothing for the Security tab"
	case "bypassed":
		return "bypassed push protection"
	}
	return what + " a secret scanning alert"
}

func commandDid(kind respond.CommandKind) string {
	switch kind {
	case respond.CommandRotated:
		return "said that a key is rotated"
	case respond.CommandIgnore:
		return "called a leak a false positive"
	case respond.CommandReopen, respond.CommandReopened:
		return "asked to reopen a leak"
	case respond.CommandClosed:
		return "closed an issue by hand"
	case respond.CommandApprove:
		return "confirmed the closing of a leak"
	case respond.CommandSnooze:
		return "changed the reminders of a leak"
	case respond.CommandDeleteComment:
		return "asked to delete comments that show a key"
	case respond.CommandTriage:
		return "took leaks of a pull request over"
	case respond.CommandDeleteLogs:
		return "had logs of GitHub Actions deleted"
	case respond.CommandStatus, respond.CommandHelp:
		return "asked about a leak"
	}
	return "gave the command " + string(kind)
}
