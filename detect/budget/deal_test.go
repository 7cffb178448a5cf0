package budget_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect/budget"
)

// TestDealKeepsTheMostUrgent: whatever there is, no group goes without while a less urgent one has a place or any has two.
func TestDealKeepsTheMostUrgent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		groups := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) budget.Group {
			return budget.Group{Rank: rapid.IntRange(0, 5).Draw(t, "rank"), Size: rapid.IntRange(0, 9).Draw(t, "size")}
		}), 0, 40).Draw(t, "groups")
		limit, each := rapid.IntRange(0, 60).Draw(t, "limit"), rapid.IntRange(1, 8).Draw(t, "each")
		kept := budget.Deal(groups, limit, each)
		total, room := 0, 0
		for i, n := range kept {
			total += n
			room += min(groups[i].Size, each)
			if n > min(groups[i].Size, each) {
				t.Fatalf("group %d keeps %d of %d", i, n, groups[i].Size)
			}
		}
		if total != min(limit, room) {
			t.Fatalf("%d kept, where there is room for %d and there are %d", total, limit, room)
		}
		for i, n := range kept {
			if n > 0 || groups[i].Size == 0 {
				continue
			}
			for j, m := range kept {
				if m > 1 || m == 1 && groups[j].Rank > groups[i].Rank {
					t.Fatalf("group %d of rank %d has none, group %d of rank %d has %d", i, groups[i].Rank, j, groups[j].Rank, m)
				}
			}
		}
	})
	if got := budget.Deal([]budget.Group{{2, 3}, {1, 1}, {2, 3}}, 5, 2); !slices.Equal(got, []int{2, 1, 2}) {
		t.Errorf("dealt %v", got)
	}
}
