package queue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// TestTextsDue: a repository's texts are read after its history of git, again after it was read again, on from where they were left, and again when
// it comes back; but not those of which a job is queued, nor what was given up a moment ago.
func TestTextsDue(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		const read, unread, givenUp, elsewhere, queued = 1, 2, 3, 4, 5
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			for id := int64(read); id <= queued; id++ {
				r := respond.Repository{ID: id, Installation: 7, Owner: "acme", Name: "r"}
				switch id {
				case read, queued:
					r.Backfilled = clock.Now()
				case elsewhere:
					r.Installation, r.Backfilled = 8, clock.Now()
				}
				if err := tx.UpsertRepository(ctx, r); err != nil {
					return err
				}
			}
			if _, err := tx.StartBackfill(ctx, givenUp); err != nil {
				return err
			}
			return tx.GiveUpBackfill(ctx, givenUp, "too large", false)
		})
		enqueue(t, s, job.TextHistory{Installation: 7, Repository: queued})
		due := func(when string, want ...int64) {
			t.Helper()
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				n, err := tx.TextsQueued(ctx, 7)
				equal(t, "queued", n, 1)
				if err != nil {
					return err
				}
				ids, err := tx.TextsDue(ctx, 7, 10)
				equal(t, when, ids, want)
				return err
			})
		}
		var h ledger.TextHistory
		change := func(do func(ctx context.Context, tx *ledger.Tx) error) {
			t.Helper()
			clock.Time = clock.Time.Add(time.Minute)
			update(t, s, do)
		}
		save := func(pending []string, givenUp bool) {
			t.Helper()
			change(func(ctx context.Context, tx *ledger.Tx) (err error) {
				if h, err = tx.StartTexts(ctx, read); err != nil {
					return err
				}
				h.Pending, h.GivenUp = pending, givenUp
				return tx.SaveTexts(ctx, h)
			})
		}
		due("at first", read, givenUp)
		save([]string{"reviews", "releases"}, false)
		due("while it is read", read, givenUp)
		save([]string{"releases"}, true)
		due("given up", givenUp)
		clock.Time = clock.Time.Add(25 * time.Hour)
		due("a day later", read, givenUp)
		h.Skipped = nil
		save(nil, false)
		due("read", givenUp)
		change(func(ctx context.Context, tx *ledger.Tx) error {
			return tx.UpsertRepository(ctx, respond.Repository{ID: read, Installation: 7, Owner: "acme", Name: "r", Backfilled: tx.Now()})
		})
		due("after the history of git was read again", read, givenUp)
		save(nil, false)
		before := h
		change(func(ctx context.Context, tx *ledger.Tx) error { return tx.RestartTexts(ctx, read) })
		due("made public", read, givenUp)
		if err := s.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error { return tx.SaveTexts(ctx, before) }); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("a reading that was begun before is saved: %v", err)
		}
		save(nil, false)
		change(func(ctx context.Context, tx *ledger.Tx) error { return tx.RemoveUnreachable(ctx, read, 7) })
		due("taken out", givenUp)
		change(func(ctx context.Context, tx *ledger.Tx) error {
			return tx.UpsertRepository(ctx, respond.Repository{ID: read, Installation: 7, Owner: "acme", Name: "r"})
		})
		due("back", read, givenUp)
		change(func(ctx context.Context, tx *ledger.Tx) (err error) {
			if h, err = tx.StartTexts(ctx, read); err != nil {
				return err
			}
			h.Pending, h.Skipped = nil, []string{"issues: turned off in the repository", "discussions: needs Discussions: read"}
			return errors.Join(tx.SaveTexts(ctx, h), tx.ReopenTexts(ctx, 8))
		})
		due("skipped", givenUp)
		change(func(ctx context.Context, tx *ledger.Tx) error { return tx.ReopenTexts(ctx, 7) })
		due("permitted", read, givenUp)
		change(func(ctx context.Context, tx *ledger.Tx) (err error) {
			h, err = tx.StartTexts(ctx, read)
			equal(t, "pending", h.Pending, []string{"issues", "discussions"})
			equal(t, "skipped", len(h.Skipped), 0)
			return err
		})
	})
}

// TestTheHourOfTexts: what was spent counts for an hour from the first request on.
func TestTheHourOfTexts(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		spend := func(requests, points int) (b ledger.TextBudget) {
			t.Helper()
			update(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
				if err := tx.SpendTexts(ctx, 7, requests, points); err != nil {
					return err
				}
				b, err = tx.TextBudget(ctx, 7)
				return err
			})
			return b
		}
		began := clock.Now()
		equal(t, "first", spend(3, 1), ledger.TextBudget{Began: began, Requests: 3, Points: 1})
		clock.Time = clock.Time.Add(59 * time.Minute)
		equal(t, "within the hour", spend(2, 5), ledger.TextBudget{Began: began, Requests: 5, Points: 6})
		clock.Time = clock.Time.Add(time.Minute)
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			b, err := tx.TextBudget(ctx, 7)
			equal(t, "an hour later", b, ledger.TextBudget{})
			return err
		})
		equal(t, "the next hour", spend(1, 0), ledger.TextBudget{Began: clock.Now(), Requests: 1})
	})
}
