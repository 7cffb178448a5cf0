package respond

import (
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/policy"
)

// Identifiers of the check run's buttons, as GitHub sends them back in requested_action.
const (
	ButtonRescan    = "rescan"
	ButtonRotated   = "rotated"
	ButtonNotSecret = "not-a-secret"
	ButtonTriage    = "triage"
	ButtonAccept    = "accept-unread"
)

// buttons offers what makes sense: nothing on a check that passed.
func (v checkView) buttons() []github.Button {
	rescan := github.Button{Label: "Check again", Description: "Read the commits once more", Identifier: ButtonRescan}
	notSecret := github.Button{Label: "Not a secret", Description: "Close it as a false alarm", Identifier: ButtonNotSecret}
	triage := github.Button{Label: "Triage", Description: "File issues for what this pull brings", Identifier: ButtonTriage}
	ours, outside := countOutside(v.failing, v.tolerated)
	switch {
	case ours == 0 && outside > 0:
		return []github.Button{triage, notSecret, rescan}
	case ours > 0:
		rotated := github.Button{Label: "I rotated it", Description: "Ask Clerk whether the key is dead", Identifier: ButtonRotated}
		if v.Policy.Verify == policy.Never {
			rotated.Description = "Close it under your name"
		}
		if outside > 0 { // there are three at most
			return []github.Button{rotated, notSecret, triage}
		}
		return []github.Button{rotated, notSecret, rescan}
	case len(v.unsure) > 0:
		return []github.Button{notSecret, rescan}
	case v.openGap():
		return []github.Button{rescan, {Label: "Accept unread", Description: "For maintainers: somebody looked at it", Identifier: ButtonAccept}}
	case len(v.failed) > 0 || len(v.unjudged) > 0 || v.PolicyFile.Message != "":
		return []github.Button{rescan}
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
