package detect

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
)

// form is how a text is written that an anchor stands in.
type form byte

const (
	written     form = iota // as it is
	torn                    // at a seam within a rule's word, or behind it: _live_ or _test_ behind a k or a seam's end
	underscored             // at an escaped underscore
	inBase64                // of any of these
	inHex
	inUTF16
	packedInBase64 // a compressed file, which decodes as a whole
	packedInHex
)

// decodes reports whether what stands at the anchor is decoded, and read then.
func (f form) decodes() bool { return f >= inBase64 }

// anchor is a literal that every credential in some form holds.
type anchor struct {
	text  string
	form  form
	steps int      // of the search stopping there, and of the cheap look
	rule  *rule    // for what is written as it is
	words *wordSet // for what is torn or underscored
	// align is, for base64, the place of the first character in its group of four.
	align int
	// whole are, for base64 and hexadecimal, the texts of which one must follow from the anchor's start on, line ends
	// aside. Empty: any.
	whole []string
	// former is set where the anchor is the later part of such a text, for those whose former part a line end tears apart.
	// Where the former part stands whole, that is the anchor.
	former string
	// inner is set where the line end may be one of the text within, which changes what stands for the former part.
	inner bool
	// wide is set where the anchor is but an underscore in UTF-16, which stands in other text too.
	wide bool
}

// formSteps are the steps of an anchor that is not written as it is, measured: BenchmarkAdversary prints them.
var formSteps = [...]int{torn: 500, underscored: 800, inBase64: 250, inHex: 120, inUTF16: 200, packedInBase64: 200, packedInHex: 120}

// prefixLen is the length of what the search looks for of each anchor. Shorter ones slow it down.
const prefixLen = 4

// anchorsOf returns all anchors of rules, and those of compressed files. The fewer there are, the faster is the search, and in
// base64 more than elsewhere: what several forms have in common serves all of them.
func anchorsOf(rules []*rule) []anchor {
	var list []anchor
	add := func(f form, texts ...string) {
		for _, text := range texts {
			list = append(list, anchor{text: text, form: f})
		}
	}
	var starts []string
	for _, c := range rules {
		for _, text := range c.anchors {
			list = append(list, anchor{text: text, form: written, rule: c})
		}
		list = append(list, tornAnchors(c)...)
		list = append(list, encodedAnchors(c)...)
		if start := common(c.starts); start != "" && c.depth >= inAny {
			digits := hex.EncodeToString([]byte(start))
			add(inHex, digits, strings.ToUpper(digits))
			add(inUTF16, strings.TrimSuffix(widen(start), "\x00"))
		}
		starts = append(starts, c.starts...)
	}
	for align := range 3 {
		list = append(list, wide(starts, align)...)
	}
	add(underscored, `\x5f`, `\x5F`, `\u005f`, `\u005F`, "u{5f}", "%5f", "%5F", "%255f", "%255F", "=5F", "#95;", "#x5f;", "#x5F;", "lowbar;")
	add(packedInBase64, "H4sI", "UEsDB", "Qlpo", "KLUv", base64XZ, base64Gzip2)
	add(packedInHex, "1f8b08", "504b0304", "1F8B08", "504B0304")
	words := newWordSet(rules...)
	for i := range list {
		a := &list[i]
		if a.form == underscored {
			a.words = words
		}
		if a.steps = formSteps[a.form]; a.rule != nil {
			a.steps = a.rule.steps
		}
	}
	return list
}

// tornAnchors returns those of what a seam leaves of a rule's word.
func tornAnchors(c *rule) []anchor {
	if len(c.torn) == 0 {
		return nil
	}
	word := c.words[0]
	words := newWordSet(c)
	var list []anchor
	for _, before := range word[len(word)-1:] + "\"'`; \t\n" {
		for _, rest := range c.torn {
			list = append(list, anchor{text: string(before) + rest, form: torn, words: words})
		}
	}
	return list
}

// encodedAnchors returns those of a rule in base64.
func encodedAnchors(c *rule) []anchor {
	if len(c.starts) == 1 && len(c.starts[0]) < prefixLen {
		return shortEncoded(c.starts[0])
	}
	var list []anchor
	for align := range min(3, 3*len(c.starts)) {
		var whole []anchor
		for _, start := range c.starts {
			whole = append(whole, encoded(start, align))
		}
		list = append(list, splitAnchors(whole, c.depth == inTorn)...)
		if c.depth == inTorn {
			list = append(list, twice(c.starts, align)...)
		}
	}
	return list
}

// splitAnchors returns what the texts of all have in common, at least a prefix, and where that may be torn, behind it what is each
// one's own: whichever a line end tears apart, the other is whole. A text alone is split into its two ends.
func splitAnchors(all []anchor, mayTear bool) []anchor {
	var texts []string
	for _, a := range all {
		texts = append(texts, a.text)
		if url := strings.ReplaceAll(a.text, "/", "_"); url != a.text {
			texts = append(texts, url)
		}
	}
	n, own := len(common(texts)), len(common(texts))
	if len(all) == 1 {
		n, own = prefixLen, len(texts[0])-prefixLen
	}
	var list []anchor
	for i, a := range all {
		if n < prefixLen || i == 0 {
			list = append(list, anchor{text: a.text[:max(n, prefixLen)], form: inBase64, align: a.align, whole: texts})
		}
		if mayTear {
			list = append(list, anchor{text: a.text[own:], form: inBase64, align: (a.align + own) % 4, former: a.text[:own]})
		}
	}
	return list
}

// encoded returns the characters that are in every base64 text where text stands at offset align modulo 3.
func encoded(text string, align int) anchor {
	s := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", align) + text + "\x00\x00\x00"))
	// Characters that lie wholly within the bits of text.
	from, to := (align*8+5)/6, (align+len(text))*8/6
	return anchor{text: s[from:to], form: inBase64, align: from % 4}
}

// shortEncoded returns the anchors for base64 of a word of three characters behind which a letter or digit follows: at two of
// the alignments the word alone fills no prefix, and the bits that one of its neighbours adds can be anything they may.
func shortEncoded(word string) []anchor {
	list := []anchor{encoded(word, 0)}
	for before := range byte(4) {
		s := base64.StdEncoding.EncodeToString([]byte{before, word[0], word[1], word[2]})
		list = append(list, anchor{text: s[1:][:prefixLen], form: inBase64, align: 1})
	}
	for _, behind := range "0A" {
		s := base64.StdEncoding.EncodeToString([]byte("\x00\x00" + word + string(behind)))
		list = append(list, anchor{text: s[3:][:prefixLen], form: inBase64, align: 3})
	}
	return list
}

// twice returns the anchors for base64 in base64 that stands at offset align modulo 3, at the alignments of the inner one:
// what starts share, and behind it what is each one's own, for where a line end of either text tears the former. Of
// that no more than no random text has, so that the next line end does not tear it too. Of a single start there is
// but one: a line end may tear it, but what else a file holds about Clerk has it decoded too.
func twice(starts []string, align int) []anchor {
	const own = 5
	var list []anchor
	for inner := range 3 {
		var all []anchor
		var texts []string
		for _, start := range starts {
			all = append(all, encoded(encoded(start, inner).text, align))
			texts = append(texts, all[len(all)-1].text)
		}
		former := common(texts)
		list = append(list, anchor{text: former, form: inBase64, align: all[0].align})
		for _, a := range all {
			if n := len(former); len(all) > 1 {
				list = append(list, anchor{text: a.text[n : n+own], form: inBase64, align: (a.align + n) % 4, former: former, inner: true})
			}
		}
	}
	return list
}

// wide returns the anchors for an underscore in UTF-16 that stands at offset align modulo 3 behind a letter of starts: a key has
// two, of which a line end tears apart at most one. They are no longer than a prefix, so as to share what letters have in common.
func wide(starts []string, align int) []anchor {
	var list []anchor
	for _, start := range starts {
		for i := 1; i < len(start); i++ {
			if start[i] != '_' {
				continue
			}
			a := encoded(start[i-1:i]+"\x00_\x00", align)
			n := len(a.text) - prefixLen
			a = anchor{text: a.text[n:], form: inBase64, align: (a.align + n) % 4, wide: true}
			if !slices.ContainsFunc(list, func(b anchor) bool { return b.text == a.text }) {
				list = append(list, a)
			}
		}
	}
	return list
}

// widen returns s in UTF-16 LE.
func widen(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		b.WriteByte(0)
	}
	return b.String()
}

// common returns what all texts start with.
func common(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	start := texts[0]
	for _, text := range texts[1:] {
		for !strings.HasPrefix(text, start) {
			start = start[:len(start)-1]
		}
	}
	return start
}
