package detect

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// changes draws texts that are made of each other.
type changes struct {
	pieces []string // most hold an anchor and no credential, or a part of either
	cut    []string // what is cut in two by the beginning or end of a stretch
	first  []byte   // what the cut ones may be completed from
}

func newChanges() changes {
	key := "sk_" + "live_" + strings.Repeat("aZ3", 14)
	c := changes{
		pieces: []string{
			"", "\n", " ", "x", "key = ", "const apiKey = \"", "\"", "'", "\\", "ak_", "ak_short", "whsec_", "whsec_abc", "sk_live_x", "sk_\\u00", "5f",
			"CLERK_SECRET_KEY=", "clerk_", "dashboard.clerk.com", "dashboard.clerk.com/apps/claim?token=", "claimToken", "s\x00k\x00_\x00",
			"c2tf", "bGl2ZV", "H4sI", "é", "\xff\xfe", key, key[:20], key[20:], base64.StdEncoding.EncodeToString([]byte(key)),
			strings.Repeat("some line of a file that says nothing\n", 3), strings.Repeat("0123456789abcdef", 5),
		},
		cut: []string{key, "dashboard.clerk.com", "lerkEncryptionKey", "ak_"},
	}
	for _, text := range c.cut {
		for k := 1; k < len(text); k++ {
			c.first = append(append(append(append(c.first, text[:k]...), "\n\n"...), text[k:]...), "\n\n"...)
		}
	}
	for _, a := range anchorsOf(rules(false)) {
		c.pieces = append(c.pieces, a.text, a.text[:len(a.text)-1], a.text[1:])
	}
	return c
}

// draw draws a text, and the stretches that it has from base. Many of these begin or end within an anchor.
func (c *changes) draw(t *rapid.T, base []byte) (text []byte, copied []CopiedRange) {
	take := func(from, n int) {
		copied = append(copied, CopiedRange{from, len(text), n})
		text = append(text, base[from:from+n]...)
	}
	for range rapid.IntRange(1, 12).Draw(t, "pieces") {
		how := rapid.IntRange(0, 5).Draw(t, "how")
		if len(base) == 0 || how < 2 {
			text = append(text, rapid.SampledFrom(c.pieces).Draw(t, "piece")...)
			continue
		}
		if how == 2 {
			from := rapid.IntRange(0, len(base)-1).Draw(t, "from")
			take(from, rapid.OneOf(rapid.IntRange(1, len(base)-from), rapid.IntRange(1, min(len(base)-from, 60))).Draw(t, "len"))
			continue
		}
		a := rapid.SampledFrom(c.cut).Draw(t, "cut")
		k := rapid.IntRange(1, len(a)-1).Draw(t, "at")
		if how == 3 { // a stretch that ends within it
			if end := bytes.Index(base, []byte(a[:k])); end >= 0 {
				n := rapid.IntRange(1, min(end+k, 100)).Draw(t, "before")
				take(end+k-n, n)
				text = append(text, a[k:]...)
			}
		} else if at := bytes.LastIndex(base, []byte(a[k:])); at >= 0 { // or begins there
			text = append(text, a[:k]...)
			take(at, rapid.IntRange(1, min(len(base)-at, 100)).Draw(t, "behind"))
		}
	}
	return text, copied
}

// TestCleanOfChanges: what Clean says and notes of a text that was made of another is what it says and notes of the whole,
// and what it calls clean, Examine does too.
func TestCleanOfChanges(t *testing.T) {
	t.Parallel()
	c := newChanges()
	s := New(Options{})
	rapid.Check(t, func(t *rapid.T) {
		base := c.first
		var noted [2]AnchorNotes
		if !s.IsClean(base, nil, nil, &noted[0]) {
			t.Fatal("what the texts are made of is not clean")
		}
		for generation := range 10 {
			text, copied := c.draw(t, base)
			of, in := &noted[generation%2], &noted[(generation+1)%2]
			var whole AnchorNotes
			got, want := s.IsClean(text, of, copied, in), s.IsClean(text, nil, nil, &whole)
			if got != want {
				t.Fatalf("Clean of the change is %v, of the whole %v: %q, of %q by %v", got, want, text, base, copied)
			}
			if in.known != want || !slices.Equal(in.list, whole.list) {
				t.Fatalf("noted %v, of the whole %v: %q, of %q by %v", in.list, whole.list, text, base, copied)
			}
			r := s.Examine(t.Context(), "", text)
			if got && len(r.Findings)+len(r.Skipped) > 0 {
				t.Fatalf("clean is %q, with %d findings, %v", text, len(r.Findings), r.Skipped)
			}
			base = text
		}
	})
}

// TestCleanForgets holds that marks that are too many, or of a text that is not clean, are none.
func TestCleanForgets(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	many := bytes.Repeat([]byte("CLERK_ "), mostMarks+1)
	var m, n AnchorNotes
	if !s.IsClean(many, nil, nil, &m) || m.known {
		t.Errorf("of %d marks %d are noted", mostMarks+1, len(m.list))
	}
	key := []byte("CLERK_SECRET_KEY=sk_" + "live_" + strings.Repeat("aZ3", 14))
	text := slices.Concat(many, key, []byte("\n"), many)
	if s.IsClean(text, &m, []CopiedRange{{0, 0, len(many)}}, &n) || n.known {
		t.Error("a text with a key is clean")
	}
	if s.IsClean(slices.Concat(text, []byte(" ")), &n, []CopiedRange{{0, 0, len(text)}}, &m) {
		t.Error("a text with a key copied from one is clean")
	}
}

func TestCleanAllocatesNothing(t *testing.T) {
	s := New(Options{})
	text := bytes.Repeat([]byte("nothing here but CLERK_ and ak_, moving along; "), 100)
	var of, in AnchorNotes
	s.IsClean(text, nil, nil, &of)
	copied := []CopiedRange{{0, 0, 2000}, {2100, 2100, len(text) - 2100}}
	s.IsClean(text, &of, copied, &in)
	if n := testing.AllocsPerRun(20, func() { s.IsClean(text, &of, copied, &in) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
