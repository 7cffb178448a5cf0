package read

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/observe"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
)

// FoundText is a leak in a text on GitHub.
type FoundText struct {
	Leak     respond.Leak
	Sighting respond.Sighting
	// InRepository is the leak in a repository that uses Clerk; nil: there it is the same.
	InRepository *respond.Leak
	Deleted      bool // the text was deleted
	// Since is when the key was written there first, if that is known and was before the sighting's time.
	Since time.Time `json:"Since,omitzero"`
}

// RecordTexts writes what was found in texts, and what was decided about it, in one transaction. The task has the repository, and the head
// of a pull request whose texts they are. Nothing found is nothing to write.
func (r *Reader) RecordTexts(ctx context.Context, t *Task, found []FoundText) (err error) {
	if len(found) == 0 {
		return nil
	}
	ctx, span := observe.Start(ctx, "record")
	defer func() { span.End(err) }()
	uses := false
	err = r.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		uses, err = tx.UsesClerk(ctx, t.Repository.ID)
		return err
	})
	if err != nil {
		return err
	}
	observations := make([]respond.Observation, len(found))
	for i, f := range found {
		leak := f.Leak
		if uses && f.InRepository != nil {
			leak = *f.InRepository
		}
		leak.Repository, leak.Introduced, leak.Pusher = t.Repository.ID, f.Sighting.Authored, f.Sighting.AuthorName
		if !f.Since.IsZero() && f.Since.Before(leak.Introduced) {
			leak.Introduced = f.Since
		}
		if f.Deleted {
			f.Sighting.Text.Gone = t.Received
		}
		observations[i] = respond.Observation{Leak: leak, Sighting: f.Sighting, AtHead: !f.Sighting.Text.Former && !f.Deleted}
	}
	scan := scanOf(t, pack.Report{})
	scan.Finished = r.Now()
	return r.recordScan(ctx, t, scan, observations, nil)
}

// firstLook is when a text is looked at first, to see whether it is gone.
const firstLook = 10 * time.Minute

// watchTexts has a leak's texts looked at, and its issue brought up to date: a text may have been edited or deleted, and be no new place.
func (r *Reader) watchTexts(ctx context.Context, tx Tx, leak respond.Leak) error {
	if err := tx.Enqueue(ctx, job.Texts{Leak: leak.ID}, &river.InsertOpts{ScheduledAt: tx.Now().Add(firstLook)}); err != nil {
		return err
	}
	if leak.IssueNumber == 0 {
		return nil
	}
	return tx.Enqueue(ctx, job.Issue{Leak: leak.ID, Refresh: true}, nil)
}

// maskTexts has the texts edited that hold a key now, where the policy says so.
func maskTexts(ctx context.Context, tx Tx, repository int64, p respond.Policy, observations []respond.Observation) error {
	if !p.Masks() {
		return nil
	}
	for _, o := range observations {
		if !o.Sighting.Maskable() || !o.AtHead {
			continue
		}
		if err := tx.Enqueue(ctx, job.Mask{Repository: repository, NodeID: o.Sighting.Text.NodeID}, nil); err != nil {
			return err
		}
	}
	return nil
}
