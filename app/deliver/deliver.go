package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/observe"
	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Deliver does what a webhook delivery asks for, and marks it finished; one that can't be done is marked given up.
func (w *Worker) Deliver(ctx context.Context, j *river.Job[job.Delivery]) error {
	return w.end(ctx, j, outcome.Contain(func() error { return w.deliver(ctx, j) }))
}

// end marks a delivery given up whose job ends with err. Otherwise it would count as waiting for ever.
func (w *Worker) end(ctx context.Context, j *river.Job[job.Delivery], err error) error {
	if err == nil || errors.Is(err, outcome.ErrGivenUp) {
		return err
	}
	now := w.Now()
	out := outcome.Of(err, now, outcome.AttemptOf(j.JobRow, now))
	if out.Do != github.GiveUp {
		return err
	}
	// The job's own time may be what ran out.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), job.RespondTimeout)
	defer cancel()
	failed := w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		return tx.GiveUpDelivery(ctx, j.Args.GUID, "given up: "+out.Reason)
	})
	if failed != nil && !errors.Is(failed, ledger.ErrNotFound) {
		return failed // tried again, for as long as there is no end of it on record
	}
	return err
}

func (w *Worker) deliver(ctx context.Context, j *river.Job[job.Delivery]) error {
	var d ledger.Delivery
	err := w.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		d, err = tx.Delivery(ctx, j.Args.GUID)
		return err
	})
	if errors.Is(err, ledger.ErrNotFound) {
		return nil // uninstalled since: its deliveries were forgotten
	}
	if err != nil {
		return fmt.Errorf("delivery %s: %w", j.Args.GUID, err)
	}
	if !d.Finished.IsZero() {
		return nil
	}
	about := job.AboutOf(ctx)
	about.Received, about.Recovered = d.Received.UnixMicro(), d.Recovered
	ctx = job.WithAbout(ctx, about)
	event, err := webhook.Decode(d.Event, d.Body)
	if err != nil {
		return w.finish(ctx, d, fmt.Sprintf("cannot decode: %v", err))
	}
	ctx = observe.With(ctx, eventAttrs(event)...)
	if ours, err := w.ownEvent(ctx, event); err != nil {
		return err
	} else if ours {
		note := ownDoing
		if double, err := w.Publish.WithdrawDouble(ctx, outcome.Owner(j.JobRow), repositoryOf(event.About()), event); err != nil {
			return err
		} else if double {
			note = "withdrawn: it was made twice"
			w.Log.WarnContext(ctx, "GitHub applied a request twice: the duplicate is withdrawn", "event", d.Event)
		}
		return w.finish(ctx, d, note)
	}
	late := w.Now().Sub(d.Received) > maxReorder
	if gone, err := w.goneSince(ctx, event, d.Received, late); err != nil {
		return err
	} else if gone != "" {
		return w.finish(ctx, d, gone)
	}
	p := planOf(event, w.AppID)
	p.AsOf = d.Received
	if d.Found != "" && p.Know == nil {
		p.Know = known(event.About())
	}
	if late {
		p = afterTheFact(p)
	}
	if err := w.remember(ctx, event.About().InstallationID, p); err != nil {
		return err
	}
	if p.Granted != nil {
		w.Recorder.ReportGrant(ctx, *p.Granted)
	}
	found, err := w.recordTexts(ctx, j, d, event)
	if err != nil {
		return err
	}
	if p.Command != nil {
		return w.handleCommand(ctx, d, *p.Command)
	}
	if p.Alert != nil {
		return w.handleAlert(ctx, d, *p.Alert)
	}
	if p.Logs != nil {
		return w.queueLogs(ctx, d, *p.Logs)
	}
	if p.Deleted != 0 {
		if err := w.issueDeleted(ctx, event.About().Repository.ID, p.Deleted); err != nil {
			return err
		}
	}
	if p.Moved != nil {
		if err := w.issueMoved(ctx, event.About().InstallationID, *p.Moved); err != nil {
			return err
		}
	}
	if p.Scan != nil {
		p.Scan.Received = d.Received
		note, err := w.scanThere(ctx, j, p.Scan)
		if err != nil {
			return w.giveUpScan(ctx, j, d, p.Scan, err)
		}
		p.Note = note
	}
	switch {
	case found != "" && p.Scan != nil:
		p.Note += "; " + found
	case found != "":
		p.Note = found
	}
	return w.finishWith(ctx, d, p.Note, func(ctx context.Context, tx Tx) error {
		if err := queueFiles(ctx, tx, event.About().Repository.ID, p); err != nil {
			return err
		}
		return ofSessions(ctx, tx, event, p)
	})
}

// ownDoing is what became of a delivery about something that rekey did itself.
const ownDoing = "ignored: rekey's own doing"

func (w *Worker) finish(ctx context.Context, d ledger.Delivery, note string) error {
	return w.finishWith(ctx, d, note, func(context.Context, Tx) error { return nil })
}

// goneMeanwhile is what became of a delivery that asks for something about what is on record no more.
const goneMeanwhile = "ignored: what it is about is gone"

// finishWith marks the delivery finished in one transaction with the last that it asked for. Where that is about something that is gone
// meanwhile, nothing of it is done, and the delivery is finished all the same: nobody would come back to it.
func (w *Worker) finishWith(ctx context.Context, d ledger.Delivery, note string, last func(context.Context, Tx) error) error {
	finish := func(note string, last func(context.Context, Tx) error) error {
		return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
			if err := last(ctx, tx); err != nil {
				return err
			}
			return tx.FinishDelivery(ctx, d.GUID, note)
		})
	}
	err := finish(note, last)
	if errors.Is(err, ledger.ErrNotFound) {
		note = goneMeanwhile
		err = finish(note, func(context.Context, Tx) error { return nil })
	}
	if errors.Is(err, ledger.ErrNotFound) {
		err = nil // the delivery was about the end of its installation, or waited behind it
	}
	if err == nil {
		level := slog.LevelInfo
		if note == ownDoing || note == noLogs { // several for each push
			level = slog.LevelDebug
		}
		w.Log.Log(ctx, level, "delivery done", "event", d.Event, "action", d.Action, "outcome", note)
	}
	return err
}

// ownEvent reports whether the event is the echo of something that we did ourselves: answering it would never end.
func (w *Worker) ownEvent(ctx context.Context, event webhook.Event) (bool, error) {
	sender := event.About().Sender
	if sender.Type != "Bot" {
		return false, nil
	}
	switch e := event.(type) {
	case *webhook.PullRequest:
		if e.Action != "edited" { // by which its description is masked
			return false, nil
		}
	case *webhook.Issues, *webhook.IssueComment, *webhook.CheckRun, *webhook.CheckSuite, *webhook.SecretScanningAlert:
	default:
		// We push nothing; a bot's push is as dangerous as a person's.
		return false, nil
	}
	slug, err := w.GitHub.Slug(ctx)
	if err != nil {
		return false, fmt.Errorf("asking GitHub for our own name: %w", err)
	}
	return sender.Login == slug+"[bot]", nil
}

// tryScan scans, unless the process was killed in the middle of the last attempt: what ends a process is not tried for
// ever.
func (w *Worker) tryScan(ctx context.Context, j *river.Job[job.Delivery], t *read.Task) (note string, err error) {
	if outcome.Crashed(j.JobRow) {
		return "", outcome.Final("rekey was stopped each time it tried, last in the middle of the scan")
	}
	leave, err := w.Reader.Enter(j.JobRow)
	if err != nil {
		return "", err
	}
	defer leave()
	err = outcome.Contain(func() (err error) {
		if note, err = w.Reader.Scan(ctx, t); err != nil {
			return err
		}
		return w.Publish.PublishScan(ctx, outcome.Owner(j.JobRow), t)
	})
	return note, outcome.Overtime(ctx, j.Attempt, job.ScanTimeout, err)
}

// giveUpScan publishes the check of a scan that cannot be finished, so that nobody waits for it; a scan that will be
// tried again is left alone.
func (w *Worker) giveUpScan(ctx context.Context, j *river.Job[job.Delivery], d ledger.Delivery, t *read.Task, err error) error {
	if errors.Is(err, github.ErrNotFound) || errors.Is(err, ledger.ErrNotFound) {
		if _, found, lookup := w.Recorder.Repository(ctx, t.Repository.ID); lookup == nil && !found {
			return w.finish(ctx, d, deletedMeanwhile)
		}
	}
	out := outcome.Of(err, w.Now(), outcome.AttemptOf(j.JobRow, w.Now()))
	if out.Do != github.GiveUp {
		return err
	}
	// The job's own time may be what ran out.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), job.RespondTimeout)
	defer cancel()
	if errors.Is(err, github.ErrUninstalled) { // nobody could see a check run, and GitHub's log may have what is other Apps'
		w.Log.WarnContext(ctx, "scan given up: the App isn't installed there", "repository", t.Repository.Owner+"/"+t.Repository.Name, "head", t.Head)
		return w.giveUp(ctx, d, out.Reason)
	}
	w.Log.ErrorContext(ctx, "scan given up", "repository", t.Repository.Owner+"/"+t.Repository.Name, "head", t.Head,
		"reason", out.Reason, "error", err, outcome.Stack(err))
	if err := w.Publish.GiveUpScan(ctx, outcome.Owner(j.JobRow), t, out.Reason); err != nil {
		return err
	}
	return w.giveUp(ctx, d, out.Reason)
}

// giveUp ends a delivery whose scan was given up.
func (w *Worker) giveUp(ctx context.Context, d ledger.Delivery, reason string) error {
	err := w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		return tx.GiveUpDelivery(ctx, d.GUID, "scan given up: "+reason)
	})
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	return outcome.ErrGivenUp
}
