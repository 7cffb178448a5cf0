package literal

import (
	"bytes"
	"testing"
)

// FuzzNaive compares every way of searching with bytes.Index: the literals are the lines of list, made ASCII.
func FuzzNaive(f *testing.F) {
	f.Add([]byte("sk_\nwhsec_\nc2tf"), []byte("xx sk_live_ whsec_ c2tf sk"), 0)
	f.Add([]byte("aaa\naaaa\naab"), bytes.Repeat([]byte("a"), 200), 3)
	f.Add([]byte("s\x00k\x00_"), append(make([]byte, 130), "s\x00k\x00_\x00"...), 0)
	f.Fuzz(func(t *testing.T, list, text []byte, from int) {
		var literals []string
		seen := map[string]bool{}
		for line := range bytes.SplitSeq(list, []byte("\n")) {
			for i := range line {
				line[i] &= 0x7f
			}
			if l := string(line); len(l) >= shortest && !seen[l] && len(literals) < 50 {
				seen[l] = true
				literals = append(literals, l)
			}
		}
		if len(text) > 4096 {
			return
		}
		from = min(max(from, 0), len(text))
		for _, s := range sets(t, literals) {
			check(t, literals, s, text, 0)
			check(t, literals, s, text, from)
		}
	})
}

// FuzzForms is FuzzNaive with fixed literals, which need not be compiled for each text.
func FuzzForms(f *testing.F) {
	f.Add([]byte("sk_live_ whsec_ c2tfbGl2ZV s\x00k\x00_\x00"), uint16(0))
	f.Add(bytes.Repeat([]byte("736b5f736B5F"), 40), uint16(3))
	literals := forms()
	all := sets(f, literals)
	f.Fuzz(func(t *testing.T, text []byte, from uint16) {
		for _, s := range all {
			check(t, literals, s, text, min(int(from), len(text)))
		}
	})
}
