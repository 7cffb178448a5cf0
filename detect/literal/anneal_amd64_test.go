//go:build !purego

package literal

import (
	"math/bits"
	"math/rand/v2"
	"testing"
)

// TestCrossingIsWhatTheSearchSees holds the annealer's idea of a stop against the tables of the search.
func TestCrossingIsWhatTheSearchSees(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 8))
	list := make([]sample, 20_000)
	for i := range list {
		l := forms()[rng.IntN(len(forms()))]
		for j := range list[i].bytes {
			list[i].bytes[j] = l[rng.IntN(len(l))]
		}
		list[i].weight = 1
	}
	s, err := Compile(forms(), placed(forms()))
	if err != nil {
		t.Fatal(err)
	}
	a := newAnnealer(forms(), list)
	for i, l := range forms() {
		a.at[i] = placed(forms())[l]
	}
	want, got := 0.0, 0
	for b := range groups {
		want += a.stops(b)
	}
	for _, one := range list {
		buckets := byte(0xff)
		for i, c := range one.bytes {
			buckets &= s.tables.low[i][0][c&15]
			if i > 0 {
				buckets &= s.tables.high[i-1][0][c>>3&15]
			}
		}
		got += bits.OnesCount8(buckets)
	}
	if want == 0 || want != float64(got) {
		t.Errorf("the annealer counts %v stops, the search makes %d", want, got)
	}
}
