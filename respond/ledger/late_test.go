package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// What is recovered late does not overwrite what is newer.
func TestWhatIsKnownFromLaterStays(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		before, at, after := start().Add(-time.Hour), start(), start().Add(time.Hour)
		clock.Time = after.Add(time.Hour)
		const main = "refs/heads/main"
		know := func(name string, asOf time.Time) func(context.Context, *ledger.Tx) error {
			return func(ctx context.Context, tx *ledger.Tx) error {
				return tx.UpsertRepository(ctx, respond.Repository{ID: 9, Installation: 7, Name: name, AsOf: asOf})
			}
		}
		suspended := func(suspended bool, asOf time.Time) func(context.Context, *ledger.Tx) error {
			return func(ctx context.Context, tx *ledger.Tx) error {
				return tx.UpsertInstallation(ctx, respond.Installation{ID: 7, Suspended: suspended}, asOf)
			}
		}
		tip := func(sha string, asOf time.Time) func(context.Context, *ledger.Tx) error {
			return func(ctx context.Context, tx *ledger.Tx) error { return tx.SetTip(ctx, 9, main, sha, asOf) }
		}
		deleted := func(asOf time.Time) func(context.Context, *ledger.Tx) error {
			return func(ctx context.Context, tx *ledger.Tx) error { return tx.DeleteTip(ctx, 9, main, asOf) }
		}
		update(t, s, know("shop", at))
		update(t, s, suspended(false, at))
		for _, step := range []struct {
			what      string
			do        func(context.Context, *ledger.Tx) error
			name, tip string
			suspended bool
		}{
			{"an old name", know("old", before), "shop", "", false},
			{"a new name", know("store", after), "store", "", false},
			{"the name between", know("shop", at), "store", "", false},
			{"an old suspension", suspended(true, before), "store", "", false},
			{"a new suspension", suspended(true, after), "store", "", true},
			{"the end of an older one", suspended(false, at), "store", "", true},
			{"a push", tip(headA, at), "store", headA, true},
			{"an older push", tip(headB, before), "store", headA, true},
			{"an older deletion", deleted(before), "store", headA, true},
			{"a deletion", deleted(after), "store", "", true},
			{"a push before it", tip(headB, at), "store", "", true},
			{"a push after it", tip(headB, after.Add(time.Second)), "store", headB, true},
		} {
			update(t, s, step.do)
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				repository, err := tx.Repository(ctx, 9)
				installation, err2 := tx.Installation(ctx, 7)
				sha, err3 := tx.Tip(ctx, 9, main)
				if repository.Name != step.name || sha != step.tip || installation.Suspended != step.suspended {
					t.Errorf("after %s: %s, tip %q, suspended %v", step.what, repository.Name, sha, installation.Suspended)
				}
				listed, err4 := tx.Tips(ctx, 9, 10)
				if (len(listed) == 1) != (step.tip != "") {
					t.Errorf("after %s: %d tips", step.what, len(listed))
				}
				return errors.Join(err, err2, err3, err4)
			})
		}
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error { // all that was pushed was read
			for _, sha := range []string{headA, headB} {
				if read, err := tx.WasRead(ctx, 9, sha); err != nil || !read {
					t.Errorf("%s was read: %v, %v", sha, read, err)
				}
			}
			return nil
		})
	})
}

// Refs that were deleted long ago are forgotten.
func TestDeletedTipsAreForgotten(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		know(t, s, repository())
		forget := func(ref string) {
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.DeleteTip(ctx, 9, ref, tx.Now()) })
		}
		forget("refs/heads/a")
		clock.Time = start().Add(11 * 24 * time.Hour)
		forget("refs/heads/b")
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			for ref, want := range map[string]bool{"refs/heads/a": false, "refs/heads/b": true} {
				if moved, err := tx.MovedSince(ctx, 9, ref, time.Time{}); err != nil || moved != want {
					t.Errorf("%s is remembered: %v, %v", ref, moved, err)
				}
			}
			return nil
		})
	})
}

// The first body of a GUID counts; but what was given up, or missed, is done as it comes now, in its old place.
func TestAGUIDWithAnotherBody(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		first := ledger.Delivery{GUID: "g", Event: "push", Body: []byte(`{"a":1}`), Received: start()}
		second := first
		second.Body, second.Received = []byte(`{"a":2}`), start().Add(time.Hour)
		accept := func(d ledger.Delivery, want ledger.Acceptance) {
			t.Helper()
			if got, err := s.Accept(t.Context(), []ledger.Delivery{d}); err != nil || got[0] != want {
				t.Fatalf("%v, %v, want %s", got, err, want)
			}
		}
		holds := func(body string) {
			t.Helper()
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				d, err := tx.Delivery(ctx, "g")
				if string(d.Body) != body || !d.Received.Equal(start()) {
					t.Errorf("%s, received %s", d.Body, d.Received)
				}
				return err
			})
		}
		accept(first, ledger.Accepted)
		accept(second, ledger.Waiting)
		holds(`{"a":1}`)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.FinishDelivery(ctx, "g", "done") })
		accept(second, ledger.Done)
		holds("")
		clock.Time = start().Add(time.Minute)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.GiveUpDelivery(ctx, "g", "given up") })
		if got, err := s.Accept(t.Context(), []ledger.Delivery{second}); err != nil || got[0] != ledger.Waiting && got[0] != ledger.Requeued {
			t.Fatalf("%v, %v", got, err)
		}
		holds(`{"a":2}`)
	})
}

func TestMissed(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		if _, err := s.Accept(t.Context(), []ledger.Delivery{{GUID: "came", Event: "push", Body: []byte("{}")}}); err != nil {
			t.Fatal(err)
		}
		young := ledger.Missed{GUID: "young", Log: 12, Event: "push", Delivered: start().Add(-time.Minute), Due: start()}
		old := ledger.Missed{GUID: "old", Log: 11, Event: "issues", Action: "closed", Installation: 7, Repository: 9, Delivered: start().Add(-time.Hour), Due: start()}
		later := ledger.Missed{GUID: "later", Log: 13, Event: "push", Delivered: start(), Due: start().Add(time.Minute)}
		note := func(want int, list ...ledger.Missed) {
			t.Helper()
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				n, err := tx.NoteMissed(ctx, list)
				equal(t, "noted", n, want)
				return err
			})
		}
		note(3, young, old, later)
		again := old // a redelivery failed too
		again.Log, again.Delivered = 14, start()
		note(0, again)
		old.Log = 14
		due := func(want ...ledger.Missed) {
			t.Helper()
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				list, err := tx.MissedDue(ctx, 10)
				equal(t, "due", list, want)
				return err
			})
		}
		due(old, young)
		under := ledger.Missed{GUID: "under way", Log: 20, Event: "push", Delivered: start(), Due: start().Add(time.Minute)}
		note(1, under)
		under.Due = start()
		note(0, under) // it failed
		due(old, young, under)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.EndMissed(ctx, "under way") })
		known := func(want map[string]bool) {
			t.Helper()
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				got, err := tx.KnownDeliveries(ctx, []string{"came", "young", "old", "never"})
				equal(t, "known", got, want)
				return err
			})
		}
		known(map[string]bool{"came": true})
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			stats, err := tx.Stats(ctx)
			equal(t, "last delivery that GitHub brought", stats.LastDelivery, start())
			missed, err2 := tx.MissedStats(ctx)
			equal(t, "missed", missed, ledger.MissedStats{Count: 3, Oldest: old.Delivered})
			return errors.Join(err, err2)
		})
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return tx.PostponeMissed(ctx, "young", start().Add(2*time.Minute))
		})
		due(old)
		// It comes, with the time when it was first sent, and is no longer missed.
		clock.Time = start().Add(time.Second)
		body := ledger.Delivery{GUID: "old", Event: "issues", Action: "closed", Installation: 7, Repository: 9, Body: []byte("{}"), Recovered: true}
		if got, err := s.Accept(t.Context(), []ledger.Delivery{body}); err != nil || got[0] != ledger.Requeued {
			t.Fatalf("%v, %v", got, err)
		}
		known(map[string]bool{"came": true, "old": true})
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			d, err := tx.Delivery(ctx, "old")
			if !d.Received.Equal(old.Delivered) || !d.Finished.IsZero() || d.GivenUp {
				t.Errorf("%+v", d)
			}
			n, err2 := tx.Recovering(ctx)
			equal(t, "recovering", n, 1)
			return errors.Join(err, err2, tx.EndMissed(ctx, "old"), tx.LoseMissed(ctx, "young", "lost"))
		})
		due()
		known(map[string]bool{"came": true, "old": true, "young": true}) // lost ones are not looked for again
		clock.Time = start().Add(time.Hour)
		later.Tries = 0
		due(later)
	})
}

// What was noted while GitHub's attempt was under way, and comes, was not missed: it came when it came, after what came before it.
func TestNotedUnderWay(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		for i, test := range []struct {
			what      string
			after     time.Duration // when it comes
			failed    bool          // GitHub's log says so before
			recovered bool          // it comes from there
			want      time.Duration // when it counts as received
		}{
			{"it comes", time.Second, false, false, time.Second},
			{"it comes by a redelivery", time.Second, true, false, -time.Second},
			{"it comes when it should long have come", 3 * time.Minute, false, false, -time.Second},
			{"it is recovered then", 3 * time.Minute, false, true, -time.Second},
		} {
			guid := fmt.Sprint("g", i)
			clock.Time = start()
			m := ledger.Missed{GUID: guid, Log: 1, Event: "push", Repository: 9, Delivered: start().Add(-time.Second), Due: start().Add(2 * time.Minute)}
			note := func() {
				update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
					_, err := tx.NoteMissed(ctx, []ledger.Missed{m})
					return err
				})
			}
			note()
			if test.failed {
				m.Due = start()
				note()
			}
			clock.Time = start().Add(test.after)
			d := ledger.Delivery{GUID: guid, Event: "push", Repository: 9, Received: clock.Time, Body: []byte("{}")}
			if test.recovered {
				d.Received, d.Recovered = m.Delivered, true
			}
			if got, err := s.Accept(t.Context(), []ledger.Delivery{d}); err != nil || got[0] != ledger.Requeued {
				t.Fatalf("%s: %v, %v", test.what, got, err)
			}
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				got, err := tx.Delivery(ctx, guid)
				if at := got.Received.Sub(start()); at != test.want || got.Recovered != test.recovered {
					t.Errorf("%s: received at %s, recovered: %v; want %s, %v", test.what, at, got.Recovered, test.want, test.recovered)
				}
				return err
			})
		}
	})
}

func TestDeliveryLog(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		for _, want := range []ledger.DeliveryLog{{}, {Read: start(), Mark: start(), ETag: `W/"a"`, Next: "v1_5", Top: start(), Spent: 2.5, SpentAt: start()}} {
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.SetDeliveryLog(ctx, want) })
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				got, err := tx.DeliveryLog(ctx)
				equal(t, "log", got, want)
				return err
			})
		}
	})
}

func TestLease(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		take := func(owner string, want bool) {
			t.Helper()
			if got, err := s.TakeLease(t.Context(), "work", owner, time.Minute); err != nil || got != want {
				t.Fatalf("%s takes the lease: %v, %v", owner, got, err)
			}
		}
		take("a", true)
		take("b", false)
		clock.Time = clock.Time.Add(50 * time.Second)
		take("a", true) // for longer
		clock.Time = clock.Time.Add(50 * time.Second)
		take("b", false)
		clock.Time = clock.Time.Add(11 * time.Second)
		take("b", true) // a stood still
		if err := s.EndLease(t.Context(), "work", "a"); err != nil {
			t.Fatal(err)
		}
		take("a", false)
		if err := s.EndLease(t.Context(), "work", "b"); err != nil {
			t.Fatal(err)
		}
		take("a", true)
	})
}

// What was missed and has come since waits no more, though the list of what is missed still has it.
func TestWhatWaitsForARepository(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		waits := func(issue, push bool) {
			t.Helper()
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				events, err := tx.IssueEventWaits(ctx, 9)
				equal(t, "an event about an issue waits", events, issue)
				if err != nil {
					return err
				}
				pushes, err := tx.PushWaits(ctx, 9, start())
				equal(t, "a push waits", pushes, push)
				return err
			})
		}
		waits(false, false)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			_, err := tx.NoteMissed(ctx, []ledger.Missed{
				{GUID: "push", Log: 1, Event: "push", Repository: 9, Delivered: start().Add(-time.Hour), Due: start()},
				{GUID: "closed", Log: 2, Event: "issues", Repository: 9, Delivered: start().Add(-time.Minute), Due: start()},
				{GUID: "elsewhere", Log: 3, Event: "issues", Repository: 8, Delivered: start().Add(-time.Minute), Due: start()},
			})
			return err
		})
		waits(true, true)
		for _, guid := range []string{"push", "closed"} {
			event := map[string]string{"push": "push", "closed": "issues"}[guid]
			if _, err := s.Accept(t.Context(), []ledger.Delivery{{GUID: guid, Event: event, Repository: 9, Body: []byte("{}")}}); err != nil {
				t.Fatal(err)
			}
		}
		waits(true, true)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			err := tx.FinishDelivery(ctx, "push", "done")
			if err == nil {
				err = tx.FinishDelivery(ctx, "closed", "done")
			}
			return err
		})
		waits(false, false)
	})
}
