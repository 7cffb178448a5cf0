package respond

// Identifiers of the check run's buttons, as GitHub sends them back in requested_action.
const (
	ButtonRescan    = "rescan"
	ButtonRotated   = "rotated"
	ButtonNotSecret = "not-a-secret"
	ButtonTriage    = "triage"
	ButtonAccept    = "accept-unread"
)

// ButtonCommand returns the command of a button of the check run; false for the one that only asks to read the commits again.
func ButtonCommand(identifier string) (CommandKind, bool) {
	switch identifier {
	case ButtonRotated:
		return CommandRotated, true
	case ButtonNotSecret:
		return CommandIgnore, true
	case ButtonTriage:
		return CommandTriage, true
	case ButtonAccept:
		return CommandAccept, true
	}
	return "", false
}
