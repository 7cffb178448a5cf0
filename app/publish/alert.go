package publish

import (
	"context"
	"errors"
	"fmt"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// alertTx is what alerts of GitHub's secret scanning are about.
type alertTx interface {
	Alert(ctx context.Context, repository int64, number int) (respond.Alert, error)
	AlertsOf(ctx context.Context, l respond.Leak) ([]respond.Alert, error)
	SaveAlert(ctx context.Context, a respond.Alert) (added int, err error)
	LeakByFingerprint(ctx context.Context, repository int64, fingerprint string) (respond.Leak, error)
}

// Alert resolves an alert of GitHub's secret scanning, or reopens it, as its leak is, where the policy says so.
func (w *Worker) Alert(ctx context.Context, j *river.Job[job.Alert]) error {
	repository, found, err := w.Recorder.Repository(ctx, j.Args.Repository)
	if err != nil || !found {
		return err
	}
	p, err := w.Policies.Of(ctx, repository)
	if err != nil || !p.ResolveAlerts {
		return err
	}
	effect := &alertEffect{w: w, in: repository, number: j.Args.Number}
	err = w.runner().Do(ctx, fmt.Sprintf("alert:%d:%d", repository.ID, j.Args.Number), outcome.Owner(j.JobRow), effect)
	switch {
	case errors.Is(err, ledger.ErrNotFound): // forgotten since
		return nil
	case errors.Is(err, github.ErrForbidden), errors.Is(err, github.ErrNotFound), github.Refused(err) && outcome.Of(err, w.Now(), outcome.Attempt{}).Do == github.GiveUp:
		// An optional permission that is missing, an alert that is gone, closing that is left to reviewers: people see GitHub's side there.
		w.Log.InfoContext(ctx, "GitHub's alert stays as it is", "repository", w.Recorder.Named(repository.ID), "alert", j.Args.Number, "reason", err.Error())
		return nil
	case err != nil:
		return fmt.Errorf("alert %d: %w", j.Args.Number, err)
	}
	return nil
}

// alertEffect is the state of an alert; see [Effect]. To resolve or reopen twice changes nothing.
type alertEffect struct {
	w      *Worker
	in     respond.Repository
	number int

	alert  respond.Alert
	change respond.AlertChange
	result string
}

func (e *alertEffect) Facts(ctx context.Context, tx Tx, _ ledger.Action) (err error) {
	if e.alert, err = tx.Alert(ctx, e.in.ID, e.number); err != nil {
		return err
	}
	leak, err := tx.LeakByFingerprint(ctx, e.in.ID, e.alert.Fingerprint)
	if err != nil {
		return err
	}
	var change bool
	if e.change, change = respond.AlertOf(e.alert, leak); !change {
		return ErrNotNeeded
	}
	return nil
}

// Plan asks GitHub first: a person may have resolved the alert meanwhile.
func (e *alertEffect) Plan(ctx context.Context, _ bool) (bool, error) {
	now, err := e.w.GitHub.Repository(record.Target(e.in), github.AlertsWriteAccess).Alert(ctx, e.number)
	if err != nil {
		return false, err
	}
	e.result = "it is so already"
	return now.Resolved() != (e.change.State == respond.AlertResolved), nil
}

func (e *alertEffect) Find(context.Context) error { return nil }

func (e *alertEffect) Send(ctx context.Context, before func(context.Context) error) error {
	client := e.w.GitHub.Repository(record.Target(e.in), github.AlertsWriteAccess).BeforeWrite(before)
	var now github.Alert
	var err error
	if e.change.State == respond.AlertResolved {
		now, err = client.ResolveAlert(ctx, e.number, e.change.Resolution, e.w.Scanner.RedactString(ctx, e.change.Comment))
	} else {
		now, err = client.ReopenAlert(ctx, e.number)
	}
	if err != nil {
		return err
	}
	e.alert.State, e.alert.Resolution, e.alert.Comment = respond.AlertState(now.State), now.Resolution, now.Comment
	e.alert.ResolvedBy, e.alert.ResolvedAt, e.alert.Ours = now.ResolvedBy.Login, now.ResolvedAt, now.Resolved()
	e.result = string(e.alert.State)
	return nil
}

func (e *alertEffect) Save(ctx context.Context, tx Tx) (string, error) {
	if e.result != string(e.change.State) {
		return e.result, nil
	}
	what := map[respond.AlertState]string{respond.AlertResolved: "resolved", respond.AlertOpen: "reopened"}[e.alert.State]
	leak, err := tx.LeakByFingerprint(ctx, e.in.ID, e.alert.Fingerprint)
	if err != nil {
		return "", err
	}
	if _, err := tx.SaveAlert(ctx, e.alert); err != nil {
		return "", err
	}
	if leak.IssueNumber != 0 {
		if err := tx.Enqueue(ctx, job.Issue{Leak: leak.ID, Refresh: true}, nil); err != nil {
			return "", err
		}
	}
	return e.result, tx.RecordActivity(ctx, ledger.Activity{
		By: respond.Self, Kind: ledger.ActivityAlert, What: what, Detail: fmt.Sprintf("#%d", e.number), Repository: e.in.ID, Leak: leak.ID,
	})
}
