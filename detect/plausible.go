package detect

import (
	"bytes"
	"strings"
)

// plausibleReach is how far from an anchor plausible looks at most, in bytes: at as many characters as a credential and what
// names it have, of [longestEscape] bytes each, and at [maxSeams] seams of [longestSeam] bytes; or at twenty characters of
// base64 with a line end between any two.
const plausibleReach = 8 << 10

// plausible is the cheap look at what is around an anchor, within [plausibleReach]: most texts that hold one hold no
// credential, and end here. It turns none down, and allocates nothing but for HTML entities.
func (s *Scanner) plausible(text []byte, at int, a *anchor) bool {
	switch a.kind {
	case keyRole:
		return s.beginsKey(text, at)
	case tailRole:
		if text[at] == 'k' && (at == 0 || !isSpace(text[at-1]) && strings.IndexByte("\"'`;", text[at-1]) < 0) {
			return false
		}
		i := startOf(text, at+1, "sk", longestSeam)
		return i >= 0 && s.beginsKey(text, i)
	case underscoreRole:
		return s.beginsEscaped(text, at)
	case akRole:
		return beginsAk(text, at)
	case webhookRole:
		return begins(text, at, "whsec_", webhookBody)
	case nameRole:
		return namesSecret(text, at)
	case claimRole:
		i, _ := behindClaim(text, at)
		return i >= 0
	case claimTokenRole:
		return claimTokenAt(text, at) >= 0
	case utf16Role:
		return goesOnWide(text, at)
	case base64Role:
		switch {
		case a.wide:
			return wideBehind(text, at, a)
		case len(a.whole) > 0 && !matchesWrapped(text, at, a.whole), a.former != "" && !a.matchesSplit(text, at):
			return false
		}
		return textBehind(text, at, a)
	case packedBase64Role, packedHexRole:
		if a.text == "Td6WFoA" { // the rest of a magic that is /Td6WFoA or _Td6WFoA
			at--
			if at < 0 || text[at] != '/' && text[at] != '_' {
				return false
			}
		}
		if at > 0 && isBase62(text[at-1]) && (at == 1 || text[at-2] != '\\') {
			return false
		}
		return a.kind == packedHexRole || packedBehind(text, at)
	}
	return true
}

// beginsKey reports whether a secret key may stand at text[at:]: all but that it looks random.
func (s *Scanner) beginsKey(text []byte, at int) bool {
	w := tokenWalk{text: text, at: at}
	var b [keyLength]byte
	if w.take(b[:prefixLength]) < prefixLength || string(b[:3]) != "sk_" {
		return false
	}
	if env := string(b[3:prefixLength]); env != "live_" && env != "test_" {
		return false
	}
	body := b[prefixLength:]
	if s.malformed {
		body = body[:shortestMalformed]
	}
	if w.take(body) < len(body) {
		return false
	}
	for _, c := range body {
		if !isBase62(c) {
			return false
		}
	}
	if s.malformed {
		return startsFresh(text, at) || isSized(text, at, keyLength)
	}
	end := w.at
	// More of the token may follow a seam, or be a path.
	c, from, _, how := w.next()
	if startsFresh(text, at) && (how != noSeam || from < 0 || c == '/' || nameAfter(text, at, end)) {
		return true
	}
	return isSized(text, at, keyLength)
}

// beginsAk reports whether one of the credentials may stand at text[at:] that start with ak_. Pagar.me's keys go on with live_
// or test_.
func beginsAk(text []byte, at int) bool {
	body := text[min(len(text), at+len("ak_")):]
	return !bytes.HasPrefix(body, []byte("live_")) && !bytes.HasPrefix(body, []byte("test_")) && begins(text, at, "ak_", shortestBody)
}

// begins reports whether a credential may stand at text[at:] that is prefix and n characters at least.
func begins(text []byte, at int, prefix string, n int) bool {
	w := tokenWalk{text: text, at: at}
	var b [64]byte
	if w.take(b[:len(prefix)]) < len(prefix) || string(b[:len(prefix)]) != prefix || w.take(b[:n]) < n {
		return false
	}
	return startsFresh(text, at) || isSized(text, at, len(prefix)+n) || sizeOf(text, at, len(prefix)+n, maxToken) > 0
}

// beginsEscaped reports whether the escaped underscore at text[at:] may belong to a credential.
func (s *Scanner) beginsEscaped(text []byte, at int) bool {
	switch word, i := wordBefore(text, at); word {
	case "":
		return false
	case "sk":
		return s.beginsKey(text, i)
	case "ak":
		return beginsAk(text, i)
	case "whsec":
		return begins(text, i, "whsec_", webhookBody)
	default:
		return namesSecret(text, i)
	}
}

// wordBefore returns the word that the escaped underscore at text[at:] stands behind, of those that it has a meaning in,
// and where the word starts.
func wordBefore(text []byte, at int) (word string, i int) {
	const reach = 64
	at = escapeStart(text, at)
	if c := lastBefore(text, at); !isSpace(c) && strings.IndexByte("kcK\"'`", c) < 0 {
		return "", -1 // neither the end of a word nor a seam
	}
	i, word = startOfAny(text, at, reach, startsWord, "sk", "ak", "whsec", "CLERK", "clerk")
	return word, i
}

// lastBefore returns the character before text[at:], escaped or not; 0 if there is none.
func lastBefore(text []byte, at int) byte {
	if at == 0 {
		return 0
	}
	if c, ok := escapedBefore(text, at); ok {
		return c
	}
	return text[at-1]
}

// escapeStart returns where the escape starts that the anchor at text[at:] is the end of: \\u{5f}, &amp;#95;. It looks no
// farther than twice as many bytes as an escape has.
func escapeStart(text []byte, at int) int {
	low := max(0, at-2*longestEscape)
	switch text[at] {
	case '#', 'l':
		for at >= low+5 && string(text[at-5:at]) == "&amp;" {
			at -= 4
		}
		if at > 0 && text[at-1] == '&' {
			at--
		}
		for at >= low+4 && string(text[at-4:at]) == "&amp" {
			at -= 4
		}
	case '\\', 'u':
		for at > low && text[at-1] == '\\' {
			at--
		}
	}
	return at
}

// goesOnWide reports whether as much UTF-16 of text follows the character at text[at:], whose other byte is NUL, as any
// credential takes.
func goesOnWide(text []byte, at int) bool {
	const least = 20
	if at+2*least >= len(text) {
		return false
	}
	for i := at; i < at+2*least; i += 2 {
		if text[i+1] != 0 || !isText(text[i+2]) {
			return false
		}
	}
	return true
}
