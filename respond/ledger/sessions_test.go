package ledger_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// TestSessions goes through the life of sessions, on both databases.
func TestSessions(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		add := func(id, state string, person int64) (added bool) {
			t.Helper()
			update(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
				added, err = tx.AddSession(ctx, ledger.Session{
					ID: id, State: state, Person: person, Login: "ada", Checked: clock.Time, Sealed: []byte{1, 0, 255}, Access: []byte{5},
				})
				return err
			})
			return added
		}
		get := func(id string) (row ledger.Session, found bool) {
			t.Helper()
			view(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
				row, err = tx.Session(ctx, id)
				if found = err == nil; errors.Is(err, ledger.ErrNotFound) {
					return nil
				}
				return err
			})
			return row, found
		}
		do := func(change func(ctx context.Context, tx *ledger.Tx) error) { t.Helper(); update(t, s, change) }
		start := clock.Time
		equal(t, "the first", add("a", "state a", 1), true)
		equal(t, "another of its state", add("b", "state a", 1), false)
		equal(t, "of another person", add("c", "state c", 2), true)
		row, _ := get("a")
		equal(t, "as it was started", row, ledger.Session{
			ID: "a", State: "state a", Person: 1, Login: "ada", Started: start, Used: start, Checked: start, Sealed: []byte{1, 0, 255}, Access: []byte{5},
		})

		clock.Time = start.Add(time.Hour)
		do(func(ctx context.Context, tx *ledger.Tx) error {
			return errors.Join(tx.TouchSession(ctx, "a"), tx.SaveAccess(ctx, "a", "ada2", []byte{7}, clock.Time), tx.SaveAccess(ctx, "a", "late", []byte{8}, start))
		})
		row, _ = get("a")
		equal(t, "login and access", row.Login+string(row.Access), "ada2\x07")
		equal(t, "used and checked", [2]time.Time{row.Used, row.Checked}, [2]time.Time{clock.Time, clock.Time})

		// What became stale while GitHub was asked stays stale.
		clock.Time = start.Add(2 * time.Hour)
		do(func(ctx context.Context, tx *ledger.Tx) error { return tx.StaleSessions(ctx) })
		do(func(ctx context.Context, tx *ledger.Tx) error {
			return tx.SaveAccess(ctx, "a", "ada", []byte{9}, clock.Time.Add(-time.Second))
		})
		row, _ = get("a")
		equal(t, "asked before", row.Stale, clock.Time)
		do(func(ctx context.Context, tx *ledger.Tx) error {
			return tx.SaveAccess(ctx, "a", "ada", []byte{9}, clock.Time.Add(time.Second))
		})
		row, _ = get("a")
		equal(t, "asked since", row.Stale, time.Time{})

		begin := func() (begun bool) {
			t.Helper()
			do(func(ctx context.Context, tx *ledger.Tx) (err error) {
				begun, err = tx.BeginRenewal(ctx, "a", clock.Time.Add(time.Minute))
				return err
			})
			return begun
		}
		equal(t, "one renews", begin(), true)
		equal(t, "no other meanwhile", begin(), false)
		clock.Time = clock.Time.Add(2 * time.Minute)
		equal(t, "one that died", begin(), true)
		do(func(ctx context.Context, tx *ledger.Tx) error { return tx.SaveTokens(ctx, "a", []byte{2}) })
		equal(t, "the next", begin(), true)
		do(func(ctx context.Context, tx *ledger.Tx) error { return tx.SaveTokens(ctx, "a", nil) })
		row, _ = get("a")
		equal(t, "tokens stay where none came", row.Sealed, []byte{2})

		do(func(ctx context.Context, tx *ledger.Tx) error { return tx.EndSession(ctx, "c") })
		equal(t, "a second person's", add("d", "state d", 2), true)
		do(func(ctx context.Context, tx *ledger.Tx) error { return tx.EndSessionsOf(ctx, 1) })
		for id, want := range map[string]bool{"a": false, "c": false, "d": true} {
			if _, found := get(id); found != want {
				t.Errorf("session %s: %t", id, found)
			}
		}
		equal(t, "a state that made a session which has ended", add("e", "state a", 1), false)

		clock.Time = clock.Time.Add(ledger.MinKeep + time.Hour)
		s.Prune(t.Context(), ledger.Retention{Keep: ledger.MinKeep})
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			n, err := tx.Count(ctx, "sessions")
			equal(t, "rows in the end", n, int64(0))
			return err
		})
	})
}
