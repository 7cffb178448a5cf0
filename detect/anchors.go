package detect

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
)

// anchorKind is what an anchor asks for: which rule looks at the place where it stands.
type anchorKind byte

const (
	keyRole        anchorKind = iota // sk_ and what follows it in one form or other
	tailRole                         // _live_ or _test_ behind a k or the end of a seam: what is whole of a split prefix
	underscoreRole                   // an escaped underscore
	akRole                           // ak_
	webhookRole                      // whsec_
	nameRole                         // a variable's name with Clerk in it
	claimRole                        // dashboard.clerk.com
	claimTokenRole                   // claimToken
	base64Role                       // base64 of any of these
	hexRole
	utf16Role
	packedBase64Role // base64 of a compressed file, which decodes as a whole
	packedHexRole
)

// anchor is a literal that every credential in some form holds.
type anchor struct {
	text string
	kind anchorKind
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

// prefixLen is the length of what the search looks for of each anchor. Shorter ones slow it down.
const prefixLen = 4

// anchors lists them all. The fewer there are, the faster is the search, and in base64 more than elsewhere: what several
// forms have in common serves all of them.
func anchors() []anchor {
	list := []anchor{
		{text: "ak_", kind: akRole},
		{text: "whsec_", kind: webhookRole},
		{text: "CLERK_", kind: nameRole},
		{text: "clerk_", kind: nameRole},
		{text: "lerkApiKey", kind: nameRole},
		{text: "lerkEncryptionKey", kind: nameRole},
		{text: "dashboard.clerk.com", kind: claimRole},
		{text: "claimToken", kind: claimTokenRole},
		{text: widen("sk_")[:5], kind: utf16Role},
		{text: widen("whsec_")[:11], kind: utf16Role},
		{text: widen("CLERK_")[:11], kind: utf16Role},
		{text: widen("claim")[:9], kind: utf16Role}, // of claimToken, and of the claim URL
	}
	for _, behind := range keyBehind {
		list = append(list, anchor{text: "sk_" + string(behind), kind: keyRole})
	}
	for _, before := range tailBefore {
		list = append(list, anchor{text: string(before) + "_live_", kind: tailRole}, anchor{text: string(before) + "_test_", kind: tailRole})
	}
	for _, escape := range keyEscapes {
		list = append(list, anchor{text: `sk\` + string(escape), kind: keyRole})
	}
	for _, underscore := range []string{
		`\x5f`, `\x5F`, `\u005f`, `\u005F`, "u{5f}", "%5f", "%5F", "%255f", "%255F", "=5F", "#95;", "#x5f;", "#x5F;", "lowbar;",
	} {
		list = append(list, anchor{text: underscore, kind: underscoreRole})
	}
	for align := range 3 {
		live, test := encoded("sk_live_", align), encoded("sk_test_", align)
		// What both share, and behind it what is each one's own: whichever a line end tears apart, the other is whole.
		n := common(live.text, test.text)
		whole := []string{live.text, test.text}
		for i, a := range []anchor{live, test} {
			if n < prefixLen || i == 0 {
				list = append(list, anchor{text: a.text[:max(n, prefixLen)], kind: base64Role, align: a.align, whole: whole})
			}
			list = append(list, anchor{text: a.text[n:], kind: base64Role, align: (a.align + n) % 4, former: a.text[:n]})
		}
		list = append(list, splitAnchor(encoded("whsec_", align))...)
		list = append(list, splitAnchor(encoded("CLERK_", align))...) // the names of what has no prefix of its own
		// A line end may tear it, where nothing else of a file about Clerk has it decoded: one place in twelve.
		claim := encoded("claim", align)
		for _, word := range []string{"claimToken", "claimUrl", "claim?token="} {
			text := encoded(word, align).text
			claim.whole = append(claim.whole, text)
			if url := strings.ReplaceAll(text, "/", "_"); url != text {
				claim.whole = append(claim.whole, url)
			}
		}
		list = append(list, claim)
		// An underscore in UTF-16 behind the end of sk, ak, live, test, whsec or CLERK. A key has two, of which a line end
		// tears apart at most one.
		list = append(list, wide("ketcK", align)...)
		list = append(list, twice(align)...)
	}
	list = append(list, shortEncoded("ak_")...)
	for _, word := range []string{"sk_", "whsec_", "CLERK_", "claim"} {
		digits := hex.EncodeToString([]byte(word))
		list = append(list, anchor{text: digits, kind: hexRole}, anchor{text: strings.ToUpper(digits), kind: hexRole})
	}
	for _, magic := range []string{"H4sI", "UEsDB", "Qlpo", "KLUv", "Td6WFoA", base64Gzip2} {
		list = append(list, anchor{text: magic, kind: packedBase64Role})
	}
	for _, magic := range []string{"1f8b08", "504b0304"} {
		list = append(list, anchor{text: magic, kind: packedHexRole}, anchor{text: strings.ToUpper(magic), kind: packedHexRole})
	}
	return list
}

// encoded returns the characters that are in every base64 text where text stands at offset align modulo 3.
func encoded(text string, align int) anchor {
	s := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", align) + text + "\x00\x00\x00"))
	// Characters that lie wholly within the bits of text.
	from, to := (align*8+5)/6, (align+len(text))*8/6
	return anchor{text: s[from:to], kind: base64Role, align: from % 4}
}

// shortEncoded returns the anchors for base64 of a word of three characters behind which a letter or digit follows: at two of
// the alignments the word alone fills no prefix, and the bits that one of its neighbours adds can be anything they may.
func shortEncoded(word string) []anchor {
	list := []anchor{encoded(word, 0)}
	for before := range byte(4) {
		s := base64.StdEncoding.EncodeToString([]byte{before, word[0], word[1], word[2]})
		list = append(list, anchor{text: s[1:][:prefixLen], kind: base64Role, align: 1})
	}
	for _, behind := range "0A" {
		s := base64.StdEncoding.EncodeToString([]byte("\x00\x00" + word + string(behind)))
		list = append(list, anchor{text: s[3:][:prefixLen], kind: base64Role, align: 3})
	}
	return list
}

// splitAnchor returns the two ends of a, of which a line end leaves one whole.
func splitAnchor(a anchor) []anchor {
	n := len(a.text) - prefixLen
	return []anchor{
		{text: a.text[:prefixLen], kind: a.kind, align: a.align, whole: []string{a.text}},
		{text: a.text[n:], kind: a.kind, align: (a.align + n) % 4, former: a.text[:n]},
	}
}

// twice returns the anchors for base64 in base64 that stands at offset align modulo 3, at the alignments of the inner one:
// what live and test share, and behind it what is each one's own, for where a line end of either text tears the former. Of
// that no more than no random text has, so that the next line end does not tear it too. Of what is no secret key there is
// but one: a line end may tear it, but what else a file holds about Clerk has it decoded too.
func twice(align int) []anchor {
	const own = 5
	var list []anchor
	for inner := range 3 {
		live := encoded(encoded("sk_live_", inner).text, align)
		test := encoded(encoded("sk_test_", inner).text, align)
		n := common(live.text, test.text)
		former := live.text[:n]
		list = append(list, anchor{text: former, kind: base64Role, align: live.align})
		for _, a := range []anchor{live, test} {
			list = append(list, anchor{text: a.text[n : n+own], kind: base64Role, align: (a.align + n) % 4, former: former, inner: true})
		}
		for _, word := range []string{"whsec_", "CLERK_"} {
			list = append(list, encoded(encoded(word, inner).text, align))
		}
	}
	return list
}

// keyBehind is what may stand behind sk_: the first letter of live or test, escaped or not, or a seam.
const keyBehind = "lt\\%&\"'`^="

// tailBefore is what may stand before the underscore of a prefix that is torn there or before its k.
const tailBefore = "k\"'`; \t\n"

// keyEscapes are what may stand behind sk\ for an underscore, but for the escapes that are anchors themselves: \_, \137,
// \U0000005f, and what is escaped twice.
const keyEscapes = `_1U\`

// wide returns the anchors for an underscore in UTF-16 that stands at offset align modulo 3 behind one of letters. They are
// no longer than a prefix, so as to share what letters have in common.
func wide(letters string, align int) []anchor {
	var list []anchor
	for i := range len(letters) {
		a := encoded(letters[i:i+1]+"\x00_\x00", align)
		n := len(a.text) - prefixLen
		a = anchor{text: a.text[n:], kind: base64Role, align: (a.align + n) % 4, wide: true}
		if !slices.ContainsFunc(list, func(b anchor) bool { return b.text == a.text }) {
			list = append(list, a)
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

// common returns the length of the common prefix.
func common(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}
