package texts

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/policies"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Tx is what the package needs of the ledger.
type Tx interface {
	record.Tx
	TextsOf(ctx context.Context, leak int64, limit int) ([]respond.Sighting, error)
	SaveText(ctx context.Context, sighting int64, former bool, gone time.Time) (news bool, err error)
	LeaksIn(ctx context.Context, repository int64, source respond.Source, id int64, limit int) ([]int64, error)
	LastRead(ctx context.Context, repository int64, kind respond.Source, id int64) (version string, err error)
	RecordReading(ctx context.Context, r ledger.Reading) error
}

var _ Tx = (*ledger.Tx)(nil)

// Watcher looks whether texts that hold a key are still there. GitHub sends no event when a version is deleted from a text's history, so it is
// asked now and then. It is safe for concurrent use.
type Watcher struct {
	Store    ledger.Scoped[Tx]
	GitHub   *github.App
	Scanner  *detect.Scanner
	Files    Files
	Policies *policies.Policies
	Recorder *record.Recorder
	Now      func() time.Time
	Log      *slog.Logger
}

// maxWatched is how many texts of a leak are looked at, one request each.
const maxWatched = 50

// Texts looks at the texts of a leak, and comes again while there are some.
func (w *Watcher) Texts(ctx context.Context, j *river.Job[job.Texts]) error {
	var leak respond.Leak
	var list []respond.Sighting
	err := w.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		if leak, err = tx.Leak(ctx, j.Args.Leak); err != nil {
			return err
		}
		list, err = tx.TextsOf(ctx, leak.ID, maxWatched)
		return err
	})
	if errors.Is(err, ledger.ErrNotFound) {
		return nil // forgotten since
	}
	if err != nil || len(list) == 0 {
		return err
	}
	repository, there, err := w.Recorder.Repository(ctx, leak.Repository)
	if err != nil || !there {
		return err
	}
	states, err := w.states(ctx, repository, leak, list)
	if err != nil {
		return err
	}
	return w.save(ctx, j.Args, leak, list, states)
}

// states looks at texts, and says what became of those of which it can be known.
func (w *Watcher) states(ctx context.Context, in respond.Repository, leak respond.Leak, list []respond.Sighting) (map[int64]state, error) {
	looked := looks{w: w, in: in, fingerprint: leak.Fingerprint, list: list, runs: map[int64]bool{}}
	states := map[int64]state{}
	for _, s := range list {
		is, known, err := looked.at(ctx, s)
		if unanswered(err, w.Now()) {
			w.Log.DebugContext(ctx, "a text can't be looked at", "repository", in.FullName(), "text", s.Text.URL, "reason", err)
			continue
		}
		if err != nil {
			return nil, err
		}
		if known {
			states[s.ID] = is
		}
	}
	return states, nil
}

// unanswered reports whether what becomes of a text can't be found out, now or at the next try: it is out of reach, or too large to be read.
// The other texts are looked at all the same, and all of them at the next look.
func unanswered(err error, now time.Time) bool {
	return errors.Is(err, github.ErrForbidden) || errors.Is(err, github.ErrNotFound) || read.Unreadable(err) ||
		err != nil && github.Classify(err, now).Do == github.GiveUp
}

// history reads a text; known is false where GitHub has no history for such texts.
func (w *Watcher) history(ctx context.Context, in respond.Repository, s respond.Sighting) (h github.History, known bool, err error) {
	if s.Text.NodeID == "" {
		return h, false, nil
	}
	h, err = w.GitHub.Repository(record.Target(in), AccessOf(s)).Edits(ctx, s.Text.NodeID)
	switch {
	case err != nil || h.Exists:
		return h, err == nil, err
	case s.Source == respond.InDiscussion || s.Source == respond.InDiscussionComment:
		// It may have been transferred, or discussions turned off. That it was deleted, an event tells.
		return h, false, nil
	case s.Source != respond.InIssue && s.Source != respond.InIssueComment || s.Text.Number == 0:
		return h, true, nil
	}
	// An issue that was transferred took its texts along: they are not gone.
	deleted, err := w.GitHub.Repository(record.Target(in), github.TextsAccess).Deleted(ctx, s.Text.Number, s.Source == respond.InIssueComment)
	return h, deleted, err
}

// AccessOf is what reading a text takes.
func AccessOf(s respond.Sighting) github.Access {
	switch s.Source {
	case respond.InDiscussion, respond.InDiscussionComment:
		return github.DiscussionsAccess
	case respond.InWiki:
		return github.ScanAccess
	case respond.InLog:
		return github.ActionsAccess
	}
	return github.TextsAccess
}

func (w *Watcher) holds(ctx context.Context, text, fingerprint string) bool {
	for _, f := range w.Scanner.Scan(ctx, "", []byte(text)) {
		if f.Secret.Fingerprint() == fingerprint {
			return true
		}
	}
	return false
}

// state is what became of a text.
type state struct{ former, gone bool }

// stateOf says what became of a text by what GitHub shows of it now.
func stateOf(s respond.Sighting, h github.History, holds func(text string) bool) state {
	switch {
	case !h.Exists:
		return state{former: s.Text.Former, gone: true}
	case s.Text.Field == "diff_hunk":
		return state{}
	case s.Text.Field == "title":
		return stateOfTitle(s, h, holds)
	case holds(h.Body):
		return state{}
	}
	for _, e := range h.Edits {
		if !e.Deleted() && holds(e.Text) {
			return state{former: true}
		}
	}
	return state{former: true, gone: true}
}

// maxTitles is how many former titles GitHub is asked for: there may be more.
const maxTitles = 100

// stateOfTitle says what became of a title: those that were changed stand in the timeline of an issue or a pull request. Of discussions GitHub
// doesn't show them, so that nobody can tell whether they are kept.
func stateOfTitle(s respond.Sighting, h github.History, holds func(text string) bool) state {
	former := !holds(h.Title)
	shown := len(h.Titles) >= maxTitles || slices.ContainsFunc(h.Titles, func(t github.FormerTitle) bool { return holds(t.Text) })
	return state{former: former, gone: former && !shown && s.Source != respond.InDiscussion}
}

func (w *Watcher) save(ctx context.Context, looked job.Texts, leak respond.Leak, list []respond.Sighting, states map[int64]state) error {
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		changed, left := false, time.Time{}
		for _, s := range list {
			is, known := states[s.ID]
			var gone time.Time
			if is.gone {
				gone = tx.Now()
			}
			if known {
				news, err := tx.SaveText(ctx, s.ID, is.former, gone)
				if err != nil {
					return err
				}
				changed = changed || news
			}
			if known && is == (state{}) && respond.MaskNow(leak, s) && (looked.Now || s.Text.Kept == "") {
				if err := tx.Enqueue(ctx, job.Mask{Repository: leak.Repository, NodeID: s.Text.NodeID}, nil); err != nil {
					return err
				}
			}
			if !is.gone && s.Authored.After(left) { // one that is out of reach too: a permission may come back
				left = s.Authored
			}
		}
		if changed && leak.IssueNumber != 0 {
			if err := tx.Enqueue(ctx, job.Issue{Leak: leak.ID, Refresh: true}, nil); err != nil {
				return err
			}
		}
		pause, again := again(w.Now().Sub(latest(left, leak.Detected)))
		if left.IsZero() || !again || looked.Now {
			return nil
		}
		return tx.Enqueue(ctx, job.Texts{Leak: leak.ID}, &river.InsertOpts{ScheduledAt: w.Now().Add(pause)})
	})
}

// again is when a text is looked at next that was written so long ago; no after a quarter of a year: then people ask for it, by /rekey status.
func again(age time.Duration) (pause time.Duration, yes bool) {
	const day = 24 * time.Hour
	switch {
	case age < time.Hour:
		return 10 * time.Minute, true
	case age < 7*day:
		return time.Hour, true
	case age < 90*day:
		return day, true
	}
	return 0, false
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
