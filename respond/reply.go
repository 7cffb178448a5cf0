package respond

import (
	"slices"
	"time"
)

// ReplyKind is what a comment under a leak's issue is about.
type ReplyKind string

// The kinds of replies. Those that begin with ReplyPublic are for issues that strangers read, and say nothing that helps
// them.
const (
	ReplyMoved              ReplyKind = "moved"                // the leak's state changed, by Change
	ReplyFoundAgain         ReplyKind = "found_again"          // a scan opened the leak again, by Change
	ReplyCorrected          ReplyKind = "corrected"            // the issue was closed, and it is not known by whom
	ReplyStatus             ReplyKind = "status"               // what is known of Leak
	ReplyHelp               ReplyKind = "help"                 // the commands; Unknown is what was not understood
	ReplyAlreadyRevoked     ReplyKind = "already_revoked"      // Clerk has said so already
	ReplyAlreadyClosed      ReplyKind = "already_closed"       // the leak is closed already
	ReplyAlreadyOpen        ReplyKind = "already_open"         // the leak is open already
	ReplyAlreadyOurs        ReplyKind = "already_ours"         // the leak is one of the repository already
	ReplyReasonMissing      ReplyKind = "reason_missing"       // ignoring takes a reason
	ReplyNotEntitled        ReplyKind = "not_entitled"         // By may not say this, with Role
	ReplyMaintainerNeeded   ReplyKind = "maintainer_needed"    // By may not close this leak without Clerk
	ReplyOnlyPeopleClose    ReplyKind = "only_people_close"    // By is another App, and closed the issue
	ReplyStillWorks         ReplyKind = "still_works"          // Clerk still accepts the key
	ReplyFenced             ReplyKind = "fenced"               // Clerk refuses the key, but not as invalid
	ReplyNoClearAnswer      ReplyKind = "no_clear_answer"      // Clerk is asked again
	ReplyGaveUp             ReplyKind = "gave_up"              // Clerk is not asked again
	ReplyNotConfirmed       ReplyKind = "not_confirmed"        // closing by hand is undone: Clerk gave no clear answer
	ReplyClosingAsksNothing ReplyKind = "closing_asks_nothing" // closing by hand is undone: it takes two people, and each says so
	ReplyWaits              ReplyKind = "waits"                // Leak.Request waits for a second person; By asked for the same now
	ReplyNothingWaits       ReplyKind = "nothing_waits"        // there is nothing to confirm
	ReplyOwnRequest         ReplyKind = "own_request"          // By may not confirm what By asked for
	ReplyPusherApproves     ReplyKind = "pusher_approves"      // By pushed the key
	ReplyNotApprover        ReplyKind = "not_approver"         // By is not entitled to confirm, by Approval
	ReplyTeamUnreadable     ReplyKind = "team_unreadable"      // the App may not see who is in Approval's team
	ReplyRequesterLost      ReplyKind = "requester_lost"       // who asked is not entitled to it any more
	ReplyRequestExpired     ReplyKind = "request_expired"      // nobody confirmed it in time
	ReplyUntilForm          ReplyKind = "until_form"           // the last day is none, or is over
	ReplySnoozed            ReplyKind = "snoozed"              // nobody is reminded until Leak.Snoozed
	ReplySnoozeOff          ReplyKind = "snooze_off"           // reminders go on
	ReplySnoozeForm         ReplyKind = "snooze_form"          // the time is none, or too long
	ReplyNoReminders        ReplyKind = "no_reminders"         // nobody is reminded of this leak anyway
	ReplyReminder           ReplyKind = "reminder"             // the leak is still open, since Since
	ReplyPublicReminder     ReplyKind = "public_reminder"      // it is still open
	ReplyPublished          ReplyKind = "published"            // GitHub found the key in a public repository
	ReplyDeleted            ReplyKind = "deleted"              // what came of a command to delete comments, by Deletions
	ReplyPublicDeleted      ReplyKind = "public_deleted"       // the same
	ReplyLogsDeleted        ReplyKind = "logs_deleted"         // Logs says what came of deleting logs of Actions
	ReplyPublicLogsDeleted  ReplyKind = "public_logs_deleted"  // of that, how many were deleted
	ReplyPublicMoved        ReplyKind = "public_moved"         // the leak's state changed, by Change
	ReplyPublicState        ReplyKind = "public_state"         // Leak.State, and what may be said
	ReplyPublicNotConfirmed ReplyKind = "public_not_confirmed" // it stays open, whatever Clerk said
)

// Reply is what a comment says. It holds all that package text needs to put it into words.
type Reply struct {
	Kind       ReplyKind
	Repository Repository  // where the leak is
	Leak       Leak        // as it was when this was decided, with what Clerk has said since
	Change     Change      // ReplyMoved, ReplyFoundAgain, ReplyPublicMoved
	By         string      // whom it answers
	Role       Role        // what that person may do
	Why        Why         // why Clerk was asked
	Detail     string      // why Clerk's answer is not clear
	Verify     Verify      // what the policy says of asking Clerk
	Unknown    string      // a word that is no command; "" for none
	Command    CommandKind // that it answers; "" for none
	Approval   Approval    // who confirms, by the policy
	Since      time.Time   // ReplyReminder: since when the leak is open
	At         time.Time   // ReplyReminder: now
	Deletions  []Deletion  // ReplyDeleted, ReplyPublicDeleted
	Unreadable bool        // ReplyDeleted: the key was in nothing else, so that Clerk can't be asked about it any more
	Logs       Logs        // ReplyLogsDeleted, ReplyPublicLogsDeleted
}

// Logs counts what came of deleting the logs of runs of GitHub Actions.
type Logs struct {
	Deleted  int      // runs whose logs were deleted
	Gone     int      // runs that had none any more
	Failed   int      // runs whose logs GitHub refused to delete
	Archived bool     // the repository is read-only: none was deleted
	Refused  []string // pages of the runs whose logs the App may not delete
}

func (f LeakFacts) reply(kind ReplyKind) Reply {
	return Reply{Kind: kind, Repository: f.Repository, Leak: f.Leak, Verify: f.Policy.Verify, Approval: f.Policy.Ignore.Approval}
}

// Hidden reports whether a text about a leak says nothing that helps a stranger. private is whether the repository where
// the text is to be read is.
//
// Whoever looks for living keys reads public issues, and searches them. So nothing that is public helps a stranger while a
// key may work: no kind, no place, no instance, no part of the key, no word on whether it works. A policy can say otherwise
// (public.details). Once Clerk has said that the key is revoked, the details may be told.
func Hidden(private bool, state State, p Policy) bool {
	return !private && !p.Public.Details && state != Revoked
}

// harmless reports whether a reply of this kind says the same whatever leaked: strangers may read it.
func (k ReplyKind) harmless() bool {
	return slices.Contains([]ReplyKind{
		ReplyWaits, ReplyNothingWaits, ReplyOwnRequest, ReplyNotApprover, ReplyTeamUnreadable, ReplyRequesterLost, ReplyRequestExpired,
		ReplyUntilForm, ReplySnoozed, ReplySnoozeOff, ReplySnoozeForm, ReplyPublicReminder,
		ReplyPublicLogsDeleted,
	}, k)
}

// conceal takes out of a decision's comments what strangers must not read. unknown is what is not understood of a command, ""
// for nothing. asked reports that the comments say what came of a question to Clerk.
func (d *Decision) conceal(f LeakFacts, unknown string, asked bool) {
	reply := Reply{Kind: ReplyPublicState, Repository: f.Repository, Leak: f.Leak, Unknown: unknown}
	for _, c := range d.Changes {
		reply.Leak = c.ApplyTo(reply.Leak)
	}
	if asked {
		reply.Kind = ReplyPublicNotConfirmed
	}
	for _, c := range d.Changes {
		if c.Moved() {
			reply.Kind, reply.Change = ReplyPublicMoved, c
			break
		}
	}
	for i := range d.Actions {
		if a := &d.Actions[i]; a.Do == Comment && !a.Reply.Kind.harmless() {
			a.Reply = reply
		}
		if r := &d.Actions[i].Reply.Leak.Request; r.To == Resolved { // our own words, about the kind and about Clerk's answer
			r.Reason = ""
		}
	}
}

// LogsDeleted answers who asked for logs of Actions to be deleted, once for each command.
func LogsDeleted(f LeakFacts, by, key string, came Logs, now time.Time) Decision {
	var d Decision
	if f.Leak.IssueNumber != 0 {
		a := Action{Do: Comment, Key: key, Repository: f.Leak.Repository, Leak: f.Leak.ID, Reply: f.reply(ReplyLogsDeleted)}
		a.Reply.By, a.Reply.Command, a.Reply.Logs = by, CommandDeleteLogs, came
		if f.Hidden { // what is left would lead strangers to the key
			a.Reply.Kind, a.Reply.Logs = ReplyPublicLogsDeleted, Logs{Deleted: came.Deleted}
		}
		d.Actions = append(d.Actions, a)
	}
	if came.Deleted+came.Gone > 0 {
		d.issue(EditIssue, f.Leak, now)
	}
	if f.Hidden {
		d.conceal(f, "", false)
	}
	return d
}
