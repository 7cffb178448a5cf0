package backfill

import (
	"context"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// TestIssuesAreComparedDaily loses events, and wants issues and leaks to agree after a comparison.
func TestIssuesAreComparedDaily(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	files := map[string]string{}
	for seed := range int64(4) {
		files[string(rune('a'+seed))+".env"] = "CLERK_SECRET_KEY=" + detecttest.Key(800+seed, detect.Test) + "\n"
	}
	r, ada := b.shop(files)
	if n := len(r.Issues()); n != 4 {
		t.Fatalf("%d issues, want 4", n)
	}
	must := func(_ githubtest.Delivery, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	change := func(number int, state respond.State) {
		t.Helper()
		err := b.store.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
			leak, err := tx.LeakByIssue(ctx, r.ID(), number)
			if err != nil {
				return err
			}
			leak.State, leak.ClosedBy = state, "ada"
			return tx.UpdateLeak(ctx, leak, respond.Event{})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	must(r.CloseIssue(t.Context(), 1, "", ada)) // nobody told us
	must(r.DeleteIssue(t.Context(), 2, ada))    // nor of this
	change(3, respond.Revoked)                  // and our own closing did not happen
	must(r.CloseIssue(t.Context(), 4, "", ada)) // closed, as it should be …
	change(4, respond.Ignored)                  //
	must(r.ReopenIssue(t.Context(), 4, ada))    // … and reopened
	for range 2 {                               // the second time there is nothing to do
		if err := b.worker.queueComparisons(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.idle()
	}
	issues := r.Issues()
	if len(issues) != 5 {
		t.Fatalf("%d issues, want another one for the deleted", len(issues))
	}
	for i, want := range []string{"open", "open", "closed", "open", "open"} {
		if issues[i].State != want {
			t.Errorf("issue %d is %s, want %s", i+1, issues[i].State, want)
		}
	}
	if n := len(issues[0].Comments); n != 1 {
		t.Errorf("%d comments on the closed one, want 1", n)
	}
	err := b.store.View(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
		leak, err := tx.LeakByIssue(ctx, r.ID(), 4)
		if leak.State != respond.Open {
			t.Errorf("the reopened one's leak is %s", leak.State)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestALongPathKeepsTheInstructions: a name of 70 KB beside it takes nothing from an issue.
func TestALongPathKeepsTheInstructions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	acme, ada := b.github.Organization("acme"), b.github.User("ada")
	r, err := b.github.CreateRepository(acme, "shop", githubtest.RepositoryOptions{Private: true})
	if err != nil {
		t.Fatal(err)
	}
	installation, _ := b.github.Install(t.Context(), acme, ada)
	long := strings.Repeat("n", 70_000)
	key := "CLERK_SECRET_KEY=" + detecttest.Key(820, detect.Test) + "\n"
	sha, err := r.Commit(githubtest.Change{Author: ada, Files: map[string]string{
		"fly.toml": "app = 'shop'\n", ".env": key, long: key, "deep/" + long + "/fly.toml": "app = 'other'\n",
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.SetRef("refs/heads/main", sha); err != nil {
		t.Fatal(err)
	}
	b.read(r, installation.ID())
	if issues := r.Issues(); len(issues) != 1 || !strings.Contains(issues[0].Body, "fly secrets set") {
		t.Errorf("%d issues, the first without instructions for Fly", len(issues))
	}
	err = b.store.View(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
		leak, err := tx.LeakByIssue(ctx, r.ID(), 1)
		if err != nil {
			return err
		}
		places, err := tx.Sightings(ctx, leak.ID, 10)
		if len(places) != 2 {
			t.Errorf("%d places, want that with the long path too", len(places))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
