package text

import (
	"github.com/rekey-app/rekey/respond"
)

// buttons offers what makes sense: nothing on a check that passed.
func (v checkView) buttons() []Button {
	rescan := Button{Label: "Check again", Description: "Read the commits again", Identifier: respond.ButtonRescan}
	notSecret := Button{Label: "False positive", Description: "Close it as a false positive", Identifier: respond.ButtonNotSecret}
	if v.Policy.Ignore.Approval.Required() && v.anyProduction() {
		notSecret.Description = "Ask for it to be closed, or confirm"
	}
	triage := Button{Label: "Triage", Description: "File issues for this pull request", Identifier: respond.ButtonTriage}
	ours, outside := countOutside(v.failing, v.tolerated)
	switch {
	case ours == 0 && outside > 0:
		return []Button{triage, notSecret, rescan}
	case ours > 0:
		rotated := Button{Label: "I rotated it", Description: "Ask Clerk if the old key still works", Identifier: respond.ButtonRotated}
		if v.Policy.Verify == respond.VerifyNever {
			rotated.Description = "Close it as resolved"
		}
		if outside > 0 { // there are three at most
			return []Button{rotated, notSecret, triage}
		}
		return []Button{rotated, notSecret, rescan}
	case len(v.unsure) > 0:
		return []Button{notSecret, rescan}
	case v.openGap():
		return []Button{rescan, {Label: "Accept unread", Description: "Maintainers: accept what wasn't read", Identifier: respond.ButtonAccept}}
	case len(v.failed) > 0 || len(v.unjudged) > 0 || v.PolicyFile.Message != "":
		return []Button{rescan}
	}
	return nil
}

// countOutside tells leaks of the repository from those that only strangers brought.
func countOutside(lists ...[]leakView) (ours, outside int) {
	for _, list := range lists {
		for _, l := range list {
			if l.Outside {
				outside++
			} else {
				ours++
			}
		}
	}
	return ours, outside
}
