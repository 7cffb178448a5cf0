package github_test

import (
	"testing"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
)

// TestDeleted: what was transferred to another repository is not taken for deleted, whether the App reaches that or not.
func TestDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	client := w.as(t, github.TextsAccess, nil)
	there, err := w.CreateRepository(w.repo.Owner(), "elsewhere", githubtest.RepositoryOptions{Private: true})
	if err != nil {
		t.Fatal(err)
	}
	there.SetRole(w.ada, "admin")
	public, err := w.CreateRepository(w.repo.Owner(), "public", githubtest.RepositoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	number := func() int {
		n, _ := w.repo.OpenIssue(ctx, "an issue", "", w.ada)
		return n
	}
	kept, deleted, moved, published := number(), number(), number(), number()
	if _, err := w.repo.DeleteIssue(ctx, deleted, w.ada); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.repo.TransferIssue(ctx, moved, there, w.ada); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.repo.TransferIssue(ctx, published, public, w.ada); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		number        int
		itself, under bool
	}{
		"there":                         {kept, false, true},
		"deleted":                       {deleted, true, true},
		"transferred out of reach":      {moved, false, false},
		"transferred to where all can":  {published, false, false},
		"a number that there never was": {9999, false, false},
	} {
		for _, comment := range []bool{false, true} {
			want := test.itself
			if comment {
				want = test.under
			}
			if got, err := client.Deleted(ctx, test.number, comment); got != want || err != nil {
				t.Errorf("%s, comment %v: %v, %v", name, comment, got, err)
			}
		}
	}
}
