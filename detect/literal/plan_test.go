package literal

import (
	"math/rand/v2"
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
		for i, p := range plan(list, vbmi) {
			if p.offset < 0 || p.offset+shortest > len(list[i]) || p.bucket < 0 || p.bucket >= groups {
				t.Fatalf("%q: %+v", list[i], p)
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
