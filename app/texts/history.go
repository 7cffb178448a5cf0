package texts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// HistoryTx is what reading the texts of before needs of the ledger.
type HistoryTx interface {
	Repository(ctx context.Context, id int64) (respond.Repository, error)
	StartTexts(ctx context.Context, repository int64) (ledger.TextHistory, error)
	SaveTexts(ctx context.Context, h ledger.TextHistory) error
	TextBudget(ctx context.Context, installation int64) (ledger.TextBudget, error)
	SpendTexts(ctx context.Context, installation int64, requests, points int) error
	TextsDue(ctx context.Context, installation int64, limit int) ([]int64, error)
	Enqueue(ctx context.Context, args job.Args, opts *job.Options) error
	EnqueueOnce(ctx context.Context, args job.Singleton, opts *job.Options) error
}

var _ HistoryTx = (*ledger.Tx)(nil)

// Hourly is what the reading of texts asks of GitHub for an installation in an hour: a fifth of the 5,000 requests of REST and of the 5,000 points of
// GraphQL that GitHub grants at least. So events, check runs and issues have theirs, also where several hours' worth of texts is read.
func Hourly() github.Spent { return github.Spent{Requests: 1000, Points: 1000} }

// turnFor is for how long one job reads before those behind it have their turn.
const turnFor = 20 * time.Second

// History reads the texts that repositories had before rekey came: page after page, with what was edited away. It is safe for concurrent use.
type History struct {
	Store    ledger.Scoped[HistoryTx]
	GitHub   *github.App
	Scanner  *detect.Scanner
	Reader   *read.Reader
	Recorder *record.Recorder
	Hourly   github.Spent // see [Hourly]
	Now      func() time.Time
	Log      *slog.Logger
}

// Read reads on in a repository's texts. A page is recorded before the next one is asked for, with where that is; so it doesn't matter when the
// process ends, and a page that is read again brings nothing new. After some time the rest is left to another job.
func (w *History) Read(ctx context.Context, j *river.Job[job.TextHistory]) error {
	repository, h, err := w.start(ctx, j.Args.Repository)
	if errors.Is(err, ledger.ErrNotFound) { // its installation is gone, or it was deleted
		return w.next(ctx, j.Args.Installation)
	}
	if err != nil {
		return err
	}
	if outcome.Crashed(j.JobRow) && len(h.Pending) > 0 { // what ends a process is not tried for ever
		return w.leaveOut(ctx, repository, h, "rekey was stopped each time it tried")
	}
	leave, err := w.Reader.Enter(j.JobRow)
	if err != nil {
		return err
	}
	defer leave()
	over, err := w.readOn(ctx, repository, &h)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return nil // another reading has begun, or the repository is gone
	case err != nil:
		return w.pause(ctx, j, repository, h, err)
	case !over:
		return w.again(ctx, repository)
	}
	w.Log.InfoContext(ctx, "texts read", "repository", w.Recorder.Named(repository.ID), "texts", h.Read.Sum(), "edited", h.Edited, "skipped", h.Skipped)
	return w.next(ctx, repository.Installation)
}

func (w *History) start(ctx context.Context, id int64) (r respond.Repository, h ledger.TextHistory, err error) {
	err = w.Store.Update(ctx, func(ctx context.Context, tx HistoryTx) error {
		if r, err = tx.Repository(ctx, id); err != nil {
			return err
		}
		h, err = tx.StartTexts(ctx, id)
		return err
	})
	return r, h, err
}

// readOn reads pages until all are read, or others are to have their turn.
func (w *History) readOn(ctx context.Context, repository respond.Repository, h *ledger.TextHistory) (over bool, err error) {
	h.Paused, h.Reason, h.GivenUp = time.Time{}, "", false
	for began := w.Now(); len(h.Pending) > 0; {
		if h.Cursor != "" && w.Now().Sub(began) >= turnFor {
			return false, nil
		}
		if err := w.wait(ctx, repository.Installation); err != nil {
			return false, err
		}
		next, err := w.page(ctx, repository, *h)
		if err != nil {
			return false, err
		}
		*h = next
	}
	return true, w.save(ctx, *h)
}

// wait returns an [*outcome.WaitError] while nothing is left for the installation's texts.
func (w *History) wait(ctx context.Context, installation int64) error {
	var spent ledger.TextBudget
	err := w.Store.View(ctx, func(ctx context.Context, tx HistoryTx) (err error) {
		spent, err = tx.TextBudget(ctx, installation)
		return err
	})
	if err != nil {
		return err
	}
	if spent.Requests >= w.Hourly.Requests || spent.Points >= w.Hourly.Points {
		return &outcome.WaitError{Until: spent.Ends(), Reason: "this hour's requests for texts are used up"}
	}
	for _, kind := range []github.Kind{github.Background, github.BackgroundQueries} {
		if at := w.GitHub.Open(installation, kind); at.After(w.Now()) {
			return &outcome.WaitError{Until: at, Reason: "what GitHub allows in this hour is kept for newer texts and code"}
		}
	}
	return nil
}

// page reads the page at the cursor and records it. It returns how far the reading is then.
func (w *History) page(ctx context.Context, repository respond.Repository, h ledger.TextHistory) (ledger.TextHistory, error) {
	ctx, spent := github.Counted(ctx)
	defer func() { w.charge(ctx, repository.Installation, spent()) }()
	list := github.TextList(h.Pending[0])
	page, edited, found, err := w.pageOf(ctx, w.GitHub.Repository(record.Target(repository), accessTo(list)), list, h.Cursor)
	if reason := unreadable(list, err); reason != "" {
		w.Log.DebugContext(ctx, "texts are left out", "repository", w.Recorder.Named(repository.ID), "list", list, "reason", reason)
		h = without(h, reason)
		return h, w.save(ctx, h)
	}
	if err != nil {
		return h, fmt.Errorf("reading the %s of %s: %w", list, repository.FullName(), err)
	}
	next := advance(h, page, edited)
	if len(found) == 0 {
		return next, w.save(ctx, next)
	}
	for i, f := range found {
		t := taskOf(repository, h, f)
		if i == len(found)-1 {
			t.Within = func(ctx context.Context, tx read.Tx) error { return tx.SaveTexts(ctx, next) }
		}
		if err := w.Reader.RecordTexts(ctx, t, f.found); err != nil {
			return h, fmt.Errorf("recording what texts of %s hold: %w", repository.FullName(), err)
		}
	}
	return next, nil
}

// advance is a reading after a page of its first pending list.
func advance(h ledger.TextHistory, page github.TextPage, edited int) ledger.TextHistory {
	h.Read.Add(h.Pending[0], len(page.Texts))
	h.Edited += edited
	h.Cursor, h.Remaining = page.Next, page.Left
	if page.Next == "" {
		h.Pending, h.Remaining = slices.Clone(h.Pending[1:]), -1
	}
	return h
}

// without is a reading that leaves its first pending list out.
func without(h ledger.TextHistory, reason string) ledger.TextHistory {
	h.Skipped = append(slices.Clone(h.Skipped), h.Pending[0]+": "+reason)
	h.Pending, h.Cursor, h.Remaining = slices.Clone(h.Pending[1:]), "", -1
	return h
}

// taskOf is the recording of what a text holds. It is about no commit, and each reading has its own. That a leak was closed after the text was
// written holds: somebody who closed it knew of the key.
func taskOf(repository respond.Repository, h ledger.TextHistory, f finding) *read.Task {
	t := &read.Task{
		Repository: record.Target(repository), Trigger: respond.TriggerText,
		Head: fmt.Sprintf("%stexts at %d: %s", record.HistoryOf, h.Started.Unix(), f.found[0].Sighting.Text.URL),
	}
	for _, one := range f.found {
		t.Received = latest(t.Received, one.Sighting.Authored)
	}
	if f.text.Kind == "PullRequest" {
		t.Pull, t.Fork, t.Author, t.Association = f.text.Number, f.text.Fork, f.text.Author, f.text.Association
	}
	return t
}

func accessTo(list github.TextList) github.Access {
	if list == github.Discussions {
		return github.DiscussionsAccess
	}
	return github.TextsAccess
}

// unreadable says why a list can't be read for as long as nobody changes something; "" where it can, or another error says more.
func unreadable(list github.TextList, err error) string {
	switch {
	case errors.Is(err, github.ErrIssuesDisabled), errors.Is(err, github.ErrGone):
		return "turned off in the repository"
	case !errors.Is(err, github.ErrForbidden), strings.Contains(github.Classify(err, time.Time{}).Reason, "IP allow list"):
		return ""
	}
	needs := map[github.TextList]string{
		github.Discussions: "Discussions", github.Reviews: "Pull requests", github.ReviewComments: "Pull requests",
		github.CommitComments: "Contents", github.Releases: "Contents",
	}
	name := needs[list]
	if name == "" {
		name = "Issues"
	}
	return "needs " + name + ": read"
}

// pause notes why a reading doesn't go on, and until when. What can't be read at all is left out, so that the rest is read; but where nothing of
// the repository is within reach, the reading is given up until the next day.
func (w *History) pause(ctx context.Context, j *river.Job[job.TextHistory], repository respond.Repository, h ledger.TextHistory, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), job.RespondTimeout) // the job's own time may be what ran out
	defer cancel()
	out := outcome.Of(err, w.Now(), outcome.AttemptOf(j.JobRow, w.Now()))
	h.Reason = w.Scanner.RedactString(ctx, out.Reason)
	switch {
	case out.Do == github.Snooze:
		h.Paused = w.Now().Add(out.After)
	case out.Do == github.GiveUp && !outOfReach(err):
		w.Log.WarnContext(ctx, "texts are left out: they can't be read", "repository", w.Recorder.Named(repository.ID), "list", h.Pending[0], "reason", h.Reason)
		return w.leaveOut(ctx, repository, h, "given up: "+h.Reason)
	case out.Do == github.GiveUp:
		h.GivenUp = true
	}
	noted := w.Store.Update(ctx, func(ctx context.Context, tx HistoryTx) error {
		if err := tx.SaveTexts(ctx, h); err != nil || !h.GivenUp {
			return err
		}
		return enqueueNext(ctx, tx, repository.Installation)
	})
	switch {
	case errors.Is(noted, ledger.ErrNotFound):
		return nil // forgotten meanwhile
	case noted != nil:
		w.Log.WarnContext(ctx, "could not record why texts can't be read", "repository", w.Recorder.Named(repository.ID), "error", noted)
	}
	return err
}

// outOfReach reports whether an error is about the whole repository.
func outOfReach(err error) bool {
	for _, of := range []error{github.ErrUninstalled, github.ErrOutOfReach, github.ErrSuspended, github.ErrUnauthorized, github.ErrNotFound, github.ErrForbidden} {
		if errors.Is(err, of) {
			return true
		}
	}
	return false
}

// leaveOut skips the first pending list, and has another job read the others.
func (w *History) leaveOut(ctx context.Context, repository respond.Repository, h ledger.TextHistory, reason string) error {
	h = without(h, reason)
	h.Paused, h.Reason = time.Time{}, ""
	err := w.save(ctx, h)
	if err == nil {
		err = w.again(ctx, repository)
	}
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	return err
}

func (w *History) save(ctx context.Context, h ledger.TextHistory) error {
	return w.Store.Update(ctx, func(ctx context.Context, tx HistoryTx) error { return tx.SaveTexts(ctx, h) })
}

// charge counts what was asked of GitHub. It does so after the job was told to stop, too.
func (w *History) charge(ctx context.Context, installation int64, spent github.Spent) {
	if spent == (github.Spent{}) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), job.RespondTimeout)
	defer cancel()
	err := w.Store.Update(ctx, func(ctx context.Context, tx HistoryTx) error {
		return tx.SpendTexts(ctx, installation, spent.Requests, spent.Points)
	})
	if err != nil {
		w.Log.WarnContext(ctx, "could not record what reading texts has asked of GitHub", "installation", installation, "error", err)
	}
}

// again queues another job for the rest.
func (w *History) again(ctx context.Context, r respond.Repository) error {
	return w.Store.Update(ctx, func(ctx context.Context, tx HistoryTx) error {
		return tx.Enqueue(ctx, job.TextHistory{Installation: r.Installation, Repository: r.ID}, nil)
	})
}

// next queues the next repository of an installation, after one that is over.
func (w *History) next(ctx context.Context, installation int64) error {
	return w.Store.Update(ctx, func(ctx context.Context, tx HistoryTx) error { return enqueueNext(ctx, tx, installation) })
}

func enqueueNext(ctx context.Context, tx HistoryTx, installation int64) error {
	due, err := tx.TextsDue(ctx, installation, 1)
	if err != nil {
		return err
	}
	for _, id := range due {
		if err := tx.EnqueueOnce(ctx, job.TextHistory{Installation: installation, Repository: id}, nil); err != nil {
			return err
		}
	}
	return nil
}
