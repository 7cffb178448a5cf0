package detect

import (
	"bytes"

	"github.com/rekey-app/rekey/detect/budget"

	"github.com/rekey-app/rekey/detect/encoding"
)

// maxToken is the length of the longest credential that is read, its prefix included, and one more.
const maxToken = 257

// maxSeams is how many seams a token may have.
const maxSeams = 8

// token is a credential as it reads, whatever escapes and seams it is written with.
type token struct {
	chars    [maxToken]byte
	from, to [maxToken]int32 // where each character stands, relative to at
	n        int
	at       int
	forms    encoding.Forms
	seams    [maxSeams]struct {
		before int // number of characters before the seam
		how    encoding.Seam
	}
	nseams int
}

// read reads the characters [A-Za-z0-9_+/=-] at text[at:] up to the first other one, limit at most.
func (t *token) read(text []byte, at, limit int) {
	t.n, t.at, t.forms, t.nseams = 0, at, 0, 0
	var pending encoding.Seam
	w := tokenWalk{text: text, at: at}
	for t.n < limit {
		c, from, form, how := w.next()
		switch {
		case how != encoding.NoSeam:
			t.seams[t.nseams].before, t.seams[t.nseams].how = t.n, how
			t.nseams++
			pending = how
		case from < 0:
			return
		default:
			t.forms |= form
			t.add(c, from, w.at, &pending)
		}
	}
}

// whole returns how many characters are of one credential in every language: those up to where two literals stand side by
// side, if these are more than least.
func (t *token) whole(least int) int {
	n := t.n
	for i := range t.nseams {
		if t.seams[i].how == encoding.Adjacent && t.seams[i].before > least {
			n = min(n, t.seams[i].before)
		}
	}
	return n
}

func (t *token) add(c byte, from, to int, pending *encoding.Seam) {
	switch *pending {
	case encoding.Operator, encoding.Adjacent:
		t.forms |= encoding.Joined
	case encoding.Continuation:
		t.forms |= encoding.Continued
	case encoding.SoftBreak:
		t.forms |= encoding.Quoted
	}
	*pending = encoding.NoSeam
	t.chars[t.n] = c
	t.from[t.n], t.to[t.n] = int32(from-t.at), int32(to-t.at)
	t.n++
}

// ends reports whether a credential of n characters ends there, and cuts the token to it: nothing that could belong to it
// follows, or a seam that does not join in every language.
func (t *token) ends(n int) bool {
	if t.n < n {
		return false
	}
	ok := t.n == n
	for i := range t.nseams {
		if how := t.seams[i].how; t.seams[i].before == n && (how == encoding.Adjacent || how == encoding.Continuation) {
			ok = true
		}
	}
	if ok && t.n > n {
		t.n = n
		// The forms behind the cut are not this credential's.
		t.forms &^= encoding.Joined | encoding.Continued
		for i := range t.nseams {
			if t.seams[i].before < n {
				if t.seams[i].how == encoding.Continuation {
					t.forms |= encoding.Continued
				} else {
					t.forms |= encoding.Joined
				}
			}
		}
	}
	return ok
}

// bounded reports whether the token's first n characters are a credential of their own, and cuts the token to it: no word runs
// into it, and nothing goes on with it; or a binary format says where it starts and ends.
func (t *token) bounded(text []byte, n int) bool {
	if startsFresh(text, t.at) && (t.ends(n) || t.endsAtSlash(text, n) || t.endsAtBreak(text, n)) {
		return true
	}
	if t.n < n || t.end(n)-t.at != n || !isSized(text, t.at, n) && !(startsFresh(text, t.at) && nameAfter(text, t.at, t.end(n))) {
		return false
	}
	t.n, t.forms, t.nseams = n, 0, 0 // as it stands there
	return true
}

// pathSegment is up to which length the letters and digits behind a slash are taken for a part of a path or of a sed
// expression, and not for the rest of base64.
const pathSegment = 20

// endsAtSlash reports whether the token's n characters end at the slash of a path, an address or a sed expression, and
// cuts the token there: s/KEY/sk_live_…/g. A slash stands before it too, or a word behind it.
func (t *token) endsAtSlash(text []byte, n int) bool {
	if t.n <= n || t.chars[n] != '/' {
		return false
	}
	rest := text[min(t.end(n)+1, len(text)):]
	framed := t.at > 0 && text[t.at-1] == '/'
	if !framed && (len(rest) == 0 || !encoding.IsBase62(rest[0])) {
		return false
	}
	for i := 0; i < len(rest) && (encoding.IsBase62(rest[i]) || rest[i] == '+' || rest[i] == '='); i++ {
		if i == pathSegment {
			return false
		}
	}
	t.n = n
	return true
}

// endsAtBreak reports whether the token's n characters end where quoted-printable breaks the line, and cuts the token there: its =
// looks like one character more.
func (t *token) endsAtBreak(text []byte, n int) bool {
	if t.n <= n || t.chars[n] != '=' {
		return false
	}
	if _, how := encoding.Join(text, t.end(n)); how != encoding.SoftBreak {
		return false
	}
	t.n = n
	return true
}

// text returns the first n characters.
func (t *token) text(n int) string { return string(t.chars[:n]) }

// end returns the offset behind the character n-1.
func (t *token) end(n int) int { return t.at + int(t.to[n-1]) }

// has reports whether the token begins with s.
func (t *token) has(s string) bool {
	return t.n >= len(s) && string(t.chars[:len(s)]) == s
}

// startsFresh reports whether a credential may begin at text[at:]: no word runs into it. Escaped characters are what they
// stand for.
func startsFresh(text []byte, at int) bool {
	if at == 0 {
		return true
	}
	last := text[at-1]
	if !isWord(last) && last != ';' && last != '}' && last != '"' && last != '\'' && last != '`' {
		return true
	}
	if last == 'm' && endsColour(text[:at]) {
		return true
	}
	if c, ok := escapedBefore(text, at); ok {
		return !isWord(c)
	}
	if isWord(last) {
		return false
	}
	return !followsAutumn(text[:at])
}

// escapedBefore returns the character that is escaped right before text[at:], if there is one.
func escapedBefore(text []byte, at int) (c byte, ok bool) {
	for n := 2; n <= budget.Escape && n <= at; n++ {
		switch text[at-n] {
		case '\\', '%', '&', '=':
			// The first backslash of several.
			if text[at-n] == '\\' && n < at && text[at-n-1] == '\\' {
				continue
			}
			if c, width, _ := unescape(text, at-n); width == n {
				return c, true
			}
		}
	}
	return 0, false
}

// endsColour reports whether before, which ends with an m, ends with a colour of the terminal: ESC [ 32 m.
func endsColour(before []byte) bool {
	for n := len(before) - 2; n >= 0 && len(before)-n <= budget.Escape; n-- {
		if c := before[n]; c == '[' {
			return true
		} else if !isDigit(c) && c != ';' {
			return false
		}
	}
	return false
}

// followsAutumn reports whether the literal that ends before was opened with `am_" + "`: Autumn's keys are am_sk_….
func followsAutumn(before []byte) bool {
	tail := before[max(0, len(before)-16):]
	i := bytes.LastIndex(tail, []byte("am_"))
	if i < 0 || len(tail) < i+4 {
		return false
	}
	j, how := encoding.Join(append(tail[i+3:len(tail):len(tail)], 'x'), 0)
	return how == encoding.Operator && j == len(tail)-i-3
}
