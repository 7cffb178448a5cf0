package work

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/text"
)

// word is something that a person said about leaks: on a leak's issue, or by a button of a check run.
type word struct {
	Repository int64  // where it was said
	Issue      int    // on this issue, or
	Pull       int    // on this pull request, about what it brought from outside, or
	Head       string // about all open leaks of this commit's check run
	Said       respond.CommandKind
	Reason     string
	By         string
	ID         string // "" where only the delivery tells it apart
	Bot        bool   // another App did it
}

// wordOf finds out whether an event is a person's word. It is pure. Our own words are none, nor those of other bots, but that
// what they close is heard of, as it is undone.
func wordOf(event webhook.Event, appID int64) (word, bool) {
	switch e := event.(type) {
	case *webhook.IssueComment:
		if e.Action != "created" || e.AppID != 0 || !respond.IsPerson(e.Author.Login, e.Author.Type) {
			return word{}, false
		}
		said, reason, found := text.ParseCommand(e.Body)
		about := word{
			Repository: e.Repository.ID, Issue: e.Issue.Number, Said: said, Reason: reason, By: e.Author.Login,
			ID: fmt.Sprintf("comment:%d", e.CommentID),
		}
		if e.Issue.PullRequest {
			about.Issue, about.Pull = 0, e.Issue.Number
			found = found && said == respond.CommandTriage
		}
		return about, found
	case *webhook.Issues:
		said, ok := map[string]respond.CommandKind{"closed": respond.CommandClosed, "reopened": respond.CommandReopened}[e.Action]
		bot := !respond.IsPerson(e.Sender.Login, e.Sender.Type)
		if !ok || e.Issue.PullRequest || bot && (said != respond.CommandClosed || e.Sender.Login == "") {
			return word{}, false
		}
		return word{Repository: e.Repository.ID, Issue: e.Issue.Number, Said: said, By: e.Sender.Login, Bot: bot}, true
	case *webhook.CheckRun:
		said, ok := respond.ButtonCommand(e.RequestedAction)
		if e.Action != "requested_action" || e.AppID != appID || !ok || !respond.IsPerson(e.Sender.Login, e.Sender.Type) {
			return word{}, false
		}
		return word{Repository: e.Repository.ID, Head: e.HeadSHA, Said: said, By: e.Sender.Login}, true
	}
	return word{}, false
}

// hear does what a person's word asks for, for each leak that it is about, and finishes its delivery with it: a word is
// heard once.
func (w *Worker) hear(ctx context.Context, d ledger.Delivery, said word) error {
	if said.Said == respond.CommandAccept {
		return w.acceptGaps(ctx, d, said)
	}
	leaks, err := w.meant(ctx, said)
	if err != nil {
		return err
	}
	if len(leaks) == 0 {
		return w.finish(ctx, d, "ignored: about no leak")
	}
	_, p, found, err := w.policies.OfLeak(ctx, leaks[0].ID) // all are in one repository
	if err != nil {
		return err
	}
	if !found {
		return w.finish(ctx, d, "ignored: the repository is gone")
	}
	role := respond.RoleNone
	if !said.Bot {
		if role, err = w.policies.Role(ctx, leaks[0].Repository, said.By); err != nil {
			return err
		}
	}
	heard := respond.Command{
		Kind: said.Said, Reason: w.Scanner.RedactString(ctx, said.Reason), By: said.By, Role: role, ID: cmp.Or(said.ID, bodyID(d)),
		At: d.Received, Button: said.Head != "", Bot: said.Bot,
	}
	note := fmt.Sprintf("heard %s about %d leaks", said.Said, len(leaks))
	return w.finishWith(ctx, d, note, func(ctx context.Context, tx *ledger.Tx) error {
		// A delivery's GUID is not signed: somebody who recorded one could send it again under another.
		key := fmt.Sprintf("word:%d:%s", said.Repository, heard.ID)
		once, err := tx.BeginOnce(ctx, key, ledger.Lease{Owner: d.GUID})
		if err != nil || !once.Finished.IsZero() {
			return err
		}
		for _, leak := range leaks {
			if err := w.hearAbout(ctx, tx, leak.ID, heard, p); err != nil {
				return err
			}
		}
		return tx.FinishAction(ctx, once, d.GUID)
	})
}

// bodyID tells what a person did apart from the same done at another time: the event says when it was.
func bodyID(d ledger.Delivery) string {
	sum := sha256.Sum256(d.Body)
	return "body:" + hex.EncodeToString(sum[:16])
}

func (w *Worker) hearAbout(ctx context.Context, tx *ledger.Tx, id int64, heard respond.Command, p respond.Policy) error {
	leak, err := tx.Leak(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil // uninstalled since
	}
	if err != nil {
		return err
	}
	facts, err := w.recorder.LeakFacts(ctx, tx, leak, p)
	if err != nil {
		return err
	}
	return w.recorder.Apply(ctx, tx, respond.Apply(facts, heard), p)
}

// maxAdmitted is how many leaks one word admits.
const maxAdmitted = 1000

// meant lists the leaks that a word is about.
func (w *Worker) meant(ctx context.Context, said word) (leaks []respond.Leak, err error) {
	err = w.Store.View(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		leaks = nil
		if said.Issue != 0 {
			leak, err := tx.LeakByIssue(ctx, said.Repository, said.Issue)
			if errors.Is(err, ledger.ErrNotFound) {
				return nil
			}
			leaks = append(leaks, leak)
			return err
		}
		if said.Pull != 0 {
			leaks, err = tx.OutsideLeaks(ctx, said.Repository, said.Pull, maxAdmitted)
			slices.SortFunc(leaks, respond.ComparePriority) // should there be more than issues may be filed
			return err
		}
		sightings, err := tx.HeadSightings(ctx, said.Repository, said.Head)
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
	return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
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
		err := w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
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
