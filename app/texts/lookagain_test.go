package texts

import (
	"context"
	"log/slog"
	"testing"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// TestATextOutOfReachIsLookedAtAgain: a permission may come back, and nobody but the job itself would look then.
func TestATextOutOfReachIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	p := newPast(t, nil) // without Discussions: read
	var leak int64
	p.update(t, func(ctx context.Context, tx *ledger.Tx) error {
		s := respond.Sighting{Source: respond.InDiscussionComment, Authored: p.now(), Text: respond.Text{NodeID: "DC_1", URL: "https://github.test/d", Number: 1, Field: "body"}}
		recorded, err := tx.RecordScan(ctx, respond.Scan{Repository: p.repo.ID(), Head: "head", Trigger: respond.TriggerText}, []respond.Observation{{
			Leak: respond.Leak{Repository: p.repo.ID(), Fingerprint: "0123456789abcdef", Kind: detect.SecretKey}, Sighting: s, AtHead: true,
		}})
		if err == nil {
			leak = recorded.New[0].ID
		}
		return err
	})
	w := &Watcher{
		Store: ledger.Scope[Tx](p.store), GitHub: p.worker.GitHub, Scanner: p.worker.Scanner, Recorder: p.worker.Recorder, Now: p.now,
		Log: slog.New(slog.DiscardHandler),
	}
	if err := w.Texts(t.Context(), &river.Job[job.Texts]{JobRow: &job.Row{}, Args: job.Texts{Leak: leak}}); err != nil {
		t.Fatal(err)
	}
	if n := p.queued(job.Texts{}.Kind()); n != 1 {
		t.Errorf("%d looks are queued after one that found nothing out, want 1", n)
	}
}

// TestADiscussionThatIsNotFoundMayBeElsewhere: a transferred one took its texts along, and GitHub says the same of it as of a deleted one.
func TestADiscussionThatIsNotFoundMayBeElsewhere(t *testing.T) {
	t.Parallel()
	p := newPast(t, map[string]string{"discussions": "read"})
	w := &Watcher{GitHub: p.worker.GitHub}
	var in respond.Repository
	p.update(t, func(ctx context.Context, tx *ledger.Tx) (err error) {
		in, err = tx.Repository(ctx, p.repo.ID())
		return err
	})
	for source, known := range map[respond.Source]bool{respond.InDiscussion: false, respond.InDiscussionComment: false, respond.InReview: true} {
		s := respond.Sighting{Source: source, Text: respond.Text{NodeID: "D_1", Number: 1, Field: "body"}}
		if h, got, err := w.history(t.Context(), in, s); h.Exists || got != known || err != nil {
			t.Errorf("%s: %+v, known %v, %v; want known %v", source, h, got, err, known)
		}
	}
}
