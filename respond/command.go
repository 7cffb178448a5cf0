package respond

import (
	"strings"
	"time"
)

// Said is what a person told rekey.
type Said string

// What can be said: by a command in a comment, by a button of the check run, or by closing and reopening the issue.
const (
	SaidRotated  Said = "rotated"
	SaidIgnore   Said = "ignore"
	SaidReopen   Said = "reopen"
	SaidStatus   Said = "status"
	SaidHelp     Said = "help"
	SaidTriage   Said = "triage"   // treat a pull request's findings as leaks of the repository
	SaidAccept   Said = "accept"   // what a limit left unread is accepted; about no leak
	SaidClosed   Said = "closed"   // closed the issue by hand
	SaidReopened Said = "reopened" // reopened it by hand
)

// Word is something that a person said about a leak.
type Word struct {
	Said   Said
	Reason string
	By     string // login
	Role   string // in the leak's repository: admin, maintain, write, triage, read or none
	ID     string // of the comment, or of the delivery: the same word heard twice is one word
	At     time.Time
	Button bool
	Bot    bool // another App, whose closing is undone; all else that it says is not heard
}

// MayHear reports whether words of this sender count at all: those of bots, our own above all, do not.
func MayHear(login, senderType string) bool {
	return login != "" && senderType != "Bot" && !strings.HasSuffix(login, "[bot]")
}

// entitled reports whether a person with this role may say this about the leak: write, and for ignoring a production key
// maintain or admin.
func entitled(role string, said Said, l Leak) bool {
	switch role {
	case "admin", "maintain":
		return true
	case "write":
		return said != SaidIgnore || !l.Production()
	case "triage":
		return said == SaidReopened || said == SaidReopen || said == SaidTriage // who sees danger may say so
	}
	return false
}

// MayAccept reports whether a person with this role in the repository may accept what a limit left unread.
func MayAccept(role string) bool { return role == "admin" || role == "maintain" }
