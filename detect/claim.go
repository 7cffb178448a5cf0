package detect

import (
	"bytes"

	"github.com/rekey-app/rekey/detect/encoding"
)

// A claim token is 40 lower-case letters and digits. That is measured: 41 of 41 in 40 public repositories.
const (
	claimLength = 40
	// claimBits is the entropy that a token has at least, in bits a character. Of random ones 1 in 800 has less than 4, 1 in
	// 200,000 less than 3.7; of a million none was lost. TestLosses counts.
	claimBits = 3.5
)

// isClaimToken reports whether s may be a claim token and is no placeholder. Upper-case letters are taken too, although none
// was seen. Forty hexadecimal digits are the id of a commit.
func isClaimToken(s string) bool {
	return isAlphanumeric(s) && !all(s, encoding.IsHexDigit) && secretLooking(s, claimBits)
}

// claimURLRule is for the URL that claims a keyless application, where Clerk's dashboard is named. The finding is its token.
var claimURLRule = rule{
	anchors: []string{"dashboard.clerk.com"},
	starts:  []string{"claimToken", "claimUrl", "claim?"},
	depth:   inAny,
	steps:   250,

	plausible: func(text []byte, at int) bool { i, _ := behindClaim(text, at); return i >= 0 },
	find: func(t *token, v *view, at int) (match, bool) {
		i, written := behindClaim(v.text, at)
		if i < 0 {
			return match{}, false
		}
		return readClaim(t, v, at, i, written)
	},
	genuine: func(m *match) bool { return isClaimToken(m.value) },
	judge:   func(_ *run, _ *match, s *surroundings) (Finding, bool) { return claimFinding(s, ClaimAddress), true },
}

// claimTokenRule is for a token as the clerk command keeps it in .clerk/keyless.json, where the name claimToken stands.
var claimTokenRule = rule{
	anchors: []string{"claimToken"},
	steps:   800,

	plausible: func(text []byte, at int) bool { return claimTokenAt(text, at) >= 0 },
	find: func(t *token, v *view, at int) (match, bool) {
		i := claimTokenAt(v.text, at)
		if i < 0 || !bytes.Contains(unescaped(v.text[at:min(len(v.text), at+claimReach)]), []byte("createdAt")) &&
			!bytes.Contains(lineAround(v.text, at, at, claimReach), []byte("createdAt")) {
			return match{}, false
		}
		return readClaim(t, v, i, i, 0)
	},
	genuine: claimURLRule.genuine,
	judge:   func(_ *run, _ *match, s *surroundings) (Finding, bool) { return claimFinding(s, ClaimKept), true },
}

// behindClaim returns where the token of the claim URL at text[at:] starts, and how what stands before it is written; -1 if
// it is another URL. Other parameters may come before the token.
func behindClaim(text []byte, at int) (i int, written encoding.Forms) {
	i, written = behindWord(text, at, "dashboard.clerk.com/apps/claim?")
	for i >= 0 && i < at+claimReach {
		token, form := behindWord(text, i, "token=")
		if token >= 0 {
			return token, written | form
		}
		i = nextParameter(text, i, at+claimReach)
	}
	return -1, 0
}

// behindWord returns where what follows the word at text[at:] starts, and how the word is written; -1 if it is not there.
func behindWord(text []byte, at int, word string) (i int, written encoding.Forms) {
	i = at
	for k := range len(word) {
		if i >= len(text) {
			return -1, 0
		}
		c, n, form := text[i], 1, encoding.Forms(0)
		if c != word[k] {
			c, n, form = charAt(text, i)
		}
		if c != word[k] {
			return -1, 0
		}
		written |= form
		i += n
	}
	return i, written
}

// nextParameter returns where the next parameter of the URL at text[i:] starts, before text[limit:]; -1 if it has no other.
func nextParameter(text []byte, i, limit int) int {
	for limit = min(limit, len(text)); i < limit; {
		c, n, _ := charAt(text, i)
		i += n
		switch {
		case c == '&':
			return i
		case c <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>' || c == '`':
			return -1
		}
	}
	return -1
}

// claimReach is how far from the name claimToken its value, and the time that stands beside it, may be.
const claimReach = 300

// claimTokenAt returns where the value of the name claimToken at text[at:] starts, if it is as long as a token, else -1.
func claimTokenAt(text []byte, at int) int {
	i := valueAfter(text[:min(len(text), at+claimReach)], at+len("claimToken"), false)
	if i < 0 {
		return -1
	}
	w := tokenWalk{text: text, at: i}
	var b [claimLength]byte
	if w.take(b[:]) < claimLength {
		return -1
	}
	return i
}

// readClaim reads the token at v.text[at:], which belongs to an address that starts at v.text[from:], its scheme aside, and is
// written like that.
func readClaim(t *token, v *view, from, at int, written encoding.Forms) (match, bool) {
	t.read(v.text, at, claimLength+2)
	if !t.ends(claimLength) && !t.endsAtBreak(v.text, claimLength) {
		start := max(0, from-len("https://"))
		if t.n < claimLength || t.end(claimLength)-at != claimLength || !isSized(v.text, start, at+claimLength-start) {
			return match{}, false
		}
		t.n, t.forms, t.nseams = claimLength, 0, 0
	}
	m := t.match(claimLength)
	m.written |= written
	return m, true
}

func claimFinding(s *surroundings, because ReasonCode) Finding {
	return Finding{
		Kind: ClaimURL, Severity: MediumSeverity, Confidence: MediumConfidence, Reasons: Reasons{{Code: because}},
		Instance: s.instance(Test), Dashboard: s.page(),
	}
}
