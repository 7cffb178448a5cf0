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
)

// buttons offers what makes sense: nothing on a check that passed.
func (v checkView) buttons() []github.Button {
	rescan := github.Button{Label: "Check again", Description: "Read the commits once more", Identifier: ButtonRescan}
	switch {
	case len(v.failing) > 0 || len(v.tolerated) > 0:
		rotated := github.Button{Label: "I rotated it", Description: "Ask Clerk whether the key is dead", Identifier: ButtonRotated}
		if v.Policy.Verify == policy.Never {
			rotated.Description = "Close it under your name"
		}
		return []github.Button{rotated, {Label: "Not a secret", Description: "Close it as a false alarm", Identifier: ButtonNotSecret}, rescan}
	case len(v.unsure) > 0:
		return []github.Button{{Label: "Not a secret", Description: "Close it as a false alarm", Identifier: ButtonNotSecret}, rescan}
	case len(v.failed) > 0 || len(v.unjudged) > 0 || v.PolicyFile.Message != "":
		return []github.Button{rescan}
	}
	return nil
}
