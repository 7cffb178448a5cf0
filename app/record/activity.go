package record

import (
	"strings"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Commanded is what the log of activity keeps of a command about a leak; ok is false where the leak's own history tells it: the command
// changed its state.
func Commanded(repository int64, leak int64, c respond.Command, d respond.Decision) (a ledger.Activity, ok bool) {
	a = ledger.Activity{At: c.At, By: c.By, Kind: ledger.ActivityCommand, What: string(c.Kind), Repository: repository, Leak: leak}
	for _, change := range d.Changes {
		if change.Moved() && change.By == c.By {
			return ledger.Activity{}, false
		}
	}
	var about []string
	for _, action := range d.Actions {
		if action.Do == respond.Comment && action.Reply.Kind == respond.ReplyNotEntitled {
			about = append(about, "refused")
		}
	}
	for _, change := range d.Changes {
		switch {
		case change.Request != nil && change.Request.Waits():
			about = append(about, "waits for a second person")
		case change.Snooze != nil && !change.Snooze.IsZero():
			about = append(about, "until "+format.Time(*change.Snooze))
		case change.Snooze != nil:
			about = append(about, "off")
		}
	}
	if c.Button {
		about = append(about, "by a button")
	}
	a.Detail = strings.Join(about, ", ")
	return a, !c.Bot
}

// Answered is what the log of activity keeps of Clerk's answer about a leak; ok is false where it was only watched, and says the same as
// before, and where Clerk was not asked.
func Answered(l respond.Leak, q respond.Verification, answer respond.Answer) (a ledger.Activity, ok bool) {
	if answer.State == respond.KeyNotAsked || q.Why == respond.Watching && answer.State == l.Verdict {
		return ledger.Activity{}, false
	}
	detail := string(q.Why)
	if q.By != "" {
		detail += " by " + q.By
	}
	if answer.Detail != "" {
		detail += ": " + answer.Detail
	}
	return ledger.Activity{
		By: respond.ByClerk, Kind: ledger.ActivityAnswer, What: string(answer.State), Detail: detail, Repository: l.Repository, Leak: l.ID,
	}, true
}
