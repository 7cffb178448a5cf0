package detect

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// hollowed is a text without the middle of its copied stretches, and what fills it.
type hollowed struct{ text, whole []byte }

func newHollowed(whole []byte, copied []Copied) *hollowed {
	h := &hollowed{slices.Clone(whole), whole}
	for _, c := range copied {
		for i := max(Head, c.To+Edge); i < c.To+c.Len-Edge; i++ {
			h.text[i] = "k_\\"[i%3]
		}
	}
	return h
}

func (h *hollowed) Fill(from, to int) {
	from, to = max(0, from), min(len(h.text), to)
	copy(h.text[from:to], h.whole[from:to])
}

// TestCleanOfHollow: what Clean says and notes of a hollow text is what it says and notes of the whole.
func TestCleanOfHollow(t *testing.T) {
	t.Parallel()
	c := newChanges()
	filler := bytes.Repeat([]byte("a line that says nothing\n"), 2*plausibleReach/25)
	s := New(Options{})
	left := 0
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			// Among the pieces are keys that are none because of what stands before them, and the beginnings of long ones.
			var base []byte
			key := "sk_" + "live_" + strings.Repeat("aZ3", 14)
			type part struct{ from, to, n int } // n characters of a key
			parts := []part{{0, 0, len(key)}}
			for range rapid.IntRange(2, 6).Draw(t, "pieces of base") {
				base = append(base, filler[:rapid.IntRange(0, len(filler)).Draw(t, "filler")]...)
				if rapid.Bool().Draw(t, "piece or key") {
					base = append(base, rapid.SampledFrom(c.pieces).Draw(t, "piece")...)
					continue
				}
				n := rapid.OneOf(rapid.Just(len(key)), rapid.IntRange(8, len(key))).Draw(t, "key")
				base = append(base, 'x')
				if n < len(key) {
					base[len(base)-1] = '\n'
				}
				p := part{from: len(base), n: n}
				every := rapid.IntRange(5, 50).Draw(t, "characters to a seam")
				for k := range n {
					if k > 8 && k%every == 0 {
						base = append(base, ("\"" + strings.Repeat(" ", 200) + "+\"")...)
					}
					base = append(base, key[k])
				}
				p.to = len(base)
				parts = append(parts, p)
				base = append(base, ")\n"...)
			}
			var of, whole, in Marks
			if !s.Clean(base, nil, nil, &of, nil) {
				continue
			}
			var text []byte
			var copied []Copied
			for range rapid.IntRange(1, 3).Draw(t, "stretches") {
				from := rapid.OneOf(rapid.Just(0), rapid.IntRange(0, len(base))).Draw(t, "from")
				to := rapid.OneOf(rapid.Just(len(base)), rapid.IntRange(0, len(base))).Draw(t, "to")
				between := rapid.SampledFrom(c.pieces).Draw(t, "between")
				first, last := rapid.SampledFrom(parts).Draw(t, "first"), rapid.SampledFrom(parts).Draw(t, "last")
				if first.to > 0 { // a key, or not, begins the stretch
					from = first.from
				}
				if last.to > 0 { // a key is completed behind it, or not
					to = last.to
					between = rapid.SampledFrom([]string{key[last.n:] + "\n", "\n", "x"}).Draw(t, "end")
				}
				if to-from > 2*Edge {
					copied = append(copied, Copied{from, len(text), to - from})
					text = append(text, base[from:to]...)
				}
				text = append(text, between...)
			}
			h := newHollowed(text, copied)
			got, want := s.Clean(h.text, &of, copied, &in, h), s.Clean(text, nil, nil, &whole, nil)
			if got != want || in.known != want || !slices.Equal(in.list, whole.list) {
				t.Fatalf("Clean is %v and noted %v, of the whole %v and %v; copied %v", got, in.list, want, whole.list, copied)
			}
			if got && !bytes.Equal(h.text, text) {
				left++
			}
		}
	})
	if left == 0 {
		t.Error("no text was left hollow")
	}
}

// spread writes a text with escapes as long as they may be, with as many and as long seams or line ends, and with a run of
// one character in it, however long.
func spread(t *rapid.T, text string) []byte {
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	escaped := rapid.SampledFrom([]int{0, 0, 1, 2, 20}).Draw(t, "plain to one escaped")
	seams := rapid.SampledFrom([]int{0, 1, 6, 20}).Draw(t, "characters to a seam")
	intact := rapid.SampledFrom([]int{0, 8, 8, 25}).Draw(t, "intact")
	blank := strings.Repeat(" ", rapid.SampledFrom([]int{0, 10, longestSeam/2 - 4, longestSeam - 4}).Draw(t, "blank"))
	seam := rapid.SampledFrom([]string{"\n", "\\n", "\"+\"", "\\\n"}).Draw(t, "seam")
	if seam == "\"+\"" {
		seam = "\"" + blank + "+" + blank + "\""
	} else {
		seam += blank
	}
	form := rapid.SampledFrom([]string{"&" + strings.Repeat("amp;", 6) + "#%d;", "\\\\\\\\u{%08x}", "%%25252525252525%02x", "\\%03o"}).Draw(t, "escape")
	run := rapid.SampledFrom([]string{"\\", " ", "\n", "&amp;", "amp;", "\\n"}).Draw(t, "run")
	run = strings.Repeat(run, rapid.SampledFrom([]int{0, 1, 100, plausibleReach / 2, 2 * plausibleReach}).Draw(t, "run length"))
	runAt := rapid.IntRange(-len(text), len(text)).Draw(t, "run at")
	var out []byte
	for i := range len(text) {
		if i == runAt {
			out = append(out, run...)
		}
		if i < intact {
			out = append(out, text[i])
			continue
		}
		if seams > 0 && rng.IntN(seams) == 0 {
			out = append(out, seam...)
		}
		if escaped > 0 && rng.IntN(escaped) == 0 {
			out = fmt.Appendf(out, form, text[i])
		} else {
			out = append(out, text[i])
		}
	}
	return out
}

// TestPlausibleReach: what stands farther from an anchor than plausibleReach does not count.
func TestPlausibleReach(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	body := strings.Repeat("aZ3", 14)
	var texts []string
	for _, prefix := range []string{"sk_" + "live_", "sk_" + "test_", "ak_", "whsec_"} {
		texts = append(texts, prefix+body, "CLERK_SECRET_KEY="+prefix+body)
		texts = append(texts, base64.StdEncoding.EncodeToString([]byte(prefix+body)), base64.StdEncoding.EncodeToString([]byte(strings.Join(strings.Split(prefix+body, ""), "\x00"))))
	}
	texts = append(texts, "CLERK_API_KEY=live_"+body, "clerkClientSecret: '"+body, "dashboard.clerk.com/apps/claim?token="+body, "claimToken: '"+body)
	for _, magic := range []string{"\x1f\x8b\x08\x00", "BZh91AY&SY", "\x28\xb5\x2f\xfd"} {
		texts = append(texts, base64.StdEncoding.EncodeToString([]byte(magic+body)))
	}
	run := strings.Repeat("\\", 2*plausibleReach) + "n"
	for _, a := range s.anchors {
		if a.role == base64Role {
			texts = append(texts, a.text+run+"////////", a.former+run+a.text+"QUFB")
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		for range 10 {
			around := bytes.Repeat([]byte(rapid.SampledFrom([]string{"\n", "\\", " ", "&amp;", "k"}).Draw(t, "around")), 2*plausibleReach)
			text := slices.Concat(around, spread(t, rapid.SampledFrom(texts).Draw(t, "text")), around)
			fill := rapid.SampledFrom([]byte("\\a\n\"_ k\x00")).Draw(t, "other")
			other := slices.Clone(text)
			c := s.search.Cursor(text, 0)
			for range 100 {
				at, i := c.Next()
				if at < 0 {
					break
				}
				for k := range other {
					if other[k] = text[k]; k < at-plausibleReach || k >= at+plausibleReach {
						other[k] = fill
					}
				}
				want := s.plausible(text, at, &s.anchors[i])
				if got := s.plausible(other, at, &s.anchors[i]); got != want {
					t.Fatalf("%q at %d is plausible: %v, with others far away %v", s.anchors[i].text, at, want, got)
				}
			}
		}
	})
	// Much of it is used.
	text := []byte("sk_" + "live_" + strings.Join(strings.SplitAfter(body, "aZ3aZ3"), "\""+strings.Repeat(" ", longestSeam-3)+"+\""))
	a := &s.anchors[slices.IndexFunc(s.anchors, func(a anchor) bool { return a.role == keyRole && bytes.HasPrefix(text, []byte(a.text)) })]
	if !s.plausible(text, 0, a) || s.plausible(text[:plausibleReach/8], 0, a) {
		t.Error("a key with long seams is not plausible, or its beginning is")
	}
}
