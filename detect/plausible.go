package detect

import (
	"strings"

	"github.com/rekey-app/rekey/detect/budget"

	"github.com/rekey-app/rekey/detect/encoding"
)

// plausibleReach is how far from an anchor plausible looks at most, in bytes: at as many characters as a credential and what
// names it have, of [budget.Escape] bytes each, and at [maxSeams] seams of [budget.Seam] bytes; or at twenty characters of
// base64 with a line end between any two.
const plausibleReach = 8 << 10

// plausible is the cheap look at what is around an anchor, as that of a [rule]: most texts that hold one hold no credential, and
// end here.
func (a *anchor) plausible(text []byte, at int) bool {
	switch a.form {
	case written, underscored, torn:
		c, i := a.credential(text, at)
		return c != nil && c.plausible(text, i)
	case inUTF16:
		return goesOnWide(text, at)
	case inBase64:
		switch {
		case a.wide:
			return wideBehind(text, at, a)
		case len(a.whole) > 0 && !encoding.StandsWrapped(text, at, a.whole), a.former != "" && !a.matchesSplit(text, at):
			return false
		}
		return textBehind(text, at, a)
	case packedInBase64, packedInHex:
		if at = a.packedAt(text, at); at < 0 || at > 0 && encoding.IsBase62(text[at-1]) && (at == 1 || text[at-2] != '\\') {
			return false
		}
		return a.form == packedInHex || packedBehind(text, at)
	}
	return true
}

// credential returns the rule to apply where the anchor stands at text[at:], and where: nil if there is none.
func (a *anchor) credential(text []byte, at int) (c *rule, start int) {
	switch a.form {
	case underscored:
		return a.words.beforeEscape(text, at)
	case torn:
		// At the end of the word, or of the seam behind it.
		if encoding.IsBase62(text[at]) && (at == 0 || !encoding.IsSpace(text[at-1]) && strings.IndexByte("\"'`;", text[at-1]) < 0) {
			return nil, -1
		}
		return a.words.before(text, at+1, budget.Seam)
	}
	return a.rule, at
}

// packedAt returns where the magic of the compressed file starts that the anchor at text[at:] stands for, or -1.
func (a *anchor) packedAt(text []byte, at int) int {
	if a.text != base64XZ {
		return at
	}
	if at == 0 || text[at-1] != '/' && text[at-1] != '_' {
		return -1
	}
	return at - 1
}

// begins reports whether a credential may stand at text[at:] that is prefix and n characters at least.
func begins(text []byte, at int, prefix string, n int) bool {
	w := tokenWalk{text: text, at: at}
	var b [16]byte
	if w.take(b[:len(prefix)]) < len(prefix) || string(b[:len(prefix)]) != prefix || !w.holds(n) {
		return false
	}
	return startsFresh(text, at) || isSized(text, at, len(prefix)+n) || sizeOf(text, at, len(prefix)+n, maxToken) > 0
}

// goesOnWide reports whether as much UTF-16 of text follows the character at text[at:], whose other byte is NUL, as any
// credential takes.
func goesOnWide(text []byte, at int) bool {
	const least = 20
	if at+2*least >= len(text) {
		return false
	}
	for i := at; i < at+2*least; i += 2 {
		if text[i+1] != 0 || !encoding.IsText(text[i+2]) {
			return false
		}
	}
	return true
}
