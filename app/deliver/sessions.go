package deliver

import (
	"context"

	"github.com/rekey-app/rekey/github/webhook"
)

// changesAccess reports whether people may see another set of repositories since the event than before. Nothing tells of all that
// changes it: sessions ask again every few minutes in any case.
func changesAccess(event webhook.Event) bool {
	switch e := event.(type) {
	case *webhook.Installation, *webhook.InstallationRepositories:
		return true
	case *webhook.RepositoryChange:
		switch e.Action {
		case "deleted", "publicized", "privatized", "transferred":
			return true
		}
	}
	return false
}

// ofSessions does what an event asks for of those who are signed in to the dashboard.
func ofSessions(ctx context.Context, tx Tx, event webhook.Event, p plan) error {
	if p.SignOut != 0 {
		return tx.EndSessionsOf(ctx, p.SignOut)
	}
	if changesAccess(event) {
		return tx.StaleSessions(ctx)
	}
	return nil
}
