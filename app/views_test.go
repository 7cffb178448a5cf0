package app

import (
	"context"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/api"
	"github.com/rekey-app/rekey/respond/ledger"
)

// tellsItsLife wants what a dashboard shows of a leak that was found, not revoked when that was said first, and then revoked.
func (w *world) tellsItsLife(id int64, issue string) {
	w.t.Helper()
	var d ledger.LeakDetail
	var repository ledger.RepositoryPage
	err := w.server.Store().View(w.ctx, func(ctx context.Context, tx *ledger.Tx) (err error) {
		if d, err = tx.LeakDetail(ctx, ledger.Visible{Everything: true}, id); err != nil {
			return err
		}
		repository, err = tx.RepositoryList(ctx, ledger.Visible{Everything: true}, ledger.RepositoryQuery{ID: d.Repository.ID})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	var told []string
	for _, h := range d.Timeline {
		line := string(h.Kind)
		switch h.Kind {
		case ledger.HappenedDone:
			line = string(h.Activity.Kind) + " " + h.Activity.What + " by " + h.By
		case ledger.HappenedState:
			line += " " + string(h.To) + " by " + h.By
		}
		told = append(told, line)
	}
	for line, times := range map[string]int{
		"found": 1, "seen": 3, "check": 3, "effect issue by rekey": 1, "command rotated by ada": 2, "answer alive by Clerk": 1,
		"answer revoked by Clerk": 1, "state revoked by Clerk": 1, "effect comment by rekey": 2, "effect close by rekey": 1,
	} {
		n := 0
		for _, l := range told {
			if l == line {
				n++
			}
		}
		if n != times {
			w.t.Errorf("the timeline has %q %d times, want %d: %s", line, n, times, strings.Join(told, "; "))
		}
	}
	if !slices.IsSortedFunc(d.Timeline, func(a, b ledger.Happening) int { return a.At.Compare(b.At) }) {
		w.t.Error("the timeline is not in order")
	}
	if in := api.InstructionsOf(w.ctx, d, w.github.URL()); in.Source != "issue" || !strings.HasSuffix(strings.TrimSpace(issue), strings.TrimSpace(in.Markdown)) || in.Markdown == "" {
		w.t.Errorf("the instructions are from the %s:\n%s\nthe issue says\n%s", in.Source, in.Markdown, issue)
	}
	if d.Seen.Before(d.Leak.Closed) || d.Places != 3 {
		w.t.Errorf("last seen at %s in %d places", d.Seen, d.Places)
	}
	if row := repository.Repositories[0]; row.History != ledger.HistoryDone || row.Read.IsZero() {
		w.t.Errorf("the repository: %+v", row)
	}
}
