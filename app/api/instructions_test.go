package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/app/api"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// TestInstructions: the issue's own text is shown while it says what is so; once the leak has changed, and where there is none,
// the text is written from what is recorded, with the details that a public issue would not have.
func TestInstructions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := func(id int64) api.Instructions {
		t.Helper()
		var d api.Detail
		if err := json.Unmarshal(w.get(fmt.Sprintf("/api/v1/leaks/%d", id)).Body.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(d.Instructions.Markdown, "<!--") {
			t.Errorf("a marker is in the instructions: %s", d.Instructions.Markdown)
		}
		return d.Instructions
	}
	if got := ask(w.leak); got.Source != "issue" || got.Markdown != "**Done** in acme" || got.Title != "Leaked in acme" {
		t.Errorf("the issue's: %+v", got)
	}
	w.update(func(ctx context.Context, tx *ledger.Tx) error {
		l, err := tx.Leak(ctx, w.other)
		if err != nil {
			return err
		}
		l.State = respond.Open
		return tx.UpdateLeak(ctx, l, respond.Event{By: "mona", From: respond.Revoked, To: respond.Open, Reason: "again"})
	})
	if got := ask(w.other); got.Source != "facts" || !strings.Contains(got.Markdown, "clerk.other.example") || !strings.Contains(got.Markdown, "/rekey rotated") {
		t.Errorf("of a leak that has changed, in a public repository: %+v", got)
	}
	if got := ask(w.leak + 1); got.Source != "facts" || got.Markdown == "" {
		t.Errorf("without an issue: %+v", got)
	}
}
