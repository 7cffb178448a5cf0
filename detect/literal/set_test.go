package literal

import (
	"bytes"
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

// naive is what AppendHits must equal.
func naive(literals []string, text []byte, from, to int) []Hit {
	var hits []Hit
	for i, l := range literals {
		for at := from; at < to; at++ {
			k := bytes.Index(text[at:], []byte(l))
			if k < 0 || at+k >= to {
				break
			}
			at += k
			hits = append(hits, Hit{at, i})
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		if a.Pos != b.Pos {
			return a.Pos - b.Pos
		}
		return len(literals[b.Index]) - len(literals[a.Index])
	})
	return hits
}

// check compares a set with naive, through every way of asking.
func check(t *testing.T, literals []string, s *Set, text []byte, from, to int) {
	t.Helper()
	want := naive(literals, text, from, to)
	got := s.AppendHits(nil, text, from, to)
	if !slices.Equal(got, want) {
		t.Fatalf("AppendHits(%q, %d, %d)\n got %v\nwant %v", text, from, to, got, want)
	}
	var first []Hit
	for _, h := range want {
		if len(first) == 0 || first[len(first)-1].Pos != h.Pos {
			first = append(first, h)
		}
	}
	var next []Hit
	for at := from; ; {
		pos, index := s.Next(text, at)
		if pos < 0 || pos >= to {
			break
		}
		next = append(next, Hit{pos, index})
		at = pos + 1
	}
	if !slices.Equal(next, first) {
		t.Fatalf("Next over %q from %d to %d\n got %v\nwant %v", text, from, to, next, first)
	}
}

// sets compiles literals for each way.
func sets(t testing.TB, literals []string) map[string]*Set {
	t.Helper()
	m := map[string]*Set{}
	for _, w := range ways() {
		s, err := compile(literals, w)
		if err != nil {
			t.Fatal(err)
		}
		m[string(w)] = s
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
					text := soup(rng, literals, rng.IntN(300))
					from := rng.IntN(len(text) + 1)
					to := from + rng.IntN(len(text)-from+1)
					check(t, literals, s, text, 0, len(text))
					check(t, literals, s, text, from, to)
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

func TestNextOutsideText(t *testing.T) {
	t.Parallel()
	for kind, s := range sets(t, forms()) {
		for _, from := range []int{-5, 3, 4, 100} {
			if pos, index := s.Next([]byte("ak."), from); from > 0 && pos != -1 || index != -1 {
				t.Errorf("%s: Next from %d = %d, %d", kind, from, pos, index)
			}
		}
		if pos, index := s.Next(nil, 0); pos != -1 || index != -1 {
			t.Errorf("%s: Next in nil = %d, %d", kind, pos, index)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	for _, literals := range [][]string{{"ab"}, {""}, {"abc", "abc"}, {"sé_"}} {
		if _, err := Compile(literals); err == nil {
			t.Errorf("Compile(%q) accepted", literals)
		}
	}
	s, err := Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	if pos, _ := s.Next([]byte("some text that is longer than any vector, and then some"), 0); pos != -1 {
		t.Errorf("empty set found something at %d", pos)
	}
}

func TestCleanTextAllocatesNothing(t *testing.T) {
	text := bytes.Repeat([]byte("nothing here to see, moving along; "), 1000)
	for kind, s := range sets(t, forms()) {
		if n := testing.AllocsPerRun(10, func() { s.Next(text, 0); s.AppendHits(nil, text, 0, len(text)) }); n != 0 {
			t.Errorf("%s: %v allocations", kind, n)
		}
	}
}
