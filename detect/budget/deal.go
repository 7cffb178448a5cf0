package budget

import (
	"cmp"
	"slices"
)

// Group is a credential with the places where it was seen, for [Deal].
type Group struct {
	Rank int // the lower, the more urgent
	Size int // how many places there are
}

// Deal says how many places of each group are kept where at most limit are kept in all, and at most each of one group.
// The most urgent groups come first, those of one rank in their order, and every group gets one before any gets a second:
// a group that gets none is one for which there was no room behind others as urgent or more.
func Deal(groups []Group, limit, each int) []int {
	order := make([]int, 0, len(groups))
	for i, g := range groups {
		if g.Size > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(groups[a].Rank, groups[b].Rank) })
	kept := make([]int, len(groups))
	for round := 1; round <= each && limit > 0 && len(order) > 0; round++ {
		more := order[:0:0]
		for _, i := range order {
			if limit == 0 {
				break
			}
			limit--
			kept[i] = round
			if groups[i].Size > round {
				more = append(more, i)
			}
		}
		order = more
	}
	return kept
}
