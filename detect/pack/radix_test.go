package pack

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestRadixSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOf(rapid.Uint64()).Draw(t, "keys")
		from := rapid.UintRange(0, 63).Draw(t, "from")
		to := rapid.UintRange(from, 64).Draw(t, "to")
		for i := range keys {
			if to < 64 {
				keys[i] &= 1<<to - 1
			}
		}
		want := slices.Clone(keys)
		slices.SortStableFunc(want, func(a, b uint64) int { return cmp.Compare(a>>from, b>>from) })
		if got := radixSort(keys, make([]uint64, len(keys)), from, to); !slices.Equal(got, want) {
			t.Fatalf("sorted by bits %d to %d: %x, want %x", from, to, got, want)
		}
	})
}
