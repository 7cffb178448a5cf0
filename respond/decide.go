package respond

import (
	"fmt"
	"slices"
	"time"

	"github.com/rekey-app/rekey/detect"
)

// Effect is something that rekey does to the world outside its ledger.
type Effect string

// The effects. Each has at most one per key; check and issue texts are compared by digest on top of that, so that doing
// one again changes nothing.
const (
	UpdateCheck   Effect = "update_check" // conclude the head commit's check run again
	FileIssue     Effect = "file_issue"   // file the leak's issue, or find the one that was filed
	UpdateSummary Effect = "sum_up"       // bring the repository's one summary issue up to date, which stands for many
	EditIssue     Effect = "edit_issue"   // bring title and body up to date
	CloseIssue    Effect = "close_issue"
	ReopenIssue   Effect = "reopen_issue"
	Comment       Effect = "comment" // Body, under the leak's issue
	// WithdrawComment deletes the comment that was made under the key Of.
	WithdrawComment Effect = "withdraw_comment"
	DeleteTexts     Effect = "delete_texts" // the comments that hold the leak
	AskClerk        Effect = "ask_clerk"
	Notify          Effect = "notify" // tell the policy's targets
	// DeleteLogs deletes the logs of Actions that hold the leak, and says in a comment what came of it: Reply, completed by [LogsDeleted].
	DeleteLogs Effect = "delete_logs"
)

// Action is one effect, chosen. It holds no text that the ledger can give when it is performed, comments apart.
type Action struct {
	Do           Effect
	Key          string // performed at most once; a second action of the same key is the same action
	Repository   int64
	Head         string        // UpdateCheck
	Leak         int64         // all but UpdateCheck and UpdateSummary
	Reply        Reply         `json:"-"` // Comment
	Body         string        // Comment: the reply in words, once it is queued
	NotPlanned   bool          // CloseIssue: as not planned, rather than completed
	Of           string        `json:",omitempty"` // WithdrawComment
	Reminder     bool          `json:",omitempty"` // of what reminds: it is not sent once nobody is to be reminded any more
	Notice       NoticeKind    `json:"Event"`      // Notify
	To           string        `json:",omitempty"` // Notify: this target alone, whatever the policy says
	Always       bool          // Notify: the server's own targets, whatever the policy says
	Verification Verification  `json:"Ask"`        // AskClerk
	By           string        `json:",omitempty"` // DeleteTexts: who asked for it
	After        time.Duration // not before this long from now
}

// Allowance answers what a policy allows at the moment of a scan, and why.
type Allowance interface {
	// Fingerprint reports whether the credential is allowed wherever it is.
	Fingerprint(fingerprint string, env detect.Environment) (reason string, ok bool)
	// Path reports whether a credential of the environment is allowed at the path.
	Path(env detect.Environment, path string) (reason string, ok bool)
}

// Decision is what was chosen: changes to leaks, to be written in one transaction with the actions' jobs.
type Decision struct {
	Changes []Change
	Actions []Action
}

// Change is a step in a leak's life. From and To are the same where only facts change.
type Change struct {
	Leak       int64
	At         time.Time
	By         string // login, ByClerk or Self
	From, To   State
	Reason     string
	Responded  bool    // a person spoke: the first such moment is kept
	Verdict    Verdict // what Clerk said; "" if it was not asked
	InstanceID string  // as Clerk answered; "" leaves what is known
	Admit      bool    // a leak from outside is one of the repository from now on

	ApprovedBy string     // login of the second person who confirmed the step; "": none was needed
	Until      time.Time  // of a step to Ignored: the first moment at which it no longer counts; zero: for good
	Request    *Request   // what waits for a second person from now on; its zero value: nothing. nil leaves what is known
	Snooze     *time.Time // until when nobody is reminded; nil leaves what is known
	Reminded   bool       // people are reminded
	Escalated  bool       // the policy's escalation target is told
	Look       *time.Time // when to call [FollowUp] next, zero: never; nil: soon
}

// Event returns the change as the ledger's history keeps it.
func (c Change) Event() Event {
	return Event{Leak: c.Leak, At: c.At, By: c.By, From: c.From, To: c.To, Reason: c.Reason, ApprovedBy: c.ApprovedBy, Until: c.Until}
}

// ApplyTo returns the leak's record after the change.
func (c Change) ApplyTo(l Leak) Leak {
	if c.From != c.To {
		l.State, l.Reason = c.To, c.Reason
		l.Closed, l.ClosedBy = time.Time{}, ""
		l.ApprovedBy, l.Until, l.Request, l.Snoozed = c.ApprovedBy, c.Until, Request{}, time.Time{}
		l.Look = c.Until
		if c.To == Open {
			l.Look = c.At.Add(FirstLook)
		} else {
			l.Closed, l.ClosedBy = c.At, c.By
		}
	}
	if c.Responded && l.Responded.IsZero() {
		l.Responded = c.At
	}
	if c.Verdict != "" {
		l.Verdict, l.VerifiedAt = c.Verdict, c.At
	}
	if c.InstanceID != "" {
		l.InstanceID = c.InstanceID
	}
	if c.Admit {
		l.Outside, l.Detected, l.Look = false, c.At, c.At.Add(FirstLook)
	}
	return c.applyFollowUp(l)
}

// applyFollowUp is what of a change is about what time brings.
func (c Change) applyFollowUp(l Leak) Leak {
	if c.Request != nil {
		l.Request, l.Look = *c.Request, c.At.Add(FirstLook)
	}
	if c.Snooze != nil {
		l.Snoozed, l.Look = *c.Snooze, c.At.Add(FirstLook)
	}
	if c.Reminded {
		l.Reminded = c.At
	}
	if c.Escalated {
		l.Escalated = c.At
	}
	if c.Look != nil {
		l.Look = *c.Look
	}
	return l
}

// Moved reports whether the change is one of state, which the leak's history keeps.
func (c Change) Moved() bool { return c.From != c.To }

// Seen is a leak that a scan met.
type Seen struct {
	Leak      Leak       // as the ledger has it now
	New       bool       // the ledger did not know it before this scan
	Sightings []Sighting // those of this scan that the ledger did not know before
}

// ScanFacts are what is known when a scan is finished, well or not.
type ScanFacts struct {
	Repository Repository
	Scan       Scan
	Seen       []Seen
	Unseen     map[string]bool // fingerprints of what the scan met also at paths that it did not record
	FiledHour  int             // issues filed for this repository in the last hour
	Policy     Policy
	// Hidden are the leaks whose issues strangers read.
	Hidden map[int64]bool
	// Heads are the commits whose checks show a leak, by leak; asked for those that the scan moves, see [ScanFacts.Moves].
	Heads map[int64][]string
	// Allowance is what Policy allows; nil allows nothing. Who decides within a transaction has asked it for the paths before.
	Allowance Allowance
	// Received is when the event of the scan came, which may be long ago: it was recovered. Zero: now.
	Received time.Time
	Now      time.Time
}

// late reports whether what the scan brought was pushed before the leak was closed: whoever closed it had the last word.
func (f ScanFacts) late(l Leak) bool {
	return !f.Received.IsZero() && f.Received.Before(l.Closed)
}

// Decide says what to do after a scan. The check run of the scan's own head is not among it: who scans concludes it,
// whatever was found.
func Decide(f ScanFacts) Decision {
	var d Decision
	filed := f.FiledHour
	seen := slices.Clone(f.Seen) // the most urgent first, should there be more than may be filed
	slices.SortStableFunc(seen, func(a, b Seen) int { return ComparePriority(a.Leak, b.Leak) })
	for _, s := range seen {
		d.seen(f, s, &filed)
	}
	return d
}

// Moves says into which state a scan brings a leak that it met, and why; moved is false where the leak stays as it is.
func (f ScanFacts) Moves(s Seen) (to State, reason string, moved bool) {
	reason, allowed := f.allows(s)
	switch {
	case allowed && s.Leak.IsOpen() && s.New && (s.Leak.Outside || !f.Scan.Outside): // from outside: so that the check does not fail
		return Ignored, reason, true
	case f.Scan.Outside: // it changes nothing of a leak that the repository has
		return "", "", false
	case f.late(s.Leak):
		return "", "", false
	case !allowed && s.Leak.State == Ignored && s.Leak.ClosedBy == Self && len(s.Sightings) > 0:
		// Allowed by a line or a path; now it stands where nothing allows it.
		return Open, "it was pushed again, in a place that nothing allows", true
	case s.Leak.State == Resolved && len(s.Sightings) > 0:
		// Whatever its author dates say: they are the author's. The ledger met these places after the closing.
		return Open, "it was found in a new place after it was closed, and Clerk hasn't confirmed that it is revoked", true
	}
	return "", "", false
}

func (d *Decision) seen(f ScanFacts, s Seen, filed *int) {
	l := s.Leak
	if l.State == "" {
		l.State = Open
	}
	to, reason, moved := f.Moves(s)
	if moved {
		d.change(f.Now, &l, to, Self, reason)
		d.updateChecks(l.Repository, f.Heads[l.ID], f.Scan.Head)
	}
	switch {
	case f.Scan.Outside:
		return
	case moved && to == Ignored:
		d.keyAllowed(l, f.Now)
	case moved && to == Open:
		d.reopened(f, l)
	}
	switch {
	case l.IssueNumber != 0:
		if len(s.Sightings) > 0 {
			d.Actions = append(d.Actions, leakAction(EditIssue, l, "edit"))
		}
	case l.State == Open && l.Sure():
		d.file(l, f.Policy, filed)
	}
	if s.New && l.State == Open && l.Sure() {
		d.notify(f.Policy, l, NoticeOpened, f.Now)
		if f.Policy.Verify == VerifyWatch && l.Verifiable() {
			d.Actions = append(d.Actions, verifyAction(l, Verification{Why: Watching}, 0))
		}
	}
}

// file files the leak's issue, or puts it into the summary where there were enough in this hour.
func (d *Decision) file(l Leak, p Policy, filed *int) {
	switch {
	case !p.FilesIssues():
	case p.Issues.MaxPerHour <= 0 || *filed < p.Issues.MaxPerHour:
		*filed++
		d.Actions = append(d.Actions, leakAction(FileIssue, l, "file"))
	case !d.has(UpdateSummary):
		d.Actions = append(d.Actions, Action{Do: UpdateSummary, Key: fmt.Sprintf("sum_up:%d", l.Repository), Repository: l.Repository})
	}
}

// CatchUp says which issues to file for leaks that had to wait: those that are open and have none, the most urgent
// first, as many as the hour still allows. filedHour is how many were filed for the repository in the last hour. Call it
// from time to time for each repository that has such leaks.
func CatchUp(waiting []Leak, filedHour int, p Policy) Decision {
	var d Decision
	leaks := slices.Clone(waiting)
	slices.SortStableFunc(leaks, ComparePriority)
	filed := filedHour
	for _, l := range leaks {
		if l.IssueNumber == 0 && l.IsOpen() && l.Sure() {
			d.file(l, p, &filed)
		}
	}
	if filed > filedHour && !d.has(UpdateSummary) { // the summary gets shorter
		d.Actions = append(d.Actions, Action{Do: UpdateSummary, Key: fmt.Sprintf("sum_up:%d", leaks[0].Repository), Repository: leaks[0].Repository})
	}
	return d
}

// allows reports whether the policy allows the leak, or every new place of it carries rekey:allow.
func (f ScanFacts) allows(s Seen) (string, bool) {
	if len(s.Sightings) == 0 && !s.New { // a new leak may have no place in files
		return "", false
	}
	if f.Allowance == nil {
		f.Allowance = nothing{}
	}
	env := s.Leak.Environment
	reason := ""
	if r, ok := f.Allowance.Fingerprint(s.Leak.Fingerprint, env); ok {
		return "the policy allows it: " + r, true
	}
	for _, sighting := range s.Sightings {
		if sighting.InText() {
			return "", false // it has no path
		}
		// Where there are paths that nobody knows, none of them is allowed by what it is called.
		if r, ok := f.Allowance.Path(env, sighting.Path); ok && !f.Unseen[s.Leak.Fingerprint] {
			reason = "the policy allows it: " + r
			continue
		}
		if !s.Leak.AllowedInline(sighting) {
			return "", false
		}
		if reason == "" {
			reason = "rekey:allow on the line"
		}
	}
	return reason, reason != ""
}

// nothing is the [Allowance] that allows nothing.
type nothing struct{}

func (nothing) Fingerprint(string, detect.Environment) (string, bool) { return "", false }
func (nothing) Path(detect.Environment, string) (string, bool)        { return "", false }

func (d *Decision) change(now time.Time, l *Leak, to State, by, reason string) {
	d.Changes = append(d.Changes, Change{Leak: l.ID, At: now, By: by, From: l.State, To: to, Reason: reason})
	l.State = to
}

func (d *Decision) reopened(f ScanFacts, l Leak) {
	d.issue(ReopenIssue, l, f.Now)
	reply := Reply{Kind: ReplyFoundAgain, Repository: f.Repository, Leak: l, Change: d.Changes[len(d.Changes)-1]}
	if f.Hidden[l.ID] {
		reply.Kind = ReplyPublicMoved
	}
	d.comment(l, "reopened", f.Now, reply)
	d.notify(f.Policy, l, NoticeReopened, f.Now)
}

// updateChecks brings the checks of these commits up to date, but for one that is concluded anyway.
func (d *Decision) updateChecks(repository int64, heads []string, but string) {
	for _, head := range heads {
		a := Action{Do: UpdateCheck, Key: fmt.Sprintf("check:%d:%s", repository, head), Repository: repository, Head: head}
		if head != but && !slices.ContainsFunc(d.Actions, func(o Action) bool { return o.Key == a.Key }) {
			d.Actions = append(d.Actions, a)
		}
	}
}

func (d *Decision) has(e Effect) bool {
	for _, a := range d.Actions {
		if a.Do == e {
			return true
		}
	}
	return false
}

// issue adds an effect on the leak's issue, where there is one.
func (d *Decision) issue(e Effect, l Leak, at time.Time) {
	if l.IssueNumber != 0 {
		d.Actions = append(d.Actions, leakAction(e, l, stamp(e, at)))
	}
}

func (d *Decision) comment(l Leak, about string, at time.Time, reply Reply) {
	if l.IssueNumber == 0 {
		return
	}
	a := leakAction(Comment, l, stamp(Comment, at)+":"+about)
	a.Reply = reply
	d.Actions = append(d.Actions, a)
}

func (d *Decision) notify(p Policy, l Leak, kind NoticeKind, at time.Time) {
	if !p.Notifies(kind) || l.Outside {
		return
	}
	a := leakAction(Notify, l, stamp(Notify, at)+":"+string(kind))
	a.Notice = kind
	d.Actions = append(d.Actions, a)
}

func leakAction(e Effect, l Leak, suffix string) Action {
	return Action{Do: e, Key: fmt.Sprintf("leak:%d:%s", l.ID, suffix), Repository: l.Repository, Leak: l.ID}
}

// stamp makes the key of an effect that belongs to one moment, as a leak can be closed and reopened many times.
func stamp(e Effect, at time.Time) string { return fmt.Sprintf("%s:%d", e, at.UnixMicro()) }
