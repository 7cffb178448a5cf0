package deliver

import (
	"context"

	"github.com/rekey-app/rekey/app/alerts"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// planAlert says which alert of GitHub's secret scanning to look at. Which action it was matters little: GitHub is asked how the alert is.
func planAlert(e *webhook.SecretScanningAlert) plan {
	switch e.Action {
	case "created", "publicly_leaked", "resolved", "reopened", "validated":
	default:
		return unused(e.Action)
	}
	return plan{Know: known(e.Common), Alert: &alerts.Task{
		Repository: repositoryOf(e.Common), Number: e.Number, Type: e.Type, Name: e.Name, Action: e.Action,
		Sender: github.Actor{Login: e.Sender.Login, Type: e.Sender.Type},
	}}
}

// handleAlert looks at an alert, and does what a person asked for by resolving or reopening it: what they could ask for with a comment.
func (w *Worker) handleAlert(ctx context.Context, d ledger.Delivery, t alerts.Task) error {
	t.Received = d.Received
	seen, err := w.Alerts.Look(ctx, t)
	if err != nil {
		return err
	}
	if seen.Command == nil {
		return w.finish(ctx, d, seen.Note)
	}
	leak, p, found, err := w.Policies.OfLeak(ctx, seen.Leak)
	if err != nil {
		return err
	}
	if !found {
		return w.finish(ctx, d, goneMeanwhile)
	}
	given := *seen.Command
	if given.Role, err = w.Policies.Role(ctx, leak.Repository, given.By); err != nil {
		return err
	}
	given.Reason = w.Scanner.RedactString(ctx, given.Reason)
	if !given.Entitled(leak) {
		return w.finish(ctx, d, seen.Note+"; who changed it may not speak for the leak")
	}
	return w.finishWith(ctx, d, seen.Note+": applied "+string(given.Kind), func(ctx context.Context, tx Tx) error {
		return w.applyOnce(ctx, tx, leak.Repository, []respond.Leak{leak}, p, given, d.GUID)
	})
}
