package respond

import (
	"strings"
	"time"
)

// CommandKind is what a command asks for.
type CommandKind string

// What can be said: by a command in a comment, by a button of the check run, or by closing and reopening the issue.
const (
	CommandRotated CommandKind = "rotated"
	CommandIgnore  CommandKind = "ignore"
	CommandReopen  CommandKind = "reopen"
	CommandStatus  CommandKind = "status"
	CommandHelp    CommandKind = "help"
	CommandApprove CommandKind = "approve" // confirm what another person asked for
	CommandSnooze  CommandKind = "snooze"  // pause the reminders
	// CommandDeleteComment asks to delete the comments that hold the key.
	CommandDeleteComment CommandKind = "delete-comment"
	// CommandDeleteLogs asks to delete the logs of Actions that hold the key.
	CommandDeleteLogs CommandKind = "delete-logs"
	CommandTriage     CommandKind = "triage"   // treat a pull request's findings as leaks of the repository
	CommandAccept     CommandKind = "accept"   // what a limit left unread is accepted; about no leak
	CommandClosed     CommandKind = "closed"   // closed the issue by hand
	CommandReopened   CommandKind = "reopened" // reopened it by hand
)

// Command is something that a person said about a leak.
type Command struct {
	Kind   CommandKind
	Reason string
	By     string // login
	Role   Role   // in the leak's repository
	ID     string // of the comment, or of the delivery: the same command met twice is one command
	At     time.Time
	Button bool
	Bot    bool // another App, whose closing is undone; all else that it says is ignored

	// For what waits for a second person, asked when the command is applied:
	Team  Membership      // of the person in the policy's team
	Roles map[string]Role // of those whose requests may wait, by login in lower case
}

// IsPerson reports whether commands of this sender count at all: those of bots, our own above all, do not.
func IsPerson(login, senderType string) bool {
	return login != "" && senderType != "Bot" && !strings.HasSuffix(login, "[bot]")
}

// mayRun reports whether a person with this role may run this command on the leak: write, and for ignoring a production key, or
// pausing its reminders, maintain or admin.
func mayRun(role Role, said CommandKind, l Leak) bool {
	switch {
	case role.Maintains():
		return true
	case role == RoleWrite:
		return said != CommandIgnore && said != CommandSnooze || !l.Production()
	case role == RoleTriage:
		return said == CommandReopened || said == CommandReopen || said == CommandTriage // who sees danger may say so
	}
	return false
}

// MayAccept reports whether a person with this role in the repository may accept what a limit left unread.
func MayAccept(role Role) bool { return role.Maintains() }
