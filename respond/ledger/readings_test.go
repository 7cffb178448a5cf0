package ledger_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// TestReadings: what was read last of something is remembered, for each thing.
func TestReadings(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		fill(t, s, 7, 9, "acme")
		fill(t, s, 8, 10, "other")
		const large = int64(1) << 40
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return errors.Join(
				tx.RecordReading(ctx, ledger.Reading{Repository: 9, Kind: respond.InWiki, Version: "a"}),
				tx.RecordReading(ctx, ledger.Reading{Repository: 9, Kind: respond.InWiki, Version: "b"}),
				tx.RecordReading(ctx, ledger.Reading{Repository: 9, Kind: respond.InAsset, ID: large, Version: "sha256:c"}),
				tx.WantLogs(ctx, 9, true), tx.WantLogs(ctx, 10, true), tx.WantLogs(ctx, 10, false),
			)
		})
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			for _, c := range []struct {
				repository int64
				kind       respond.Source
				id         int64
				want       string
			}{
				{9, respond.InWiki, 0, "b"}, {9, respond.InAsset, large, "sha256:c"}, {9, respond.InAsset, 1, ""}, {10, respond.InWiki, 0, ""},
			} {
				if got, err := tx.LastRead(ctx, c.repository, c.kind, c.id); err != nil || got != c.want {
					t.Errorf("%s %d of %d: %q, %v; want %q", c.kind, c.id, c.repository, got, err, c.want)
				}
			}
			for repository, want := range map[int64]bool{9: true, 10: false} {
				if got, err := tx.LogsWanted(ctx, repository); err != nil || got != want {
					t.Errorf("logs of %d are wanted: %v, %v", repository, got, err)
				}
			}
			return nil
		})
		wanted, err := s.WantedLogs(t.Context())
		if err != nil || len(wanted) != 1 || wanted[7] != (respond.WantedLogs{Repositories: 1, One: "acme/shop"}) {
			t.Errorf("%+v, %v", wanted, err)
		}
		err = s.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
			return tx.RecordReading(ctx, ledger.Reading{Repository: 77, Kind: respond.InWiki, Version: "a"})
		})
		if !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("of a repository that is not there: %v", err)
		}
	})
}

// TestTurnsOfABudget: some at once, then one in each pause, none later than anybody waits; and what was taken stays taken.
func TestTurnsOfABudget(t *testing.T) {
	t.Parallel()
	const burst, pause = 3, 10 * time.Second
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		take := func(installation int64) (after time.Duration, ok bool) {
			t.Helper()
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				at, taken, err := tx.TakeTurn(ctx, installation, "logs", burst, pause, time.Minute)
				ok = taken
				if ok {
					after = at.Sub(tx.Now())
				}
				return err
			})
			return after, ok
		}
		var got []time.Duration
		for range 12 {
			if after, ok := take(7); ok {
				got = append(got, after)
			}
		}
		want := []time.Duration{0, 0, 0, pause, 2 * pause, 3 * pause, 4 * pause, 5 * pause, 6 * pause}
		if !slices.Equal(got, want) {
			t.Errorf("turns after %v, want %v", got, want)
		}
		if after, ok := take(8); !ok || after != 0 {
			t.Errorf("another installation waits %s, %v", after, ok)
		}
		clock.Time = clock.Time.Add(30 * time.Second)
		if after, ok := take(7); !ok || after != 4*pause {
			t.Errorf("half a minute later one waits %s, %v", after, ok)
		}
		clock.Time = clock.Time.Add(time.Hour)
		if after, ok := take(7); !ok || after != 0 {
			t.Errorf("an hour later one waits %s, %v", after, ok)
		}
	})
}

// TestPlacesInFiles: each version of a wiki's page, each file and each log is a place of its own, in which a leak is found again.
func TestPlacesInFiles(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		fill(t, s, 7, 9, "acme")
		at := func(source respond.Source, id int64, commit, path, field, member string) respond.Observation {
			o := observation("in files", 3)
			o.Sighting = respond.Sighting{
				Source: source, Commit: commit, Path: path, Member: member, Line: 3,
				Text: respond.Text{ID: id, URL: "https://github.example/x", Field: field},
			}
			return o
		}
		list := []respond.Observation{
			at(respond.InWiki, 0, headA, "Home.md", "Home", ""), at(respond.InWiki, 0, headB, "Home.md", "Home", ""),
			at(respond.InAsset, 5, "", "", "a.zip", ".env"), at(respond.InAsset, 5, "", "", "a.zip", "b/.env"), at(respond.InAsset, 6, "", "", "a.zip", ".env"),
			at(respond.InLog, 5, "", "", "build/1_Run", ""), at(respond.InLog, 5, "", "", "build/2_Run", ""), at(respond.InLog, 6, "", "", "build/1_Run", ""),
		}
		var leak int64
		for range 2 {
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				scan := scanOfText("files")
				scan.Repository = 9
				recorded, err := tx.RecordScan(ctx, scan, list)
				for id := range recorded.Fresh {
					leak = id
				}
				return err
			})
		}
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			places, err := tx.TextsOf(ctx, leak, 100)
			if len(places) != len(list) {
				t.Errorf("%d places, want %d", len(places), len(list))
			}
			for source, want := range map[respond.Source]int{respond.InWiki: 1, respond.InLog: 1, respond.InIssue: 0} {
				if got, err := tx.LeaksIn(ctx, 9, source, 0, 10); err != nil || len(got) != want {
					t.Errorf("leaks in %s: %v, %v", source, got, err)
				}
			}
			if got, err := tx.LeaksIn(ctx, 9, respond.InAsset, 6, 10); err != nil || len(got) != 1 || got[0] != leak {
				t.Errorf("leaks in a file: %v, %v", got, err)
			}
			if got, err := tx.LeaksIn(ctx, 9, respond.InAsset, 7, 10); err != nil || len(got) != 0 {
				t.Errorf("leaks in another file: %v, %v", got, err)
			}
			return err
		})
	})
}
