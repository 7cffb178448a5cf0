package ledger_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// TestPaceIsShared takes turns in two processes on one database: together they get what one would. On SQLite, where there
// is one process, the ledger does not count.
func TestPaceIsShared(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		if !strings.HasPrefix(url, "postgres") {
			if at, err := s.Pace().Take(t.Context(), 7, "checks", 1, time.Hour, false); err != nil || !at.IsZero() {
				t.Fatal(at, err)
			}
			return
		}
		other, otherClock := open(t, url)
		take := func(installation int64, force bool) time.Duration {
			t.Helper()
			var at [2]time.Time
			var err error
			if at[0], err = s.Pace().Take(t.Context(), installation, "checks", 4, time.Minute, force); err != nil {
				t.Fatal(err)
			}
			if at[1], err = other.Pace().Take(t.Context(), installation, "checks", 4, time.Minute, force); err != nil {
				t.Fatal(err)
			}
			if at[1].IsZero() {
				return 0
			}
			return at[1].Sub(clock.Time)
		}
		equal(t, "first two", take(7, false), time.Duration(0))
		equal(t, "four at once", take(7, false), time.Duration(0))
		equal(t, "then one a minute", take(7, false), time.Minute)
		equal(t, "another installation", take(8, false), time.Duration(0))
		equal(t, "by force", take(7, true), time.Duration(0))
		equal(t, "which costs those behind", take(7, false), 3*time.Minute)
		clock.Time = clock.Time.Add(3 * time.Minute)
		otherClock.Time = clock.Time
		equal(t, "the other one's turn is over", take(7, false), time.Minute)
	})
}

func TestCooldownsAreShared(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		shown := func() map[string]time.Duration {
			t.Helper()
			all := map[string]time.Duration{}
			err := s.Pace().Cooldowns(t.Context(), func(installation int64, scope string, until time.Time) {
				if installation != 7 {
					t.Errorf("installation %d", installation)
				}
				all[scope] = until.Sub(start())
			})
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		for scope, after := range map[string]time.Duration{"git": time.Minute, "all": time.Hour} {
			for _, after := range []time.Duration{after, after / 2} { // the longer one holds
				if err := s.Pace().SetCooldown(t.Context(), 7, scope, start().Add(after)); err != nil {
					t.Fatal(err)
				}
			}
		}
		equal(t, "both", shown(), map[string]time.Duration{"git": time.Minute, "all": time.Hour})
		clock.Time = clock.Time.Add(2 * time.Minute)
		equal(t, "later", shown(), map[string]time.Duration{"all": time.Hour})
	})
}
