package detect

import "github.com/rekey-app/rekey/detect/encoding"

// tokenWalk goes along the characters of a token.
type tokenWalk struct {
	text   []byte
	at     int  // offset of what comes next
	begun  bool // whether there was a character
	nseams int
}

// next returns the next character and where it stands; it ends at w.at. Or it returns the seam before that. from is -1
// where the token ends.
func (w *tokenWalk) next() (c byte, from int, form encoding.Forms, how encoding.Seam) {
	if from = w.at; from >= len(w.text) {
		return 0, -1, 0, encoding.NoSeam
	}
	if c = w.text[from]; isTail(c) && c != '=' {
		w.begun = true
		w.at++
		return c, from, 0, encoding.NoSeam
	}
	if w.begun && w.nseams < maxSeams {
		if j, how := encoding.Join(w.text, from); how != encoding.NoSeam && j < len(w.text) {
			if c, _, _ := charAt(w.text, j); isTail(c) {
				w.nseams++
				w.at = j
				return 0, from, 0, how
			}
		}
	}
	c, n, form := charAt(w.text, from)
	if !isTail(c) {
		return 0, -1, 0, encoding.NoSeam
	}
	w.begun = true
	w.at += n
	return c, from, form, encoding.NoSeam
}

// take reads the next characters into dst, and returns how many there were.
func (w *tokenWalk) take(dst []byte) int {
	n := 0
	for n < len(dst) {
		c, from, _, how := w.next()
		if how != encoding.NoSeam {
			continue
		}
		if from < 0 {
			break
		}
		dst[n] = c
		n++
	}
	return n
}

// holds reports whether n characters more follow, 64 at most.
func (w *tokenWalk) holds(n int) bool {
	var b [64]byte
	return w.take(b[:n]) == n
}
