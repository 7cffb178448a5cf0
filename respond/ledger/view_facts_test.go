package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// leaksOf records n leaks of a repository, a second apart, each with the facts that change gives it.
func leaksOf(t *testing.T, s *ledger.Store, clock *ledgertest.Clock, repository int64, n int, change func(i int, l *respond.Leak)) (list []respond.Leak) {
	t.Helper()
	for i := range n {
		o := observation(fmt.Sprintf("leak %d of %d", i, repository), 1)
		o.Leak.Detected = clock.Time.Add(time.Duration(i) * time.Second)
		o.Sighting.Path = fmt.Sprintf("Dir/File-%d.ENV", i)
		change(i, &o.Leak)
		scan := scanOf(fmt.Sprintf("%040d", i), "push")
		scan.Repository = repository
		list = append(list, record(t, s, scan, o).New...)
	}
	return list
}

// TestPagesOfLeaks: in whatever order, pages of any size bring what one page brings, each leak once, in order.
func TestPagesOfLeaks(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		severities := []detect.Severity{detect.CriticalSeverity, detect.HighSeverity, detect.MediumSeverity, detect.LowSeverity}
		for _, r := range []respond.Repository{{ID: 9, Installation: 7, Owner: "acme", Name: "Shop", Private: true}, {ID: 10, Installation: 7, Owner: "acme", Name: "api"}} {
			ledgertest.Know(t, s, r)
			leaksOf(t, s, clock, r.ID, 7, func(i int, l *respond.Leak) {
				l.Severity, l.Detected = severities[i%4], clock.Time.Add(time.Duration(i/2))
			})
		}
		rapid.Check(t, func(rt *rapid.T) {
			query := ledger.LeakQuery{
				Order:   rapid.SampledFrom([]ledger.LeakOrder{ledger.ByOpened, ledger.BySeen, ledger.BySeverity, ledger.ByRepository}).Draw(rt, "order"),
				Reverse: rapid.Bool().Draw(rt, "reverse"), Limit: 100,
			}
			small := query
			small.Limit = rapid.IntRange(1, 5).Draw(rt, "limit")
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				whole, err := tx.Leaks(ctx, ledger.Visible{Everything: true}, query)
				if err != nil {
					return err
				}
				paged, err := allLeaks(ctx, tx, ledger.Visible{Everything: true}, small)
				ids := func(list []ledger.LeakRow) (ids []int64) {
					for _, row := range list {
						ids = append(ids, row.Leak.ID)
					}
					return ids
				}
				if len(whole.Leaks) != 14 || whole.Next != "" || !slices.Equal(ids(whole.Leaks), ids(paged)) {
					rt.Errorf("%+v: %v in one page, %v in pages of %d", query, ids(whole.Leaks), ids(paged), small.Limit)
				}
				if query.Order == ledger.BySeverity && !query.Reverse && !slices.IsSortedFunc(whole.Leaks, func(a, b ledger.LeakRow) int { return a.Leak.Severity.Compare(b.Leak.Severity) }) {
					rt.Error("not the most severe first")
				}
				return err
			})
		})
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			_, err := tx.Leaks(ctx, ledger.Visible{Everything: true}, ledger.LeakQuery{After: "bm9uZQ"})
			if !errors.Is(err, ledger.ErrCursor) {
				t.Errorf("a cursor that is none: %v", err)
			}
			counts, err := tx.LeakCounts(ctx, ledger.Visible{Everything: true}, ledger.LeakFilter{Severities: []detect.Severity{detect.CriticalSeverity}, Search: "file-1"})
			if err == nil && (counts.Total != 1 || counts.Severities[detect.HighSeverity] != 1) { // the second of each: high, and critical where it is public
				t.Errorf("counts: %+v", counts)
			}
			return err
		})
	})
}

// TestIssueElsewhere: who may not see the repository of a leak's issue does not learn where it is, nor find the leak by its number.
func TestIssueElsewhere(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		ledgertest.Know(t, s, respond.Repository{ID: 9, Installation: 7, Owner: "acme", Name: "shop"}, respond.Repository{ID: 10, Installation: 7, Owner: "acme", Name: "security", Private: true})
		leak := leaksOf(t, s, clock, 9, 1, func(int, *respond.Leak) {})[0]
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			leak.IssueRepository, leak.IssueNumber, leak.IssueURL = 10, 42, "https://github.example/acme/security/issues/42"
			return tx.UpdateLeak(ctx, leak, respond.Event{})
		})
		for _, c := range []struct {
			sees  ledger.Visible
			shown int
		}{{ledger.VisibleOnly(9), 0}, {ledger.VisibleOnly(9, 10), 42}, {ledger.Visible{Everything: true}, 42}} {
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				all, err := tx.Leaks(ctx, c.sees, ledger.LeakQuery{})
				found, err2 := tx.Leaks(ctx, c.sees, ledger.LeakQuery{LeakFilter: ledger.LeakFilter{Search: "#42"}})
				detail, err3 := tx.LeakDetail(ctx, c.sees, leak.ID)
				if err := errors.Join(err, err2, err3); err != nil {
					return err
				}
				if all.Leaks[0].Leak.IssueNumber != c.shown || detail.Leak.IssueNumber != c.shown || (len(found.Leaks) == 1) != (c.shown != 0) || (detail.Elsewhere.ID == 10) != (c.shown != 0) {
					t.Errorf("%+v sees issue %d, %d, %d leaks by its number, and repository %d", c.sees, all.Leaks[0].Leak.IssueNumber, detail.Leak.IssueNumber, len(found.Leaks), detail.Elsewhere.ID)
				}
				return nil
			})
		}
	})
}

// TestOverviewCounts: ages, weeks and medians are those of the leaks.
func TestOverviewCounts(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		ledgertest.Know(t, s, respond.Repository{ID: 9, Installation: 7, Owner: "acme", Name: "shop", Private: true})
		ages := []time.Duration{time.Hour, 2 * day, 8 * day, 20 * day, 40 * day, 100 * day}
		list := leaksOf(t, s, clock, 9, 12, func(i int, l *respond.Leak) {
			l.Severity, l.Detected = detect.CriticalSeverity, clock.Time.Add(-ages[i%6])
		})
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			for i, l := range list[6:] {
				l.State, l.Closed = respond.Revoked, l.Detected.Add(time.Duration(i+1)*time.Minute)
				if err := tx.UpdateLeak(ctx, l, respond.Event{}); err != nil {
					return err
				}
			}
			return nil
		})
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			o, err := tx.Overview(ctx, ledger.Visible{Everything: true}, day)
			if err != nil {
				return err
			}
			if len(o.Open) != 1 || o.Open[0].Count != 6 || o.Open[0].Ages != [4]int{1, 1, 2, 2} || !o.Open[0].Oldest.Equal(clock.Time.Add(-100*day)) {
				t.Errorf("open: %+v", o.Open)
			}
			// Four were revoked in the last thirty days, after one to four minutes; the fifth a bit earlier.
			equal(t, "revoked", o.Revoked, []ledger.Median{{Days: 30, Count: 4, Took: 150 * time.Second}, {Days: 90, Count: 5, Took: 3 * time.Minute}})
			opened, revoked := 0, 0
			for i, w := range o.Weeks {
				opened, revoked = opened+w.Opened, revoked+w.Revoked
				if w.Begin.Weekday() != time.Monday || w.Closed != w.Revoked || i > 0 && w.Begin.Sub(o.Weeks[i-1].Begin) != 7*day {
					t.Errorf("week %d: %+v", i, w)
				}
			}
			if last := o.Weeks[11]; len(o.Weeks) != 12 || opened != 10 || revoked != 5 || last.Begin.After(clock.Time) || clock.Time.Sub(last.Begin) > 7*day {
				t.Errorf("%d opened, %d revoked: %+v", opened, revoked, o.Weeks)
			}
			equal(t, "coverage", o.Coverage, ledger.Coverage{Repositories: 1, Unread: 1, Unfinished: 1})
			return nil
		})
	})
}

// TestProgressEstimates: what is left is estimated by what was read in the last minutes, and by no less than three histories.
func TestProgressEstimates(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		know := func(id int64, backfilled time.Time) {
			ledgertest.Know(t, s, respond.Repository{ID: id, Installation: 7, Owner: "acme", Name: fmt.Sprint(id), Private: true, Backfilled: backfilled})
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				if backfilled.IsZero() {
					return nil
				}
				return tx.RecordHistory(ctx, id, ledger.HistoryRead{Commits: 10, Bytes: 6000, Took: 20 * time.Second})
			})
		}
		progress := func() (p ledger.Progress) {
			view(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
				p, err = tx.Progress(ctx, ledger.Visible{Everything: true}, 7)
				return err
			})
			return p
		}
		know(1, clock.Time.Add(-day))
		for id := range int64(6) {
			know(10+id, time.Time{})
		}
		if p := progress(); p.Repositories != 7 || p.Read != 1 || p.Waiting != 6 || p.Left != 0 || p.Speed != 0 || p.Commits != 10 || p.Bytes != 6000 {
			t.Errorf("before it begins: %+v", p)
		}
		// Three are read in a minute: the first began a minute ago.
		know(20, clock.Time.Add(-40*time.Second))
		know(21, clock.Time.Add(-20*time.Second))
		know(22, clock.Time)
		if p := progress(); p.Read != 4 || p.Left != 2*time.Minute || p.Speed != 300 {
			t.Errorf("in the middle: %+v", p)
		}
	})
}
