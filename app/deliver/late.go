package deliver

import (
	"context"
	"time"

	"github.com/rekey-app/rekey/github/webhook"
)

// Deliveries that GitHub could not make are recovered from its log, up to days later. By then others have come that are newer.
// What a late one says is written as of the time when it was first sent, so that what is known from later stays; and what would
// delete something asks GitHub instead what there is now.

// maxReorder is by how much deliveries may overtake each other: GitHub promises no order.
const maxReorder = time.Minute

// The outcomes of deliveries about what is not there any more.
const (
	deletedMeanwhile = "ignored: the repository was deleted meanwhile"
	uninstalledSince = "ignored: the App was uninstalled meanwhile"
)

// goneSince returns why nothing is done about the event, or "": GitHub has reported since, or shortly before, that its repository was
// deleted; or that the App was uninstalled. What the event says must not be remembered then: nothing would take it back.
func (w *Worker) goneSince(ctx context.Context, event webhook.Event, received time.Time, late bool) (gone string, err error) {
	about := event.About()
	change, ofRepository := event.(*webhook.RepositoryChange)
	installation, ofInstallation := event.(*webhook.Installation)
	err = w.Store.View(ctx, func(ctx context.Context, tx Tx) error {
		gone = ""
		if about.Repository.ID != 0 && !(ofRepository && change.Action == "deleted") {
			deleted, err := tx.RepositoryDeleted(ctx, about.Repository.ID, received.Add(-maxReorder))
			if deleted {
				gone = deletedMeanwhile
			}
			if err != nil || deleted {
				return err
			}
		}
		if ofInstallation && (!late || installation.Action == "deleted") {
			return nil
		}
		uninstalled, err := tx.Uninstalled(ctx, about.InstallationID)
		if err == nil && late && !uninstalled {
			uninstalled, err = tx.InstallationDeleted(ctx, about.InstallationID)
		}
		if uninstalled {
			gone = uninstalledSince
		}
		return err
	})
	return gone, err
}

// afterTheFact returns the plan for an event that comes late. What it would delete may be there again, and what it would add may be
// gone: GitHub's list decides.
func afterTheFact(p plan) plan {
	if p.Uninstalled || len(p.Forget) > 0 {
		p.Uninstalled, p.Forget, p.Reconcile = false, nil, true
		p.Note += "; it came late: compared with GitHub's list"
	}
	if p.Reconcile {
		p.Know = nil
	}
	p.Granted = nil // what is granted now is reported at each start
	p.Late = true
	return p
}
