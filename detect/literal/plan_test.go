package literal

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestPlanIsSound(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		literals := map[string]bool{}
		for range rng.IntN(60) {
			l := make([]byte, 3+rng.IntN(14))
			for i := range l {
				l[i] = byte(rng.IntN(128))
			}
			literals[string(l)] = true
		}
		var list []string
		for l := range literals {
			list = append(list, l)
		}
		for _, w := range []way{vbmi, avx2, portable} {
			for i, p := range plan(list, w) {
				if p.offset < 0 || p.offset+shortest > len(list[i]) || p.bucket < 0 || p.bucket >= groups {
					t.Fatalf("%s: %q: %+v", w, list[i], p)
				}
			}
		}
	}
}

// TestPlanIsDeterministic holds that the speed of a set is the same in every process.
func TestPlanIsDeterministic(t *testing.T) {
	t.Parallel()
	for _, w := range []way{vbmi, avx2, portable} {
		first := plan(forms(), w)
		for range 5 {
			if again := plan(forms(), w); !slices.Equal(first, again) {
				t.Fatalf("%s: %v, then %v", w, first, again)
			}
		}
	}
}

func TestCrossed(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 8))
	for n := range 128 {
		var s byteSet
		var low, high [16]bool
		for range n % 12 {
			c := byte(rng.IntN(128))
			s.add(c)
			low[c&15], high[c>>3] = true, true
		}
		all := crossed(s)
		for c := range byte(128) {
			if want := low[c&15] && high[c>>3]; all.has(c) != want {
				t.Fatalf("of %q: crossed has %q: %v", s.members(nil), c, !want)
			}
		}
	}
}

func TestPlanSharesWindows(t *testing.T) {
	t.Parallel()
	p := plan([]string{"sk_live_x", "sk_live_y", "mysk_", "NrX2xpdmVf", "ab_"}, vbmi)
	if p[0] != p[1] || p[3].bucket == p[0].bucket {
		t.Errorf("placements %+v", p)
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		if _, err := Compile(forms()); err != nil {
			b.Fatal(err)
		}
	}
}
