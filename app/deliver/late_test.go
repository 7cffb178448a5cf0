package deliver

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// onRecord is what the ledger knows of an installation, its one repository and that one's branch.
type onRecord struct {
	Account, Name, Tip string
	Suspended, Private bool
	There, Another     bool // the repository; another one that the event names
}

// TestLateEventsOverwriteNothing goes through the events. Each is delivered twice, to ledgers that know something else: as it happens
// it changes what is known, and a day late, after what is known was told, it changes nothing.
func TestLateEventsOverwriteNothing(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	late := now.Add(-24 * time.Hour)
	renamed := shop
	renamed.Name = "old-name"
	public := shop
	public.Private = false
	acme := webhook.Account{ID: 1, Login: "acme", Type: "Organization"}
	other := webhook.Repository{ID: 8, Owner: "acme", Name: "other", Private: true}
	of := func(r webhook.Repository, action string) webhook.Common {
		c := acting(action)
		c.Repository = r
		return c
	}
	gone := func(k *onRecord) { *k = onRecord{} }
	for name, tt := range map[string]struct {
		event     webhook.Event
		live      func(*onRecord) // what it changes as it happens
		reconcile bool            // late: GitHub's list is asked for
	}{
		"push": {
			&webhook.Push{Common: of(renamed, ""), Ref: "refs/heads/main", Before: baseSHA, After: headSHA},
			func(k *onRecord) { k.Name = "old-name" }, false,
		},
		"push that deletes": {
			&webhook.Push{Common: about, Ref: "refs/heads/main", Before: headSHA, After: webhook.ZeroSHA, Deleted: true},
			func(k *onRecord) { k.Tip = "" }, false,
		},
		"pull_request": {
			&webhook.PullRequest{Common: of(renamed, "opened"), HeadSHA: headSHA},
			func(k *onRecord) { k.Name = "old-name" }, false,
		},
		"merge_group": {
			&webhook.MergeGroup{Common: of(renamed, "checks_requested"), HeadSHA: headSHA},
			func(k *onRecord) { k.Name = "old-name" }, false,
		},
		"check_run": {
			&webhook.CheckRun{Common: of(renamed, "rerequested"), AppID: ours, HeadSHA: headSHA},
			func(k *onRecord) { k.Name = "old-name" }, false,
		},
		"check_suite": {
			&webhook.CheckSuite{Common: of(renamed, "rerequested"), AppID: ours, HeadSHA: headSHA},
			func(k *onRecord) { k.Name = "old-name" }, false,
		},
		"issues": {
			&webhook.Issues{Common: of(renamed, "closed"), Issue: webhook.Issue{Number: 5}},
			func(k *onRecord) { k.Name = "old-name" }, false,
		},
		"issue_comment": {
			&webhook.IssueComment{Common: of(renamed, "created"), CommentID: 4, Author: ada, Issue: webhook.Issue{Number: 5}, Body: "/rekey rotated"},
			func(k *onRecord) { k.Name = "old-name" }, false,
		},
		"repository renamed":    {&webhook.RepositoryChange{Common: of(renamed, "renamed")}, func(k *onRecord) { k.Name = "old-name" }, false},
		"repository publicized": {&webhook.RepositoryChange{Common: of(public, "publicized")}, func(k *onRecord) { k.Private = false }, false},
		"repository deleted":    {&webhook.RepositoryChange{Common: acting("deleted")}, func(k *onRecord) { k.There, k.Name, k.Private = false, "", false }, true},
		"installation deleted":  {&webhook.Installation{Common: acting("deleted"), Account: acme}, gone, true},
		"installation suspend":  {&webhook.Installation{Common: acting("suspend"), Account: acme}, func(k *onRecord) { k.Suspended = true }, false},
		"installation created": {
			&webhook.Installation{Common: acting("created"), Account: webhook.Account{ID: 1, Login: "old"}, Repositories: []webhook.Repository{other}},
			func(k *onRecord) { k.Account, k.Another = "old", true }, true,
		},
		"installation unsuspend": {&webhook.Installation{Common: acting("unsuspend"), Account: webhook.Account{ID: 1, Login: "old"}}, func(k *onRecord) { k.Account = "old" }, true},
		"installation_target":    {&webhook.InstallationTarget{Common: acting("renamed"), Account: webhook.Account{ID: 1, Login: "old"}}, func(k *onRecord) { k.Account = "old" }, true},
		"repositories removed": {
			&webhook.InstallationRepositories{Common: acting("removed"), Account: acme, Removed: []webhook.Repository{shop}},
			func(k *onRecord) { k.There, k.Name, k.Private = false, "", false }, true,
		},
		"repositories added": {
			&webhook.InstallationRepositories{Common: acting("added"), Account: acme, Added: []webhook.Repository{other}},
			func(k *onRecord) { k.Another = true }, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := ledgertest.Open(t, ledger.Options{URL: ledgertest.SQLite(t), Now: func() time.Time { return now }})
			w := &Worker{Store: ledger.Scope[Tx](store), Recorder: &record.Recorder{Store: ledger.Scope[record.Tx](store)}, Now: func() time.Time { return now }}
			err := store.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
				return errors.Join(
					tx.UpsertInstallation(ctx, respond.Installation{ID: about.InstallationID, AccountID: 1, Account: "acme"}, now),
					tx.UpsertRepository(ctx, respond.Repository{ID: shop.ID, Installation: about.InstallationID, Owner: "acme", Name: "shop", DefaultBranch: "main", Private: true}),
					tx.SetTip(ctx, shop.ID, "refs/heads/main", tagSHA, now),
				)
			})
			if err != nil {
				t.Fatal(err)
			}
			look := func() (k onRecord, reconciles int) {
				err := store.View(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
					installation, err := tx.Installation(ctx, about.InstallationID)
					repository, err2 := tx.Repository(ctx, shop.ID)
					_, err3 := tx.Repository(ctx, other.ID)
					k = onRecord{Account: installation.Account, Suspended: installation.Suspended, Name: repository.Name, Private: repository.Private, There: err2 == nil, Another: err3 == nil}
					if k.There {
						k.Tip, _ = tx.Tip(ctx, shop.ID, "refs/heads/main")
					}
					for _, err := range []error{err, err2, err3} {
						if err != nil && !errors.Is(err, ledger.ErrNotFound) {
							return err
						}
					}
					stats, err := tx.Stats(ctx)
					for _, j := range stats.Jobs {
						if j.Kind == "reconcile" {
							reconciles += j.Count
						}
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				return k, reconciles
			}
			before, _ := look()
			p := planOf(tt.event, ours)
			p.AsOf = late
			p = afterTheFact(p)
			if err := w.remember(t.Context(), about.InstallationID, p); err != nil {
				t.Fatal(err)
			}
			after, reconciles := look()
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("a day late it changes what is newer: -before +after\n%s", diff)
			}
			if reconciles > 1 || (reconciles == 1) != tt.reconcile {
				t.Errorf("%d comparisons with GitHub's list", reconciles)
			}
			p = planOf(tt.event, ours)
			p.AsOf = now.Add(time.Second)
			if err := w.remember(t.Context(), about.InstallationID, p); err != nil {
				t.Fatal(err)
			}
			want := before
			tt.live(&want)
			if live, _ := look(); !cmp.Equal(want, keepsTip(live, want)) {
				t.Errorf("as it happens: -want +got\n%s", cmp.Diff(want, live))
			}
		})
	}
}

// keepsTip leaves the tip of a repository that is gone out of the comparison.
func keepsTip(k, want onRecord) onRecord {
	if !k.There {
		k.Tip = want.Tip
	}
	return k
}

// What was pushed before a repository was deleted, or the App uninstalled, and is recovered after that, brings nothing back.
func TestLateEventsResurrectNothing(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	store := ledgertest.Open(t, ledger.Options{URL: ledgertest.SQLite(t), Now: func() time.Time { return now }})
	w := &Worker{Store: ledger.Scope[Tx](store), Now: func() time.Time { return now }}
	_, err := store.Accept(t.Context(), []ledger.Delivery{
		{GUID: "a", Event: "repository", Action: "deleted", Installation: 3, Repository: 7, Received: now.Add(-time.Hour), Body: []byte("{}")},
		{GUID: "b", Event: "installation", Action: "deleted", Installation: 4, Received: now.Add(-time.Hour), Body: []byte("{}")},
	})
	if err != nil {
		t.Fatal(err)
	}
	push := func(installation, repository int64) webhook.Event {
		c := about
		c.InstallationID, c.Repository.ID = installation, repository
		return &webhook.Push{Common: c, Ref: "refs/heads/main", After: headSHA}
	}
	for _, tt := range []struct {
		name     string
		event    webhook.Event
		received time.Duration
		late     bool
		want     string
	}{
		{"of a repository that was deleted since", push(3, 7), -2 * time.Hour, true, deletedMeanwhile},
		{"of one that is there again", push(3, 7), -time.Minute, true, ""},
		{"of another one", push(3, 8), -2 * time.Hour, true, ""},
		{"where the App was uninstalled since", push(4, 9), -2 * time.Hour, true, uninstalledSince},
		{"the uninstalling itself", &webhook.Installation{Common: webhook.Common{InstallationID: 4, Action: "deleted"}}, -2 * time.Hour, true, ""},
		{"the installing before it", &webhook.Installation{Common: webhook.Common{InstallationID: 4, Action: "created"}}, -2 * time.Hour, true, uninstalledSince},
	} {
		got, err := w.goneSince(t.Context(), tt.event, now.Add(tt.received), tt.late)
		if err != nil || got != tt.want {
			t.Errorf("%s: %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
}

// GitHub's log tells times to the second: of two events of one second, the one that is about the repository itself says where it is.
func TestOfOneSecond(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	known := respond.Repository{ID: 1, AsOf: at}
	for name, c := range map[string]struct {
		p    plan
		want bool
	}{
		"an older push":      {plan{AsOf: at.Add(-time.Second)}, false},
		"a push":             {plan{AsOf: at}, false},
		"a younger push":     {plan{AsOf: at.Add(time.Second)}, true},
		"an older transfer":  {plan{AsOf: at.Add(-time.Second), Stated: true}, false},
		"a transfer":         {plan{AsOf: at, Stated: true}, true},
		"a younger transfer": {plan{AsOf: at.Add(time.Second), Stated: true}, true},
	} {
		if got := saysMore(c.p, known); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
