package respond

// Identifiers of the check run's buttons, as GitHub sends them back in requested_action.
const (
	ButtonRescan    = "rescan"
	ButtonRotated   = "rotated"
	ButtonNotSecret = "not-a-secret"
	ButtonTriage    = "triage"
	ButtonAccept    = "accept-unread"
)

// ButtonSaid returns what a button of the check run says; false for the one that only asks to read the commits again.
func ButtonSaid(identifier string) (Said, bool) {
	switch identifier {
	case ButtonRotated:
		return SaidRotated, true
	case ButtonNotSecret:
		return SaidIgnore, true
	case ButtonTriage:
		return SaidTriage, true
	case ButtonAccept:
		return SaidAccept, true
	}
	return "", false
}
