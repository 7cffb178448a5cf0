package detect

import "bytes"

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
	return isAlphanumeric(s) && !isHex(s) && secretLooking(s, claimBits)
}

// claimURL looks at v.text[at:], where Clerk's dashboard is named, for the URL that claims a keyless application. The
// finding is its token.
func (r *run) claimURL(v *view, at int) {
	if i, written := behindClaim(v.text, at); i >= 0 {
		r.claim(v, at, i, written, MediumConfidence, ClaimAddress)
	}
}

// behindClaim returns where the token of the claim URL at text[at:] starts, and how what stands before it is written; -1 if
// it is another URL. Other parameters may come before the token.
func behindClaim(text []byte, at int) (i int, written forms) {
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
func behindWord(text []byte, at int, word string) (i int, written forms) {
	i = at
	for k := range len(word) {
		if i >= len(text) {
			return -1, 0
		}
		c, n, form := text[i], 1, forms(0)
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

// claimToken looks at v.text[at:], where the name claimToken stands, for a token as the clerk command keeps it in
// .clerk/keyless.json.
func (r *run) claimToken(v *view, at int) {
	i := claimTokenAt(v.text, at)
	if i < 0 || !bytes.Contains(unescaped(v.text[at:min(len(v.text), at+claimReach)]), []byte("createdAt")) &&
		!bytes.Contains(lineAround(v.text, at, at, claimReach), []byte("createdAt")) {
		return
	}
	r.claim(v, i, i, 0, MediumConfidence, ClaimKept)
}

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

// claim takes the token at v.text[at:], which belongs to an address that starts at v.text[from:], its scheme aside.
func (r *run) claim(v *view, from, at int, written forms, c Confidence, reason ReasonCode) {
	t := &r.tok
	t.read(v.text, at, claimLength+2)
	if !t.ends(claimLength) {
		start := max(0, from-len("https://"))
		if t.n < claimLength || t.end(claimLength)-at != claimLength || !isSized(v.text, start, at+claimLength-start) {
			return
		}
		t.n, t.forms, t.nseams = claimLength, 0, 0
	}
	value := t.text(claimLength)
	if !r.wants(v, value) || !isClaimToken(value) {
		return
	}
	end := t.end(claimLength)
	written |= t.forms
	s := r.surroundingsOf(v, at, end)
	f := Finding{
		Kind: ClaimURL, Severity: MediumSeverity, Confidence: c, Reasons: Reasons{{Code: reason}}, Secret: NewSecret(value),
		Instance: s.instance(Test), Dashboard: s.page(),
	}
	if s.removed {
		f.Confidence = LowConfidence
		f.Reasons = f.Reasons.after(Reason{Code: RemovedLine})
	}
	r.finish(v, at, end, f, &s, written)
}
