package text

import (
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/markdown"
)

// Notice returns what targets are told for a [respond.Notify] action: what, where, how bad, where it is dealt with. step is
// the entry of the leak's history that it is about; for NoticeOpened its zero value will do.
func Notice(f respond.LeakFacts, a respond.Action, step respond.Event) respond.Notice {
	l := f.Leak
	if a.Notice == respond.NoticeReminded {
		step = respond.Event{At: step.At, By: respond.Self, Reason: "open for " + openFor(step.At.Sub(f.Opened()))}
		if a.To != "" {
			step.Reason = "escalated: " + step.Reason
		}
	}
	at := step.At
	if at.IsZero() {
		at = l.Detected
	}
	e := respond.Notice{
		ID: a.Key, Type: a.Notice.Type(), Time: at, By: step.By, Reason: markdown.Unlink(step.Reason), ApprovedBy: step.ApprovedBy, Until: step.Until,
		Repository: respond.NoticeRepository{ID: f.Repository.ID, Name: f.Repository.FullName(), URL: f.Repository.URL, Private: f.Repository.Private},
		Leak: respond.NoticeLeak{
			Fingerprint: l.Fingerprint, Kind: l.Kind, Description: describe(l), Environment: l.Environment,
			Severity: l.Severity, Confidence: l.Confidence, Redacted: redacted(l),
			Instance: l.Instance, InstanceID: l.InstanceID, State: l.State, Pusher: l.Pusher, Detected: l.Detected,
		},
	}
	if l.IssueNumber != 0 {
		e.Issue = &respond.NoticeIssue{Number: l.IssueNumber, URL: l.IssueURL}
	}
	return e
}
