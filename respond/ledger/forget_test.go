package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

const day = 24 * time.Hour

// tables lists the tables of a database, the queue's too.
func tables(t *testing.T, s *ledger.Store) (list []string) {
	t.Helper()
	view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
		statement := `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name`
		if tx.Postgres() != nil {
			statement = `SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`
		}
		list = nil
		return tx.EachSQL(ctx, func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			list = append(list, name)
			return err
		}, statement)
	})
	return list
}

// counted returns how many rows each table has, but for those that have none.
func counted(t *testing.T, s *ledger.Store) map[string]int64 {
	t.Helper()
	n := map[string]int64{}
	all := tables(t, s)
	view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
		for _, table := range all {
			rows, err := tx.Count(ctx, table)
			if err != nil {
				return err
			}
			if n[table] = rows; rows == 0 {
				delete(n, table)
			}
		}
		return nil
	})
	return n
}

// bookkeeping are the tables that hold nothing of any repository.
var bookkeeping = []string{"ledger_checksums", "ledger_versions", "meta", "river_migration"}

// fill puts something into every table that a repository, its leaks or its installation has something in.
func fill(t *testing.T, s *ledger.Store, installation, id int64, account string) respond.Leak {
	t.Helper()
	r := respond.Repository{ID: id, Installation: installation, Owner: account, Name: "shop", DefaultBranch: "main", Backfilled: start()}
	update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
		return errors.Join(
			tx.UpsertInstallation(ctx, respond.Installation{ID: installation, AccountID: installation + 1, Account: account}, time.Time{}),
			tx.UpsertRepository(ctx, r),
		)
	})
	scan := scanOf(headA, "push")
	scan.Repository = id
	leak := record(t, s, scan, observation("f1", 1), observation("f1", 2)).New[0]
	if _, err := s.Accept(t.Context(), []ledger.Delivery{
		{GUID: fmt.Sprintf("push %d", id), Event: "push", Installation: installation, Repository: id, Head: headA, Body: []byte("{}")},
		{GUID: fmt.Sprintf("deleted %d", id), Event: "repository", Action: "deleted", Installation: installation, Repository: id, Body: []byte("{}")},
	}); err != nil {
		t.Fatal(err)
	}
	update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
		_, missed := tx.NoteMissed(ctx, []ledger.Missed{{GUID: fmt.Sprintf("missed %d", id), Installation: installation, Repository: id, Delivered: start()}})
		_, unread := tx.RecordUnread(ctx, id, "refs/heads/main", headA, []string{"too large"})
		_, backfill := tx.StartBackfill(ctx, id)
		sightings, listed := tx.Sightings(ctx, leak.ID, 10)
		if listed != nil || len(sightings) != 2 {
			return fmt.Errorf("%d sightings: %w", len(sightings), listed)
		}
		var begun []error
		for _, key := range []string{
			fmt.Sprintf("check:%d:%s", id, headA), fmt.Sprintf("audit:%d:%s", id, headA), fmt.Sprintf("command:%d:comment:1", id), fmt.Sprintf("summary:%d", id),
			fmt.Sprintf("issue:%d", leak.ID), fmt.Sprintf("effects:%d", leak.ID), fmt.Sprintf("effect:leak:%d:close_issue:1", leak.ID),
		} {
			a, err := tx.BeginAction(ctx, key, ledger.Lease{Owner: "issue 4711"})
			if err == nil {
				err = tx.FinishAction(ctx, a, "done")
			}
			begun = append(begun, err)
		}
		leak.Reason = "said so"
		return errors.Join(append(begun, missed, unread, backfill,
			tx.FinishDelivery(ctx, fmt.Sprintf("deleted %d", id), "done"),
			tx.UpdateLeak(ctx, leak, respond.Event{By: "mona", From: "open", To: "open"}),
			tx.SetTip(ctx, id, "refs/heads/main", headA, time.Time{}),
			tx.SaveCheck(ctx, ledger.Check{Repository: id, Head: headA, RunID: 1}),
			tx.SaveAuditCheck(ctx, ledger.AuditCheck{Check: ledger.Check{Repository: id, Head: headA, RunID: 2}, Pull: 3}),
			tx.SaveAudit(ctx, ledger.Audit{Repository: id, Head: headA, Packages: []respond.AuditPackage{{Name: "@clerk/nextjs"}}}),
			tx.MarkAnnotated(ctx, id, headA, []int64{sightings[0].ID}),
			tx.RecordFiled(ctx, id, leak.ID),
			tx.RecordGap(ctx, id, "refs/heads/main", "", headA, []string{"too large"}),
			tx.RecordNotice(ctx, "team", id, []byte("{}")),
			tx.SaveSummary(ctx, ledger.Summary{Repository: id, IssueRepository: id}),
			tx.SaveAuditIssue(ctx, ledger.AuditIssue{Summary: ledger.Summary{Repository: id, IssueRepository: id}}),
			tx.RecordActivity(ctx, ledger.Activity{By: "mona", Kind: ledger.ActivityCommand, What: "status", Repository: id, Leak: leak.ID}),
			tx.SaveIssueText(ctx, leak.ID, "title", "body"),
			tx.RecordReading(ctx, ledger.Reading{Repository: id, Kind: respond.InAsset, ID: 5, Version: "v"}),
			tx.Vouch(ctx, id, []ledger.Voucher{{Entry: "f1", At: start()}}),
			tx.KeepPolicy(ctx, installation, ledger.KeptPolicy{Content: []byte("fail_on: any"), Read: start()}),
			tx.Exec(ctx, `INSERT INTO paces (installation, rate, next) VALUES ($1, 'checks', 1) ON CONFLICT DO NOTHING`, installation),
			tx.Exec(ctx, `INSERT INTO closures (installation, scope, until) VALUES ($1, 'rest', 1) ON CONFLICT DO NOTHING`, installation),
			tx.Enqueue(ctx, job.Issue{Leak: leak.ID}, nil),
			tx.Enqueue(ctx, job.Check{Repository: id, Head: headA}, nil),
			tx.Enqueue(ctx, job.Reconcile{Installation: installation}, nil),
			tx.Exec(ctx, `UPDATE river_job SET state = 'discarded', finalized_at = CURRENT_TIMESTAMP`),
		)...)
	})
	return leak
}

// withoutBookkeeping leaves out what holds nothing of any repository.
func withoutBookkeeping(n map[string]int64) map[string]int64 {
	for _, table := range bookkeeping {
		delete(n, table)
	}
	return n
}

// Forgetting an installation leaves nothing of it in any table, and everything of another one. A table that fill does not know fails
// the test: whoever adds one decides what becomes of it.
func TestForgottenLeavesNothing(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		fill(t, s, 7, 9, "other")
		want := withoutBookkeeping(counted(t, s))
		fill(t, s, 8, 10, "Acme")
		twice := withoutBookkeeping(counted(t, s))
		for _, table := range tables(t, s) {
			empty := []string{"replicas", "parked", "river_client", "river_client_queue", "river_leader", "river_notification", "river_queue", "leases"}
			if !slices.Contains(bookkeeping, table) && !slices.Contains(empty, table) && twice[table] != 2*want[table] {
				t.Errorf("the test has nothing in table %s, or not the same of each", table)
			}
		}
		clock.Time = start().Add(time.Hour)
		f, installed, err := s.ForgetAccount(t.Context(), "aCME")
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "forgotten", f, ledger.Forgotten{
			Installations: 1, Repositories: 1, Leaks: 1, Sightings: 2, Scans: 1, Checks: 1, Deliveries: 3, Jobs: 5, Effects: 7,
		})
		equal(t, "still installed", installed, []int64{8})
		want["deliveries"] += 3 // that they came, and nothing that they held
		want["activity"]++      // that something was forgotten
		want["keyed_jobs"] = 6  // go the next time that what is old is deleted
		equal(t, "left", withoutBookkeeping(counted(t, s)), want)

		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			d, err := tx.Delivery(ctx, "push 10")
			if d.Finished.IsZero() || len(d.Body) > 0 || d.Head != "" {
				t.Errorf("delivery of a forgotten installation: %+v", d)
			}
			return err
		})
		if _, _, err := s.ForgetAccount(t.Context(), "acme"); !errors.Is(err, ledger.ErrUnknownAccount) {
			t.Errorf("forgotten twice: %v", err)
		}
		// A scan that ends late does not bring it back.
		late := scanOf(headA, "push")
		late.Repository = 10
		err = s.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
			_, err := tx.RecordScan(ctx, late, nil)
			return err
		})
		if !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("scan of a forgotten repository: %v", err)
		}
	})
}

// What was uninstalled is kept for a while, though nobody finds it, and is there as it was when the App is installed again, by
// whatever number. What does not come back goes.
func TestReinstalledInTime(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		leak := fill(t, s, 7, 9, "acme")
		fill(t, s, 7, 10, "acme")
		gone := func(what string, ids ...int64) {
			t.Helper()
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				for _, id := range ids {
					if _, err := tx.Repository(ctx, id); !errors.Is(err, ledger.ErrNotFound) {
						t.Errorf("%s: repository %d is there (%v)", what, id, err)
					}
				}
				return nil
			})
		}
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return errors.Join(tx.RecordSweep(ctx, 9), tx.RemoveInstallation(ctx, 7), tx.RemoveInstallation(ctx, 7))
		})
		gone("uninstalled", 9, 10)
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			stats, err := tx.Stats(ctx)
			equal(t, "leaks of uninstalled repositories", len(stats.Leaks)+len(stats.Open), 0)
			if err != nil {
				return err
			}
			there, err := tx.Installations(ctx)
			equal(t, "installations", len(there), 0)
			if err != nil {
				return err
			}
			removed, err := tx.Uninstalled(ctx, 7)
			equal(t, "uninstalled", removed, true)
			return err
		})
		clock.Time = start().Add(6 * day)
		s.Prune(t.Context(), ledger.DefaultRetention)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			r := repository()
			r.Installation = 8
			return errors.Join(tx.UpsertInstallation(ctx, respond.Installation{ID: 8, AccountID: 3, Account: "acme"}, time.Time{}), tx.UpsertRepository(ctx, r))
		})
		clock.Time = start().Add(8 * day)
		s.Prune(t.Context(), ledger.DefaultRetention)
		gone("not installed again", 10)
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			r, err := tx.Repository(ctx, 9)
			if err != nil {
				return err
			}
			equal(t, "history is known to have been read", r.Backfilled, start())
			events, err := tx.Events(ctx, leak.ID)
			equal(t, "events of the leak", len(events), 1)
			if err != nil {
				return err
			}
			due, err := tx.SweepDue(ctx, time.Time{}, 10)
			equal(t, "to be compared at once", due, []int64{9})
			if err != nil {
				return err
			}
			n, err := tx.Count(ctx, "repositories")
			equal(t, "repositories left", n, int64(1))
			if err != nil {
				return err
			}
			// No name is left of the old installation, and a late delivery of it is known for what it is.
			removed, err := tx.Uninstalled(ctx, 7)
			equal(t, "uninstalled", removed, true)
			if err != nil {
				return err
			}
			names, err := tx.Accounts(ctx, 10)
			equal(t, "names", names, map[int64]string{8: "acme"})
			return err
		})
		clock.Time = start().Add(40 * day)
		s.Prune(t.Context(), ledger.DefaultRetention)
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			n, err := tx.Count(ctx, "installations")
			equal(t, "installations left", n, int64(1))
			return err
		})
	})
}

// A repository that left its installation goes after the same time, and alone. One that another installation has by now stays.
func TestRemovedRepositoryIsForgotten(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		fill(t, s, 7, 9, "acme")
		fill(t, s, 7, 10, "acme")
		fill(t, s, 8, 11, "umbrella")
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return errors.Join(tx.RemoveUnreachable(ctx, 9, 7), tx.RemoveUnreachable(ctx, 11, 7))
		})
		clock.Time = start().Add(8 * day)
		s.Prune(t.Context(), ledger.DefaultRetention)
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			n, err := tx.Count(ctx, "repositories")
			equal(t, "repositories left", n, int64(2))
			if err != nil {
				return err
			}
			n, err = tx.Count(ctx, "leaks")
			equal(t, "leaks left", n, int64(2))
			return err
		})
	})
}

// Forgetting that is cut off after any of its transactions goes on the next time; a repository that comes back in between keeps what
// it still has, and is read whole again if anything of it may be gone.
func TestForgettingIsResumed(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		now, left, cut := start(), 0, func() {}
		s := ledgertest.Open(t, ledger.Options{URL: url, Now: func() time.Time {
			if left--; left == 0 {
				cut()
			}
			return now
		}})
		wholeCutOff := 0
		for after := 1; after < 60; after += 4 {
			back, gone := int64(100+after), int64(200+after)
			leak := fill(t, s, int64(after), back, "acme")
			fill(t, s, int64(after), gone, "acme")
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.RemoveInstallation(ctx, int64(after)) })
			now = now.Add(8 * day)
			ctx, cancel := context.WithCancel(t.Context())
			left, cut = after, cancel
			s.Prune(ctx, ledger.DefaultRetention)
			cancel()

			come := respond.Repository{ID: back, Installation: 1000 + int64(after), Owner: "acme", Name: "shop"}
			know(t, s, come)
			s.Prune(t.Context(), ledger.DefaultRetention)
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				r, err := tx.Repository(ctx, back)
				if err != nil {
					return err
				}
				_, err = tx.Leak(ctx, leak.ID)
				if errors.Is(err, ledger.ErrNotFound) {
					wholeCutOff++
				}
				if err != nil && !r.Backfilled.IsZero() {
					t.Errorf("cut off after %d transactions: its leak is gone, and its history counts as read", after)
				}
				if n, err := tx.Count(ctx, "repositories WHERE id = "+fmt.Sprint(gone)); n != 0 || err != nil {
					t.Errorf("cut off after %d transactions: the other repository is there (%v)", after, err)
				}
				return nil
			})
		}
		if wholeCutOff == 0 {
			t.Error("no cut came in the middle")
		}
	})
}
