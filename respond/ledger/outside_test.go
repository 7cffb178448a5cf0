package ledger_test

import (
	"context"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

func outsideScan(head string) respond.Scan {
	scan := scanOf(head, "pull_request")
	scan.Outside, scan.PullNumber = true, 5
	return scan
}

func TestLeaksFromOutside(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		know(t, s, repository())
		ours := record(t, s, scanOf(headA, "push"), observation("ours", 1)).New[0]

		// What a stranger brings is kept apart, and changes nothing of what is ours.
		poisoned := observation("ours", 2)
		poisoned.Leak.Instance, poisoned.Leak.Introduced = "clerk.evil.example", start().Add(-1000*time.Hour)
		made := observation("made", 1)
		made.Leak.Pusher, made.Leak.Confidence, made.Sighting.Ref = "mallory", "low", "refs/heads/patch"
		r := record(t, s, outsideScan(headB), poisoned, made)
		equal(t, "new", fingerprints(r.New), "made")
		equal(t, "ours", r.Known[0], ours)
		theirs := r.New[0]
		if !theirs.Outside {
			t.Error("what a stranger brought is taken for ours")
		}
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			for _, leak := range []struct {
				id   int64
				want int
			}{{ours.ID, 1}, {theirs.ID, 0}} {
				places, err := tx.Sightings(ctx, leak.id, 10)
				if err != nil || len(places) != leak.want {
					t.Errorf("%d places of leak %d, %v, want %d", len(places), leak.id, err, leak.want)
				}
			}
			unfiled, err := tx.Unfiled(ctx, 9, 10)
			equal(t, "waiting for an issue", fingerprints(unfiled), "ours")
			pull, err2 := tx.OutsideLeaks(ctx, 9, 5, 10)
			equal(t, "of the pull request", fingerprints(pull), "made")
			shown, err3 := tx.HeadSightings(ctx, 9, headB)
			equal(t, "shown by its check", len(shown), 2)
			scans, err4 := tx.Scans(ctx, 9, headB)
			equal(t, "outside", scans[0].Outside, true)
			for _, err := range []error{err, err2, err3, err4} {
				if err != nil {
					return err
				}
			}
			return nil
		})

		// The policy had allowed it in the pull request; merged, it is new, with the facts of the push.
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			theirs.State, theirs.ClosedBy, theirs.Closed, theirs.Reason = respond.Ignored, "rekey", start(), "a fixture"
			return tx.UpdateLeak(ctx, theirs, respond.Event{})
		})
		clock.Time = start().Add(time.Hour)
		merged := observation("made", 1)
		r = record(t, s, scanOf(headA, "push"), merged)
		want := merged.Leak
		want.ID, want.Repository, want.State, want.Detected = theirs.ID, 9, respond.Open, clock.Time
		want.Look = clock.Time.Add(respond.FirstLook)
		equal(t, "merged", r.New, []respond.Leak{want})
		if fresh := r.Fresh[theirs.ID]; len(fresh) != 1 || fresh[0].Ref != "refs/heads/main" {
			t.Errorf("fresh places: %+v", fresh)
		}
		// Read again from outside, it stays ours.
		r = record(t, s, outsideScan(headB), made)
		equal(t, "read again", r.Known, []respond.Leak{want})
	})
}

func TestAdmitLeak(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		know(t, s, repository())
		leak := record(t, s, outsideScan(headB), observation("made", 1), observation("made", 2)).New[0]
		clock.Time = start().Add(time.Hour)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.AdmitLeak(ctx, leak.ID) })
		leak.Outside, leak.Detected = false, clock.Time
		clock.Time = start().Add(2 * time.Hour)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.AdmitLeak(ctx, leak.ID) })
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			got, err := tx.Leak(ctx, leak.ID)
			equal(t, "admitted", got, leak)
			places, err2 := tx.Sightings(ctx, leak.ID, 10)
			equal(t, "places", len(places), 2)
			if err != nil {
				return err
			}
			return err2
		})
	})
}

func TestUnfiledListsTheMostUrgentOfTheNewestFirst(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		know(t, s, repository())
		for _, o := range []struct{ fingerprint, severity string }{{"m1", "medium"}, {"c1", "critical"}, {"m2", "medium"}, {"c2", "critical"}, {"h", "high"}} {
			seen := observation(o.fingerprint, 1)
			seen.Leak.Severity = detect.Severity(o.severity)
			record(t, s, scanOf(headA, "push"), seen)
		}
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			list, err := tx.Unfiled(ctx, 9, 4)
			equal(t, "unfiled", fingerprints(list), "c2 c1 h m2")
			return err
		})
	})
}
