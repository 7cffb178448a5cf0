package detect

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/budget"

	"pgregory.net/rapid"
)

// spread writes a text with escapes as long as they may be, with as many and as long seams or line ends, and with a run of
// one character in it, however long.
func spread(t *rapid.T, text string) []byte {
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	escaped := rapid.SampledFrom([]int{0, 0, 1, 2, 20}).Draw(t, "plain to one escaped")
	seams := rapid.SampledFrom([]int{0, 1, 6, 20}).Draw(t, "characters to a seam")
	intact := rapid.SampledFrom([]int{0, 8, 8, 25}).Draw(t, "intact")
	blank := strings.Repeat(" ", rapid.SampledFrom([]int{0, 10, budget.Seam/2 - 4, budget.Seam - 4}).Draw(t, "blank"))
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
		if a.form == inBase64 {
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
				want := s.anchors[i].plausible(text, at)
				if got := s.anchors[i].plausible(other, at); got != want {
					t.Fatalf("%q at %d is plausible: %v, with others far away %v", s.anchors[i].text, at, want, got)
				}
			}
		}
	})
	// Much of it is used.
	text := []byte("sk_" + "live_" + strings.Join(strings.SplitAfter(body, "aZ3aZ3"), "\""+strings.Repeat(" ", budget.Seam-3)+"+\""))
	a := &s.anchors[slices.IndexFunc(s.anchors, func(a anchor) bool { return a.form == written && bytes.HasPrefix(text, []byte(a.text)) })]
	if !a.plausible(text, 0) || a.plausible(text[:plausibleReach/8], 0) {
		t.Error("a key with long seams is not plausible, or its beginning is")
	}
}
