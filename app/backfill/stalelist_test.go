package backfill

import (
	"context"
	"testing"

	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// TestAnOldListCorrectsNothing lists an issue while it is closed; its leak was opened again, and the issue with it, before the list is
// looked at. Nobody is told that it was closed by nobody knows whom.
func TestAnOldListCorrectsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r, ada := b.shop(map[string]string{".env": "CLERK_SECRET_KEY=" + detecttest.Key(800, detect.Test) + "\n"})
	var leak respond.Leak
	var repository respond.Repository
	err := b.store.View(t.Context(), func(ctx context.Context, tx *ledger.Tx) (err error) {
		if leak, err = tx.LeakByIssue(ctx, r.ID(), 1); err != nil {
			return err
		}
		repository, err = tx.Repository(ctx, r.ID())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	client := b.worker.GitHub.Repository(record.Target(repository), github.RespondAccess)
	comments := len(r.Issues()[0].Comments)
	listed := github.Issue{Number: 1, State: "closed"} // as it was when the list was made
	if err := b.worker.compareIssue(t.Context(), client, leak.ID, listed); err != nil {
		t.Fatal(err)
	}
	b.idle()
	if issue := r.Issues()[0]; issue.State != "open" || len(issue.Comments) != comments {
		t.Errorf("the issue is %s, with %d comments", issue.State, len(issue.Comments))
	}
	if _, err := r.CloseIssue(t.Context(), 1, "", ada); err != nil { // one that is closed still is opened again
		t.Fatal(err)
	}
	if err := b.worker.compareIssue(t.Context(), client, leak.ID, listed); err != nil {
		t.Fatal(err)
	}
	b.idle()
	if issue := r.Issues()[0]; issue.State != "open" || len(issue.Comments) != comments+1 {
		t.Errorf("the closed issue is %s, with %d comments", issue.State, len(issue.Comments))
	}
}
