package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// What the tests of the store and of the queue share.
var (
	start  = ledgertest.Start
	open   = ledgertest.OpenWithClock
	update = ledgertest.Update
	view   = ledgertest.View
	know   = ledgertest.Know
	equal  = ledgertest.Equal
)

func TestDeliveries(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		push := ledger.Delivery{
			GUID: "b2c3", Event: "push", Installation: 7, Repository: 9, Body: []byte("{\"a\":\"\x00\xff\"}"), Received: start(),
		}
		ping := ledger.Delivery{GUID: "a1b2", Event: "ping", Action: "sent", Body: []byte("{}")}
		clock.Time = start().Add(time.Minute)
		accept := func(want ...ledger.Acceptance) {
			t.Helper()
			got, err := s.Accept(t.Context(), []ledger.Delivery{push, ping, push})
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "acceptances", got, want)
		}
		accept(ledger.Accepted, ledger.Accepted, ledger.Waiting)
		accept(ledger.Waiting, ledger.Waiting, ledger.Waiting)
		ping.Received = clock.Time
		ping.Finished, ping.Outcome, ping.Body = clock.Time, "nothing to do", nil
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return tx.FinishDelivery(ctx, ping.GUID, ping.Outcome)
		})
		accept(ledger.Waiting, ledger.Done, ledger.Waiting)
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			got, err := tx.Delivery(ctx, push.GUID)
			if err != nil {
				return err
			}
			equal(t, "push", got, push)
			if got, err = tx.Delivery(ctx, ping.GUID); err != nil {
				return err
			}
			if len(got.Body) != 0 {
				t.Errorf("the body of a finished delivery is kept: %q", got.Body)
			}
			if _, err := tx.Delivery(ctx, "never"); !errors.Is(err, ledger.ErrNotFound) {
				t.Errorf("unknown GUID: %v", err)
			}
			recent, err := tx.RecentDeliveries(ctx, 10)
			bare := push
			bare.Body = nil
			equal(t, "recent", recent, []ledger.Delivery{ping, bare})
			return err
		})
	})
}

func TestRepositoryDeleted(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		_, err := s.Accept(t.Context(), []ledger.Delivery{
			{GUID: "push", Event: "push", Repository: 1},
			{GUID: "issue", Event: "issues", Action: "deleted", Repository: 1},
			{GUID: "deletion", Event: "repository", Action: "deleted", Repository: 2},
			{GUID: "renaming", Event: "repository", Action: "renamed", Repository: 3},
		})
		if err != nil {
			t.Fatal(err)
		}
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.FinishDelivery(ctx, "deletion", "") })
		for _, c := range []struct {
			repository int64
			since      time.Duration
			want       bool
		}{{1, 0, false}, {2, -time.Hour, true}, {2, 0, true}, {2, time.Microsecond, false}, {3, 0, false}, {4, 0, false}} {
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				got, err := tx.RepositoryDeleted(ctx, c.repository, clock.Time.Add(c.since))
				if got != c.want {
					t.Errorf("repository %d deleted since %v: %v", c.repository, c.since, got)
				}
				return err
			})
		}
	})
}

func TestManyAndLargeDeliveries(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		var list []ledger.Delivery
		for i := range 200 {
			list = append(list, ledger.Delivery{GUID: string(rune('a'+i%26)) + string(rune('a'+i/26)), Event: "push", Body: []byte("{}")})
		}
		large := bytes.Repeat([]byte("0123456789abcdef"), 25<<20/16)
		list[77].Body = large
		got, err := s.Accept(t.Context(), list)
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range got {
			if a != ledger.Accepted {
				t.Fatalf("delivery %d of %d: %s", i+1, len(got), a)
			}
		}
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			d, err := tx.Delivery(ctx, list[77].GUID)
			if !bytes.Equal(d.Body, large) {
				t.Errorf("a body of %d bytes came back as one of %d", len(large), len(d.Body))
			}
			return err
		})
	})
}

func TestHeadWaits(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		const head = "1111111111111111111111111111111111111111"
		push := ledger.Delivery{GUID: "a1", Event: "push", Installation: 7, Repository: 9, Head: head, Body: []byte("{}"), Received: start()}
		other := ledger.Delivery{GUID: "b2", Event: "issues", Installation: 7, Repository: 9, Body: []byte("{}"), Received: start()}
		waits := func(repository int64, head string, before time.Time, want bool) {
			t.Helper()
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				got, err := tx.HeadWaits(ctx, repository, head, before)
				equal(t, "waits", got, want)
				return err
			})
		}
		if _, err := s.Accept(t.Context(), []ledger.Delivery{push, other}); err != nil {
			t.Fatal(err)
		}
		waits(9, head, start().Add(time.Second), true)
		waits(9, head, start(), false) // itself, or one that came later
		waits(8, head, start().Add(time.Second), false)
		waits(9, "", start().Add(time.Second), false)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.FinishDelivery(ctx, "a1", "scanned") })
		waits(9, head, start().Add(time.Second), false)
	})
}
