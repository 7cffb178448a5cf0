//go:build !purego

package literal

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestGivesUpStopping holds that the texts of these tests are such that the search changes its way, and back.
func TestGivesUpStopping(t *testing.T) {
	t.Parallel()
	if !slices.Contains(ways(), vbmi) {
		t.Skip("this processor has no AVX-512 VBMI")
	}
	s := sets(t, forms())[string(vbmi)]
	rng := rand.New(rand.NewPCG(5, 6))
	text := mirage(rng, s, []string{"."}, 20_000)
	if at, word := findVBMI(&s.tables.vbmi, &s.filter, &text[0], len(text)); word != 0 || at >= len(text) {
		t.Errorf("went on to %d of %d", at, len(text))
	}
	after := append(make([]byte, 300_000), text...) // what it did without stopping before does not count
	if at, word := findVBMI(&s.tables.vbmi, &s.filter, &after[0], len(after)); word != 0 || at >= len(after) {
		t.Errorf("behind text without stops, went on to %d of %d", at, len(after))
	}
	var list [candidates]candidate
	if at, n := s.fillNoted(&list, text, 0); n > 0 || at < len(text)-3*block {
		t.Errorf("went on to %d of %d and found %d", at, len(text), n)
	}
	clean := append(text[:10_000:10_000], make([]byte, 20_000)...)
	if at, n := s.fillNoted(&list, clean, 0); n > 0 || at < 10_000 || at > 10_000+2*noted*block {
		t.Errorf("did not go on to 10000, or beyond it, but to %d, and found %d", at, n)
	}
}
