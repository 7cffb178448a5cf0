package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/text"
)

// maskTx is what masking keys in texts is about.
type maskTx interface {
	InText(ctx context.Context, repository int64, nodeID string, limit int) ([]respond.Sighting, error)
	Masked(ctx context.Context, leak int64) (int, error)
	SaveText(ctx context.Context, sighting int64, former bool, gone time.Time) (news bool, err error)
	SaveMask(ctx context.Context, sighting int64, at time.Time, why respond.Kept) (news bool, err error)
}

// Mask takes keys out of a text on GitHub, where the policy says so. Each key is masked once in each text, whatever happens to it later.
func (w *Worker) Mask(ctx context.Context, j *river.Job[job.Mask]) error {
	repository, found, err := w.Recorder.Repository(ctx, j.Args.Repository)
	if err != nil || !found {
		return err
	}
	p, err := w.Policies.Of(ctx, repository)
	if err != nil || !p.Masks() {
		return err
	}
	effect := &maskEffect{w: w, in: repository, node: j.Args.NodeID, policy: p}
	err = w.runner().Do(ctx, "mask:"+j.Args.Key(), outcome.Owner(j.JobRow), effect)
	if errors.Is(err, ledger.ErrNotFound) { // forgotten since
		return nil
	}
	if err != nil {
		return fmt.Errorf("masking a text of repository %d: %w", repository.ID, err)
	}
	return nil
}

const (
	// maxInText is how many leaks are looked for in one text.
	maxInText = 200
	// maskTries is how often a text is read again that was edited meanwhile.
	maskTries = 3
	// issueWait is for how long a text waits for the issue that it is to name, issuePause at a time.
	issueWait, issuePause = time.Minute, time.Second
)

// maskEffect is a text whose keys are masked; see [Effect]. What it said before is lost to nobody: GitHub keeps it.
type maskEffect struct {
	w      *Worker
	in     respond.Repository
	node   string
	policy respond.Policy

	sightings []respond.Sighting // to be masked
	over      []respond.Sighting // of leaks that were masked in enough texts
	leaks     map[string]respond.Leak
	hidden    bool
	issue     int // of the first leak, where the text may name it

	base, next string // the text as it was read, and as it is to be
	owed       string // what somebody made of the text that our edit has overwritten
	why        respond.Kept
	masked     bool
}

func (e *maskEffect) Facts(ctx context.Context, tx Tx, _ ledger.Action) error {
	list, err := tx.InText(ctx, e.in.ID, e.node, maxInText)
	if err != nil {
		return err
	}
	e.sightings, e.over, e.leaks, e.issue = nil, nil, map[string]respond.Leak{}, 0
	for _, s := range list {
		leak, err := tx.Leak(ctx, s.Leak)
		if err != nil {
			return err
		}
		if !respond.MaskNow(leak, s) {
			continue
		}
		switch n, err := tx.Masked(ctx, leak.ID); {
		case err != nil:
			return err
		case n >= respond.MaxMasked:
			e.over = append(e.over, s)
			continue
		}
		if err := e.awaitIssue(ctx, tx, leak); err != nil {
			return err
		}
		if e.issue == 0 && leak.IssueRepository == e.in.ID {
			e.issue = leak.IssueNumber
		}
		e.sightings, e.leaks[leak.Fingerprint] = append(e.sightings, s), leak
	}
	if len(e.sightings)+len(e.over) == 0 {
		return ErrNotNeeded
	}
	e.hidden = respond.Hidden(e.in.Private, respond.Open, e.policy)
	return nil
}

// awaitIssue waits for an issue that is being filed, so that the text can name it.
func (e *maskEffect) awaitIssue(ctx context.Context, tx Tx, leak respond.Leak) error {
	if leak.IssueNumber != 0 || !e.policy.FilesIssues() || tx.Now().Sub(leak.Detected) > issueWait {
		return nil
	}
	filing, err := tx.IssueRequested(ctx, leak.ID)
	if err != nil || !filing {
		return err
	}
	return &outcome.WaitError{Until: tx.Now().Add(issuePause), Reason: "the issue that the text is to name is not filed yet"}
}

// Plan reads the text: whatever an interrupted run made of it stands there, and in its history.
func (e *maskEffect) Plan(ctx context.Context, interrupted bool) (bool, error) {
	if len(e.sightings) == 0 {
		return false, nil
	}
	h, err := e.read(ctx)
	if err != nil {
		return false, err
	}
	if e.next == "" && e.why == "" && interrupted {
		slug, err := e.w.GitHub.Slug(ctx)
		if err != nil {
			return false, err
		}
		ours := func(v github.Edit) bool { return strings.TrimSuffix(v.Editor, "[bot]") == slug }
		if e.masked = slices.ContainsFunc(h.Edits, ours); e.masked && ours(h.Edits[0]) {
			e.owed = e.overwritten(ctx, h)
		}
	}
	return e.next+e.owed != "", nil
}

func (*maskEffect) Find(context.Context) error { return nil }

// read reads the text as it is now, and decides what it is to be: next is "" where it is to stay, and why says for what reason a key stays in it.
func (e *maskEffect) read(ctx context.Context) (github.History, error) {
	h, err := e.w.GitHub.Repository(record.Target(e.in), github.TextsAccess).Edits(ctx, e.node)
	if errors.Is(err, github.ErrForbidden) || errors.Is(err, github.ErrNotFound) {
		h, err = github.History{}, nil
	}
	e.base = h.Body // "" for a text that is gone
	masked, places, exact := e.mask(ctx, h.Body)
	switch e.next, e.why = "", ""; {
	case !exact:
		e.why = respond.KeptInexact
	case places > 0:
		e.next = masked + e.note(masked)
	}
	return h, err
}

func (e *maskEffect) mask(ctx context.Context, body string) (masked string, places int, exact bool) {
	return e.w.Scanner.Mask(ctx, body, func(f detect.Finding) string {
		if _, ours := e.leaks[f.Secret.Fingerprint()]; !ours {
			return ""
		}
		return text.Masked(f.Secret.Redacted(), e.hidden)
	})
}

func (e *maskEffect) note(masked string) string {
	if e.hidden { // strangers would search for it
		return ""
	}
	return text.MaskNote(masked, e.issue)
}

// errEdited means that somebody edited the text right before it was to be edited.
var errEdited = errors.New("publish: the text was edited meanwhile")

// Send edits the text. GitHub knows no conditions: the text is read once more right before the request, and afterwards its history, by which
// an edit shows that came between the two all the same.
func (e *maskEffect) Send(ctx context.Context, before func(context.Context) error) error {
	for try := 0; e.next != ""; try++ {
		if try == maskTries {
			e.why = respond.KeptEdited
			return nil
		}
		was, to := e.base, e.next
		err := e.edit(ctx, to, func(ctx context.Context) error {
			if _, err := e.read(ctx); err != nil {
				return err
			}
			if e.base != was {
				return errEdited
			}
			return before(ctx)
		})
		if errors.Is(err, errEdited) {
			continue
		}
		if err != nil {
			return e.refused(err)
		}
		e.masked = true
		h, err := e.w.GitHub.Repository(record.Target(e.in), github.TextsAccess).Edits(ctx, e.node)
		if err != nil {
			return err
		}
		if len(h.Edits) > 0 && h.Edits[0].Text == to {
			e.owed = e.overwritten(ctx, h)
		}
		break
	}
	if e.owed == "" {
		return nil
	}
	return e.refused(e.edit(ctx, e.owed, before))
}

// overwritten looks whether our edit, the newest one, undid another that came right before it, and returns what that made of the text, without the
// keys; "" where it undid none.
func (e *maskEffect) overwritten(ctx context.Context, h github.History) string {
	if len(h.Edits) < 2 || h.Edits[1].Deleted() {
		return ""
	}
	theirs, _, exact := e.mask(ctx, h.Edits[1].Text)
	added, same := strings.CutPrefix(h.Edits[0].Text, theirs)
	if !exact || same && text.IsMaskNote(added) {
		return ""
	}
	if theirs == h.Edits[1].Text { // they took the key out themselves
		return theirs
	}
	return theirs + e.note(theirs)
}

// edit gives the text another body.
func (e *maskEffect) edit(ctx context.Context, body string, before func(context.Context) error) error {
	s := e.sightings[0]
	client := e.w.GitHub.Repository(record.Target(e.in), editAccess(s)).BeforeWrite(before)
	if s.Source == respond.InIssueComment {
		return client.EditIssueComment(ctx, s.Text.ID, body)
	}
	return client.EditIssueBody(ctx, s.Text.Number, body)
}

// editAccess is what editing a text takes, or deleting it. Of what stands on a pull request's page GitHub's documentation names Issues and Pull
// requests, and not which of them counts: the token has both.
func editAccess(s respond.Sighting) github.Access {
	switch {
	case s.Source == respond.InDiscussionComment:
		return github.DiscussionsWriteAccess
	case s.OnPull():
		return github.PullsWriteAccess
	}
	return github.RespondAccess
}

// refused keeps why the text was not edited.
func (e *maskEffect) refused(err error) error {
	e.why, err = e.w.keptBy(err)
	if e.why == respond.KeptMoved { // gone, which is looked at elsewhere
		e.why = ""
	}
	return err
}

func (e *maskEffect) Save(ctx context.Context, tx Tx) (string, error) {
	result, at := "nothing to mask", time.Time{}
	if e.masked {
		result, at, e.why = "masked", tx.Now(), ""
	} else if e.why != "" {
		result = string(e.why)
	}
	for _, s := range e.over {
		if err := e.save(ctx, tx, s, time.Time{}, respond.KeptLimit); err != nil {
			return "", err
		}
	}
	if !e.masked && e.why == "" {
		return result, nil
	}
	for _, s := range e.sightings {
		if err := e.save(ctx, tx, s, at, e.why); err != nil {
			return "", err
		}
	}
	return result, nil
}

func (e *maskEffect) save(ctx context.Context, tx Tx, s respond.Sighting, at time.Time, why respond.Kept) error {
	news, err := tx.SaveMask(ctx, s.ID, at, why)
	if err != nil || !news {
		return err
	}
	leak, err := tx.Leak(ctx, s.Leak)
	if err != nil {
		return err
	}
	if leak.IssueNumber != 0 {
		if err := tx.Enqueue(ctx, job.Issue{Leak: leak.ID, Refresh: true}, nil); err != nil {
			return err
		}
	}
	if !e.masked {
		return nil
	}
	if err := record.EnqueueChecks(ctx, tx, leak); err != nil {
		return err
	}
	return tx.RecordActivity(ctx, ledger.Activity{
		By: respond.Self, Kind: ledger.ActivityEffect, What: "mask", Repository: leak.Repository, Leak: leak.ID,
	})
}
