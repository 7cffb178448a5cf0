package respond

import (
	"strings"
	"time"
)

// Approval says who must confirm that a production key is closed without Clerk's word: [ApprovalNone], [ApprovalSecondPerson], or
// team:org/name.
type Approval string

// The approvals that name no team.
const (
	ApprovalNone         Approval = "none"
	ApprovalSecondPerson Approval = "second_person" // another maintainer or admin of the repository
)

const approvalTeam = "team:"

// Required reports whether anybody must confirm.
func (a Approval) Required() bool { return a != "" && a != ApprovalNone }

// Team returns the team whose members confirm, if it is one's.
func (a Approval) Team() (organisation, slug string, ok bool) {
	name, ok := strings.CutPrefix(string(a), approvalTeam)
	if !ok {
		return "", "", false
	}
	organisation, slug, _ = strings.Cut(name, "/")
	return organisation, slug, true
}

// IgnorePolicy says what closing a leak on a person's word takes.
type IgnorePolicy struct {
	Approval Approval
}

// ApprovalWithin is how long a request waits for the second person.
const ApprovalWithin = 7 * 24 * time.Hour

// Request is what a person asked for and a second one has not confirmed yet. Its zero value is none.
type Request struct {
	To     State // Ignored or Resolved
	By     string
	At     time.Time
	Reason string
	Until  time.Time // of Ignored: the first moment at which it no longer counts; zero: for good
}

// Waits reports whether there is one.
func (r Request) Waits() bool { return r.To != "" }

// Expires is the first moment at which it can't be confirmed any more.
func (r Request) Expires() time.Time { return r.At.Add(ApprovalWithin) }

// Membership says whether a person is in the team that confirms.
type Membership string

// The memberships. Only TeamMember lets anybody confirm anything.
const (
	TeamNotAsked   Membership = ""
	TeamMember     Membership = "member"
	TeamStranger   Membership = "stranger"   // no member, or there is no such team
	TeamUnreadable Membership = "unreadable" // GitHub doesn't let the App see who is in it
)

// needsApproval reports whether the leak is closed on two people's word only, where Clerk has not confirmed that the key is revoked.
//
// Where strangers read the issue this holds for every key: else it would say which one is for production.
func (f LeakFacts) needsApproval() bool {
	return f.Policy.Ignore.Approval.Required() && (f.Leak.Production() || f.Hidden)
}

// samePerson compares logins, which are the same in any case.
func samePerson(a, b string) bool { return a != "" && strings.EqualFold(a, b) }

// mayAsk reports whether a person with this role may ask for it.
func (r Request) mayAsk(role Role, f LeakFacts) bool {
	if r.To == Resolved {
		return mayVouch(role, f)
	}
	return mayRun(role, CommandIgnore, f.Leak)
}

// close closes the leak as a person wishes, or has it wait for a second one, or confirms what waits.
func (r *commandRun) close(wish Request) {
	waiting := r.Leak.Request
	switch {
	case !r.needsApproval():
		r.moveTo(r.LeakFacts, wish, "")
	case waiting.To == wish.To && !samePerson(waiting.By, wish.By) && wish.At.Before(waiting.Expires()):
		r.approve(wish.Until)
	default:
		r.request(r.LeakFacts, wish)
	}
}

// moveTo closes the leak as was asked for. approvedBy is the second person; "": none was needed.
func (d *Decision) moveTo(f LeakFacts, wish Request, approvedBy string) {
	d.moveAs(f, Change{At: wish.At, By: wish.By, To: wish.To, Reason: wish.Reason, Until: wish.Until, ApprovedBy: approvedBy})
}

// request has a wish wait for a second person; who asks again begins anew. It is silent about what came late.
func (d *Decision) request(f LeakFacts, wish Request) {
	waiting := f.Leak.Request
	if waiting.Waits() && wish.At.Before(waiting.At) {
		return
	}
	if waiting.To != wish.To || samePerson(waiting.By, wish.By) || !wish.At.Before(waiting.Expires()) {
		d.Changes = append(d.Changes, Change{Leak: f.Leak.ID, At: wish.At, By: wish.By, From: f.Leak.State, To: f.Leak.State, Request: &wish})
		d.issue(EditIssue, f.Leak, wish.At)
		d.updateChecks(f.Leak.Repository, f.Heads, "")
		f.Leak.Request = wish
	}
	reply := f.reply(ReplyWaits)
	reply.By = wish.By
	d.comment(f.Leak, "waits", wish.At, reply)
}

// approve confirms what waits, if this person may. until is the last day that the second person named; the earlier one counts.
func (r *commandRun) approve(until time.Time) {
	waiting, by := r.Leak.Request, r.command.By
	role, asked := r.command.Roles[strings.ToLower(waiting.By)]
	switch team := r.command.Team; {
	case !waiting.Waits() || r.command.At.Before(waiting.At):
		r.reply(ReplyNothingWaits)
	case !r.command.At.Before(waiting.Expires()):
		r.forget(ReplyRequestExpired)
	case samePerson(by, waiting.By):
		r.reply(ReplyOwnRequest)
	case samePerson(by, r.Leak.Pusher):
		r.refuseApproval(ReplyPusherApproves)
	case team == TeamUnreadable:
		r.refuseApproval(ReplyTeamUnreadable)
	case !r.mayApprove():
		r.refuseApproval(ReplyNotApprover)
	case !asked: // it was asked for while GitHub was asked about the one who confirms
		r.reply(ReplyNothingWaits)
	case !waiting.mayAsk(role, r.LeakFacts):
		r.forget(ReplyRequesterLost)
	default:
		waiting.At = r.command.At
		if waiting.Until.IsZero() || !until.IsZero() && until.Before(waiting.Until) {
			waiting.Until = until
		}
		r.moveTo(r.LeakFacts, waiting, by)
	}
}

// mayApprove reports whether the person may confirm what others ask for.
func (r *commandRun) mayApprove() bool {
	if _, _, named := r.Policy.Ignore.Approval.Team(); named {
		return r.command.Team == TeamMember
	}
	return r.command.Role.Maintains()
}

// refuseApproval says why a person may not confirm, once for the leak's whole life.
func (r *commandRun) refuseApproval(kind ReplyKind) {
	if r.Leak.IssueNumber == 0 {
		return
	}
	a := leakAction(Comment, r.Leak, "refuse:approve:"+string(kind)+":"+r.command.By)
	a.Reply = r.replyTo(kind)
	r.Actions = append(r.Actions, a)
}

// forget ends a request that nobody can confirm any more, and says why.
func (r *commandRun) forget(kind ReplyKind) {
	r.reply(kind)
	r.forgetRequest(r.LeakFacts, r.command.At, r.command.By)
}

func (d *Decision) forgetRequest(f LeakFacts, at time.Time, by string) {
	d.Changes = append(d.Changes, Change{Leak: f.Leak.ID, At: at, By: by, From: f.Leak.State, To: f.Leak.State, Request: &Request{}})
	d.issue(EditIssue, f.Leak, at)
	d.updateChecks(f.Leak.Repository, f.Heads, "")
}
