package alerts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// join records the alert with its leak: first the alert, so that the issue of a new leak names it; then the leak, with what follows from
// a scan that finds it; then what became of the alert. Whatever ends in between, another event or attempt goes on with it.
func (w *Worker) join(ctx context.Context, t Task, about respond.Alert, f found) (Seen, error) {
	repository, there, err := w.Recorder.Repository(ctx, t.Repository.ID)
	if err != nil || !there {
		return Seen{Note: "ignored: the repository is gone"}, err
	}
	p, err := w.Policies.Of(ctx, repository)
	if err != nil {
		return Seen{}, err
	}
	fresh, err := w.prepare(ctx, about, f)
	if err != nil {
		return Seen{}, err
	}
	if len(fresh) > 0 {
		scan := &read.Task{
			Repository: t.Repository, Trigger: respond.TriggerAlert, Head: fmt.Sprintf("%salert %d", record.HistoryOf, about.Number),
			Pusher: about.BypassedBy, Received: t.Received,
		}
		if _, err := w.Reader.Record(ctx, scan, pack.Report{Sightings: fresh}); err != nil {
			return Seen{}, err
		}
	}
	return w.conclude(ctx, t, about, p)
}

// maxKnown is how many places of a leak are compared with those of an alert.
const maxKnown = 2000

// prepare records an alert that is new, without what became of it, and returns what is to be recorded of the leak.
func (w *Worker) prepare(ctx context.Context, about respond.Alert, f found) (fresh []pack.Sighting, err error) {
	err = w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		fresh = slices.Clone(f.sightings)
		leak, err := tx.LeakByFingerprint(ctx, about.Repository, about.Fingerprint)
		isNew := errors.Is(err, ledger.ErrNotFound)
		if err != nil && !isNew {
			return err
		}
		if (isNew || leak.Outside) && len(fresh) == 0 && f.alone != nil {
			fresh = append(fresh, pack.Sighting{Finding: *f.alone})
		}
		if !isNew {
			known, err := tx.Sightings(ctx, leak.ID, maxKnown)
			if err != nil {
				return err
			}
			fresh = slices.DeleteFunc(fresh, func(s pack.Sighting) bool { return isKnown(known, s) })
		}
		if _, err = tx.Alert(ctx, about.Repository, about.Number); !errors.Is(err, ledger.ErrNotFound) {
			return err
		}
		first := about
		first.State, first.Resolution, first.ResolvedBy, first.ResolvedAt, first.Comment, first.Ours, first.Public = "", "", "", time.Time{}, "", false, false
		_, err = tx.SaveAlert(ctx, first)
		return err
	})
	return fresh, err
}

func isKnown(known []respond.Sighting, s pack.Sighting) bool {
	return s.Commit != "" && slices.ContainsFunc(known, func(k respond.Sighting) bool {
		return k.Commit == s.Commit && k.Path == s.Path && k.Line == s.Finding.Place.Line
	})
}

// conclude records what became of the alert, with all that follows from it, and returns what a person said by it.
func (w *Worker) conclude(ctx context.Context, t Task, about respond.Alert, p respond.Policy) (seen Seen, err error) {
	err = w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		seen = Seen{}
		leak, err := tx.LeakByFingerprint(ctx, about.Repository, about.Fingerprint)
		if err != nil {
			return err
		}
		old, err := tx.Alert(ctx, about.Repository, about.Number)
		if err != nil {
			return err
		}
		added, err := tx.SaveAlert(ctx, about)
		if err != nil {
			return err
		}
		for _, a := range happened(old, about, t) {
			a.Repository, a.Leak = about.Repository, leak.ID
			if err := tx.RecordActivity(ctx, a); err != nil {
				return err
			}
		}
		if about.Public && !old.Public {
			if err := w.publish(ctx, tx, leak, about, p); err != nil {
				return err
			}
		}
		if leak.IssueNumber != 0 && (old.State == "" || added > 0 || differs(old, about)) {
			if err := tx.Enqueue(ctx, job.Issue{Leak: leak.ID, Refresh: true}, nil); err != nil {
				return err
			}
		}
		if _, change := respond.AlertOf(about, leak); change && p.ResolveAlerts {
			if err := tx.Enqueue(ctx, job.Alert{Repository: about.Repository, Number: about.Number}, nil); err != nil {
				return err
			}
		}
		seen = Seen{Note: fmt.Sprintf("alert %d is about leak %d", about.Number, leak.ID), Leak: leak.ID, Command: commandOf(t, about, leak)}
		return nil
	})
	if errors.Is(err, ledger.ErrNotFound) { // taken away in between
		return Seen{Note: "ignored: the leak is gone"}, nil
	}
	return seen, err
}

// publish makes a leak more urgent whose key GitHub found in public. What is in a public repository itself counts as that already.
func (w *Worker) publish(ctx context.Context, tx Tx, leak respond.Leak, about respond.Alert, p respond.Policy) error {
	others, err := tx.AlertsOf(ctx, leak)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(others, func(o respond.Alert) bool { return o.Public && o.Number != about.Number }) {
		return nil
	}
	repository, err := tx.Repository(ctx, leak.Repository)
	if err != nil {
		return err
	}
	if repository.Private {
		if err := tx.RaiseLeak(ctx, leak.ID); err != nil {
			return err
		}
	}
	return w.Recorder.Decide(ctx, tx, leak.ID, p, func(f respond.LeakFacts) respond.Decision { return respond.Publish(f, tx.Now()) })
}

// differs reports whether the issue is to say something else of the alert.
func differs(old, now respond.Alert) bool {
	shown := func(a respond.Alert) [7]any {
		return [7]any{a.State, a.Resolution, a.ResolvedBy, a.Comment, a.Public, a.BypassedBy, a.URL}
	}
	return shown(old) != shown(now)
}

// commandOf is what a person said about the leak by the alert; nil: nothing.
func commandOf(t Task, about respond.Alert, leak respond.Leak) *respond.Command {
	c, ok := about.ResolvedCommand(leak)
	if !ok && t.Action == "reopened" {
		c, ok = about.ReopenedCommand(leak, t.Sender.Login, t.Received)
	}
	if !ok || !respond.IsPerson(c.By, "") { // bots are told by their logins
		return nil
	}
	return &c
}

// happened is what the log of activity keeps of an alert's change.
func happened(old, now respond.Alert, t Task) (list []ledger.Activity) {
	add := func(by, what, detail string, at time.Time) {
		list = append(list, ledger.Activity{At: at, By: by, Kind: ledger.ActivityAlert, What: what, Detail: detail})
	}
	number := fmt.Sprintf("#%d", now.Number)
	if old.State == "" {
		add(respond.ByGitHub, "found", number+": "+now.Name, time.Time{})
	}
	if old.State == "" && !now.BypassedAt.IsZero() {
		add(now.BypassedBy, "bypassed", colon(number, now.BypassComment), now.BypassedAt)
	}
	if now.Public && !old.Public {
		add(respond.ByGitHub, "published", number, time.Time{})
	}
	switch {
	case now.State == respond.AlertResolved && !now.Ours && resolvedAnew(old, now):
		at := now.ResolvedAt // in whole seconds
		if t.Action == "resolved" {
			at = t.Received
		}
		add(now.ResolvedBy, "resolved", colon(number+" as "+respond.ResolutionName(now.Resolution), now.Comment), at)
	case now.State == respond.AlertOpen && old.State == respond.AlertResolved:
		by := ""
		if t.Action == "reopened" {
			by = t.Sender.Login
		}
		add(by, "reopened", number, t.Received)
	}
	return list
}

// resolvedAnew reports whether somebody has resolved the alert since.
func resolvedAnew(old, now respond.Alert) bool {
	return old.State != now.State || !old.ResolvedAt.Equal(now.ResolvedAt) || old.ResolvedBy != now.ResolvedBy || old.Resolution != now.Resolution
}

func colon(what, comment string) string {
	if comment == "" {
		return what
	}
	return what + ": " + comment
}
