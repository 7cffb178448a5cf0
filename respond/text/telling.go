package text

import (
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/notify"
)

// Telling returns what targets are told for a [Notify] action: what, where, how bad, where it is dealt with. step is
// the entry of the leak's history that it is about; for "opened" its zero value will do.
func Telling(f respond.LeakFacts, a respond.Action, step respond.Event) notify.Event {
	l := f.Leak
	at := step.At
	if at.IsZero() {
		at = l.Detected
	}
	e := notify.Event{
		ID: a.Key, Type: "leak." + a.Event, Time: at, By: step.By, Reason: notify.Unlink(step.Reason),
		Repository: notify.Repository{ID: f.Repository.ID, Name: f.Repository.FullName(), URL: f.Repository.URL, Private: f.Repository.Private},
		Leak: notify.Leak{
			Fingerprint: l.Fingerprint, Kind: string(l.Kind), Description: describe(l), Environment: string(l.Environment),
			Severity: string(l.Severity), Confidence: string(l.Confidence), Redacted: redacted(l),
			Instance: l.Instance, InstanceID: l.InstanceID, State: string(l.State), Pusher: l.Pusher, Detected: l.Detected,
		},
	}
	if took := at.Sub(l.Detected); took > 0 {
		e.Leak.Took = took.Round(time.Second)
	}
	if l.IssueNumber != 0 {
		e.Issue = &notify.Issue{Number: l.IssueNumber, URL: l.IssueURL}
	}
	return e
}
