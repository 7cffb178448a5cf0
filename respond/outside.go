package respond

import (
	"cmp"

	"github.com/rekey-app/rekey/detect"
)

// Anybody can open a pull request. What people without write access bring gets a check run, and nothing that costs others
// something: no issue, no notice, no question to Clerk. It is admitted when it is merged, which is a push, or when somebody
// with write access comments /rekey triage.

// CanPush reports whether a pull request's author can write to the base repository. association is what the event says:
// OWNER, MEMBER, COLLABORATOR …; role is what GitHub answers about the author: admin, maintain, write …, or "" where it
// was not asked or gave no answer. Members and collaborators may have read access alone, and members who hide their
// membership are not called so; hence only OWNER counts without a role. Who is not known cannot push.
func CanPush(association string, role Role) bool {
	return role.CanWrite() || role == "" && association == "OWNER"
}

// admit makes a leak from outside one of the repository, with all that follows from a new one.
func (r *commandRun) admit() {
	if !r.Leak.Outside {
		r.reply(ReplyAlreadyOurs)
		return
	}
	r.Changes = append(r.Changes, Change{
		Leak: r.Leak.ID, At: r.command.At, By: r.command.By, From: r.Leak.State, To: r.Leak.State, Admit: true,
	})
	r.Leak.Outside = false
	if r.Leak.State == Open && r.Leak.Sure() {
		filed := r.FiledHour
		r.file(r.Leak, r.Policy, &filed)
		r.notify(r.Policy, r.Leak, NoticeOpened, r.command.At)
		if r.Policy.Verify == VerifyWatch && r.Leak.Verifiable() {
			r.Actions = append(r.Actions, verifyAction(r.Leak, Verification{Why: Watching}, 0))
		}
	}
	r.updateChecks(r.Leak.Repository, r.Heads, "")
}

// ComparePriority puts the leaks first that cannot wait: production, then what Clerk accepts, what is certain, what is
// newest.
func ComparePriority(a, b Leak) int {
	return cmp.Or(
		a.Severity.Compare(b.Severity),
		cmp.Compare(doubt(a), doubt(b)),
		b.Detected.Compare(a.Detected), b.Introduced.Compare(a.Introduced), cmp.Compare(b.ID, a.ID),
	)
}

// doubt is 0 for a key that is known to work, and grows as confidence falls.
func doubt(l Leak) int {
	switch {
	case l.Verdict == KeyAlive:
		return 0
	case l.Confidence == detect.HighConfidence:
		return 1
	case l.Confidence == detect.MediumConfidence:
		return 2
	}
	return 3
}
