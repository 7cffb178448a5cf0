package deliver

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/text"
)

// command is what a person asks for about leaks: on a leak's issue, or by a button of a check run.
type command struct {
	Repository int64  // where it was given
	Issue      int    // on this issue, or
	Pull       int    // on this pull request, about what it brought from outside, or
	Head       string // about all open leaks of this commit's check run
	Kind       respond.CommandKind
	Reason     string
	By         string
	ID         string // "" where only the delivery distinguishes it
	Bot        bool   // another App did it
	Filed      leakID // the leak that the issue is about, by the marker of an issue that we filed; zero: none
}

// leakID names a leak as the marker of its issue does.
type leakID struct {
	Repository  int64
	Fingerprint string
}

// filedAbout returns the leak that an issue is about which this App filed.
func filedAbout(i webhook.Issue, appID int64) (leak leakID) {
	if i.AppID == appID {
		leak.Repository, leak.Fingerprint, _ = text.ParseMarker(i.Body)
	}
	return leak
}

// commandFrom finds out whether an event is a person's command. Our own comments are none, nor those of other bots; but what
// they close is one, as it is undone.
func commandFrom(event webhook.Event, appID int64) (command, bool) {
	switch e := event.(type) {
	case *webhook.IssueComment:
		if e.Action != "created" || e.AppID != 0 || !respond.IsPerson(e.Author.Login, e.Author.Type) {
			return command{}, false
		}
		kind, reason, found := text.ParseCommand(e.Body)
		about := command{
			Repository: e.Repository.ID, Issue: e.Issue.Number, Kind: kind, Reason: reason, By: e.Author.Login,
			ID: fmt.Sprintf("comment:%d", e.CommentID), Filed: filedAbout(e.Issue, appID),
		}
		if e.Issue.PullRequest {
			about.Issue, about.Pull = 0, e.Issue.Number
			found = found && kind == respond.CommandTriage
		}
		return about, found
	case *webhook.Issues:
		kind, ok := map[string]respond.CommandKind{"closed": respond.CommandClosed, "reopened": respond.CommandReopened}[e.Action]
		bot := !respond.IsPerson(e.Sender.Login, e.Sender.Type)
		if !ok || e.Issue.PullRequest || bot && (kind != respond.CommandClosed || e.Sender.Login == "") {
			return command{}, false
		}
		return command{Repository: e.Repository.ID, Issue: e.Issue.Number, Kind: kind, By: e.Sender.Login, Bot: bot, Filed: filedAbout(e.Issue, appID)}, true
	case *webhook.CheckRun:
		kind, ok := respond.ButtonCommand(e.RequestedAction)
		if e.Action != "requested_action" || e.AppID != appID || !ok || !respond.IsPerson(e.Sender.Login, e.Sender.Type) {
			return command{}, false
		}
		return command{Repository: e.Repository.ID, Head: e.HeadSHA, Kind: kind, By: e.Sender.Login}, true
	}
	return command{}, false
}

// handleCommand does what a person's command asks for, for each leak that it is about, and finishes its delivery with it: a
// command is applied once.
func (w *Worker) handleCommand(ctx context.Context, d ledger.Delivery, c command) error {
	if c.Kind == respond.CommandAccept {
		return w.acceptGaps(ctx, d, c)
	}
	leaks, err := w.leaksMeant(ctx, c)
	if err != nil {
		return err
	}
	if len(leaks) == 0 {
		if err := w.whileFiled(ctx, d, c); err != nil {
			return err
		}
		return w.finish(ctx, d, "ignored: about no leak")
	}
	_, p, found, err := w.Policies.OfLeak(ctx, leaks[0].ID) // all are in one repository
	if err != nil {
		return err
	}
	if !found {
		return w.finish(ctx, d, "ignored: the repository is gone")
	}
	given, err := w.entitled(ctx, leaks, p, respond.Command{
		Kind: c.Kind, Reason: w.Scanner.RedactString(ctx, c.Reason), By: c.By, Role: respond.RoleNone, ID: cmp.Or(c.ID, bodyID(d)),
		At: d.Received, Button: c.Head != "", Bot: c.Bot,
	})
	if err != nil {
		return err
	}
	note := fmt.Sprintf("applied %s to %d leaks", c.Kind, len(leaks))
	return w.finishWith(ctx, d, note, func(ctx context.Context, tx Tx) error {
		return w.applyOnce(ctx, tx, c.Repository, leaks, p, given, d.GUID)
	})
}

// applyOnce applies a command to leaks, unless it was applied before: a delivery's GUID is not signed, and somebody who recorded one could
// send it again under another.
func (w *Worker) applyOnce(ctx context.Context, tx Tx, repository int64, leaks []respond.Leak, p respond.Policy, given respond.Command, owner string) error {
	once, err := tx.BeginOnce(ctx, fmt.Sprintf("command:%d:%s", repository, given.ID), ledger.Lease{Owner: owner})
	if err != nil || !once.Finished.IsZero() {
		return err
	}
	for _, leak := range leaks {
		var decided respond.Decision
		err := w.Recorder.Decide(ctx, tx, leak.ID, p, func(f respond.LeakFacts) respond.Decision {
			decided = respond.Apply(f, given)
			return decided
		})
		if done, tell := record.Commanded(leak.Repository, leak.ID, given, decided); err == nil && tell {
			err = tx.RecordActivity(ctx, done)
		}
		if err != nil {
			return err
		}
		if given.Kind == respond.CommandStatus || given.Kind == respond.CommandRotated { // whoever asks wants to see what is done
			if err := tx.Enqueue(ctx, job.Texts{Leak: leak.ID, Now: true}, nil); err != nil {
				return err
			}
			if leak.IssueNumber != 0 { // with the secrets that were updated since
				if err := tx.Enqueue(ctx, job.Issue{Leak: leak.ID, Refresh: true}, nil); err != nil {
					return err
				}
			}
		}
	}
	return tx.FinishAction(ctx, once, owner)
}

// A command may come before the issue that it is about is on record: GitHub's answer was lost, or the process ended in the
// middle, or the database was restored from a backup and learns of the leak again. filingPause is how long it waits at a time, and
// maxFiling how long in all; what is recovered was sent before as much as GitHub keeps.
const (
	filingPause  = 2 * time.Second
	maxFiling    = time.Hour
	maxRecovered = 8 * 24 * time.Hour
)

// whileFiled returns an [*outcome.WaitError] where the command's issue is one of ours that is not on record yet.
func (w *Worker) whileFiled(ctx context.Context, d ledger.Delivery, c command) error {
	most := maxFiling
	if d.Recovered {
		most = maxRecovered
	}
	if c.Filed == (leakID{}) || w.Now().Sub(d.Received) > most {
		return nil
	}
	filing, err := w.Publish.Filing(ctx, c.Filed.Repository, c.Filed.Fingerprint)
	if err == nil && !filing && d.Recovered {
		err = w.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
			filing, err = tx.PushWaits(ctx, c.Filed.Repository, d.Received)
			return err
		})
	}
	if err != nil || !filing {
		return err
	}
	return &outcome.WaitError{Until: w.Now().Add(filingPause), Reason: "the issue that the command is about is not recorded yet"}
}

// bodyID distinguishes what a person did from the same done at another time: the event says when it was.
func bodyID(d ledger.Delivery) string {
	sum := sha256.Sum256(d.Body)
	return "body:" + hex.EncodeToString(sum[:16])
}

// maxAdmitted is how many leaks one command admits.
const maxAdmitted = 1000

// leaksMeant lists the leaks that a command is about.
func (w *Worker) leaksMeant(ctx context.Context, c command) (leaks []respond.Leak, err error) {
	err = w.Store.View(ctx, func(ctx context.Context, tx Tx) error {
		leaks = nil
		if c.Issue != 0 {
			leak, err := tx.LeakByIssue(ctx, c.Repository, c.Issue)
			if errors.Is(err, ledger.ErrNotFound) {
				return nil
			}
			leaks = append(leaks, leak)
			return err
		}
		if c.Pull != 0 {
			leaks, err = tx.OutsideLeaks(ctx, c.Repository, c.Pull, maxAdmitted)
			slices.SortFunc(leaks, respond.ComparePriority) // should there be more than issues may be filed
			return err
		}
		sightings, err := tx.HeadSightings(ctx, c.Repository, c.Head)
		known := map[int64]bool{}
		for _, s := range sightings {
			if !known[s.Leak.ID] && s.Leak.State == respond.Open {
				known[s.Leak.ID] = true
				leaks = append(leaks, s.Leak)
			}
		}
		return err
	})
	return leaks, err
}

// issueDeleted forgets a deleted issue. An open leak gets another one: it is not dealt with by deleting its issue.
func (w *Worker) issueDeleted(ctx context.Context, repositoryID int64, number int) error {
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		leak, err := tx.LeakByIssue(ctx, repositoryID, number)
		if errors.Is(err, ledger.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return record.ForgetIssue(ctx, tx, leak)
	})
}

// publicPart is how many leaks one transaction of publicized is about.
const publicPart = 100

// publicized brings the texts about its open leaks up to date: strangers can read them, and the keys, from now on.
func (w *Worker) publicized(ctx context.Context, repositoryID int64) error {
	for last, next := int64(0), int64(0); ; last = next {
		err := w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
			leaks, err := tx.OpenAfter(ctx, repositoryID, last, publicPart)
			if err != nil {
				return err
			}
			for _, leak := range leaks {
				if err := errors.Join(tx.Enqueue(ctx, job.Issue{Leak: leak.ID}, nil), record.EnqueueChecks(ctx, tx, leak)); err != nil {
					return err
				}
			}
			if len(leaks) > 0 {
				next = leaks[len(leaks)-1].ID
			}
			return nil
		})
		if err != nil || next == last {
			return err
		}
	}
}
