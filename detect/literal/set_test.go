package literal

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
)

// forms are literals as a scanner has them: prefixes in plain, base64 at three alignments, UTF-16, escapes, hex.
func forms() []string {
	return []string{
		"sk_live_", "sk_test_", "ak_", "whsec_", "pk_live_", "pk_test_",
		"c2tfbGl2ZV", "c2tfdGVzdF", "NrX2xpdmVf", "NrX3Rlc3Rf", "za19saXZlX", "za190ZXN0X", "d2hzZWNf", "doc2VjX", "3aHNlY1",
		"s\x00k\x00_\x00", "\x00s\x00k\x00_", "w\x00h\x00s\x00e\x00c", "a\x00k\x00_\x00",
		`sk\u005f`, `sk\x5f`, `sk\_`, "sk%5f", "sk%5F", "sk&#95;", "sk&#x5f;", "sk&lowbar;",
		"736b5f", "736B5F", "77687365635f", "77687365635F", "c2tfY", "ERK",
	}
}

// hit is an occurrence of a literal.
type hit struct{ pos, index int }

// naive is what Next must give from from on: of the literals that start at a place the longest.
func naive(literals []string, text []byte, from int) []hit {
	var hits []hit
	for at := from; at < len(text); at++ {
		best := -1
		for i, l := range literals {
			if !bytes.HasPrefix(text[at:], []byte(l)) || len(l) == shortest && at+shortest < len(text) && text[at+shortest] >= 0x80 {
				continue
			}
			if best < 0 || len(l) > len(literals[best]) {
				best = i
			}
		}
		if best >= 0 {
			hits = append(hits, hit{at, best})
		}
	}
	return hits
}

// next is a cursor's first answer.
func next(s *Set, text []byte, from int) (pos, index int) {
	c := s.Cursor(text, from)
	return c.Next()
}

// check compares a set with naive.
func check(t *testing.T, literals []string, s *Set, text []byte, from int) {
	t.Helper()
	var got []hit
	c := s.Cursor(text, from)
	for {
		pos, index := c.Next()
		if pos < 0 {
			break
		}
		got = append(got, hit{pos, index})
	}
	if want := naive(literals, text, from); !slices.Equal(got, want) {
		t.Fatalf("Next over %q from %d\n got %v\nwant %v", text, from, got, want)
	}
}

// placed are any placements for literals, the same at each call.
func placed(literals []string) Placements {
	rng := rand.New(rand.NewPCG(9, uint64(len(literals))))
	p := Placements{}
	for _, l := range literals {
		p[l] = Placement{rng.IntN(max(1, min(farthest+1, len(l)-window+1))), rng.IntN(groups)}
	}
	return p
}

// sets compiles literals for each backend.
func sets(t testing.TB, literals []string) map[string]*Set {
	t.Helper()
	m := map[string]*Set{}
	for _, b := range backends() {
		s, err := compile(literals, placed(literals), b)
		if err != nil {
			t.Fatal(err)
		}
		m[string(b)] = s
	}
	return m
}

func TestEqualsNaive(t *testing.T) {
	t.Parallel()
	lists := map[string][]string{
		"forms":    forms(),
		"one":      {"abc"},
		"overlap":  {"aaa", "aaaa", "aaaaaaaaaaaaaaaaaaaaaaaa", "aab", "baa", "abab", "baba"},
		"nested":   {"abcdef", "bcd", "cde", "bcdefg", "def"},
		"sameness": {"k_live_", "sk_live_", "live_", "_live_", "ive_"},
	}
	for name, literals := range lists {
		for kind, s := range sets(t, literals) {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				rng := rand.New(rand.NewPCG(1, 2))
				for range 3000 {
					text := soup(rng, literals, rng.IntN(400))
					check(t, literals, s, text, 0)
					check(t, literals, s, text, rng.IntN(len(text)+1))
				}
			})
		}
	}
}

// soup makes a text of literals, their pieces and other bytes.
func soup(rng *rand.Rand, literals []string, n int) []byte {
	text := make([]byte, 0, n+16)
	for len(text) < n {
		l := literals[rng.IntN(len(literals))]
		switch rng.IntN(4) {
		case 0:
			text = append(text, l...)
		case 1:
			text = append(text, l[:rng.IntN(len(l))]...)
		case 2:
			text = append(text, byte(rng.Uint32()))
		case 3:
			for range rng.IntN(40) {
				text = append(text, '.')
			}
		}
	}
	return text
}

// mirage makes a text in which many places look like windows of a bucket and are none, and some are literals.
func mirage(rng *rand.Rand, s *Set, literals []string, n int) []byte {
	text := make([]byte, 0, n+64)
	for len(text) < n {
		bucket := s.buckets[rng.IntN(groups)]
		switch r := rng.IntN(20); {
		case r == 0:
			text = append(text, literals[rng.IntN(len(literals))]...)
		case r < 10 && len(bucket) > 0:
			var mixed [window]byte
			for i := range mixed {
				e := bucket[rng.IntN(len(bucket))]
				w := windowAt(e.text, e.offset)
				mixed[i] = w[min(i, len(w)-1)]
			}
			if s.filter.bit(binary.LittleEndian.Uint32(mixed[:])) == 0 {
				text = append(text, mixed[:]...)
			}
		default:
			for range rng.IntN(60) {
				text = append(text, '.')
			}
		}
	}
	return text
}

// TestEqualsNaiveAmongMirages is for texts in which the search would stop again and again for nothing.
func TestEqualsNaiveAmongMirages(t *testing.T) {
	t.Parallel()
	literals := forms()
	for kind, s := range sets(t, literals) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(3, 4))
			for range 20 {
				text := mirage(rng, s, literals, rng.IntN(20_000))
				check(t, literals, s, text, 0)
				check(t, literals, s, text, rng.IntN(len(text)+1))
			}
		})
	}
}

func TestNextOutsideText(t *testing.T) {
	t.Parallel()
	for kind, s := range sets(t, forms()) {
		for _, from := range []int{-5, 3, 4, 100} {
			if pos, index := next(s, []byte("ak."), from); from > 0 && pos != -1 || index != -1 {
				t.Errorf("%s: Next from %d = %d, %d", kind, from, pos, index)
			}
		}
		if pos, index := next(s, nil, 0); pos != -1 || index != -1 {
			t.Errorf("%s: Next in nil = %d, %d", kind, pos, index)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	for _, literals := range [][]string{{"ab"}, {""}, {"abc", "abc"}, {"sé_"}} {
		if _, err := Compile(literals, nil); err == nil {
			t.Errorf("Compile(%q) accepted", literals)
		}
	}
	s, err := Compile(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if pos, _ := next(s, []byte("some text that is longer than any vector, and then some"), 0); pos != -1 {
		t.Errorf("empty set found something at %d", pos)
	}
}

func TestCleanTextAllocatesNothing(t *testing.T) {
	text := bytes.Repeat([]byte("nothing here to see, moving along; "), 1000)
	for kind, s := range sets(t, forms()) {
		if n := testing.AllocsPerRun(10, func() { next(s, text, 0) }); n != 0 {
			t.Errorf("%s: %v allocations", kind, n)
		}
	}
}
