package encoding

// Run is a stretch of base64 or hexadecimal digits around a place of a text.
type Run struct {
	At     []int32 // offset of each digit
	Anchor int     // index in At of the digit at the place
	Cut    [2]bool // whether the stretch goes on to the left, to the right of what was looked at
	Wraps  bool    // whether it goes over line ends, or would if it could
	End    int     // offset behind the last digit

	url bool // whether it holds - or _
}

// Taken is how many bytes were gone through to find the digits.
func (r *Run) Taken() int {
	if len(r.At) == 0 {
		return 1
	}
	return r.End - int(r.At[0]) + 1
}

// lineOf returns how many digits stand around text[at:] without anything between them, from low to high.
func lineOf(text []byte, at int, isDigit func(byte) bool, low, high int) int {
	from, to := at, at
	for from > low && isDigit(text[from-1]) {
		from--
	}
	for to < high && isDigit(text[to]) {
		to++
	}
	return to - from
}

// Collect finds the digits around text[at:], as far as left and right bytes away; over line ends if wrap is set. isDigit says
// what is one: [IsBase64] or [IsHexDigit].
func Collect(text []byte, at int, isDigit func(byte) bool, left, right int, wrap bool) Run {
	low, high := max(0, at-left), min(len(text), at+right)
	r := Run{At: make([]int32, 0, lineOf(text, at, isDigit, low, high))}
	// The digits before the anchor, last first.
	i := at
	for i > low {
		c := text[i-1]
		if isDigit(c) && !(i > 1 && text[i-2] == '\\' && (c == 'n' || c == 'r' || c == 't' || c == '/')) {
			i--
			r.At = append(r.At, int32(i))
			continue
		}
		if c == '/' && i > 1 && text[i-2] == '\\' { // as JSON may have it
			i -= 2
			r.At = append(r.At, int32(i+1))
			continue
		}
		if !wrap {
			break
		}
		k := WrapBefore(text, i)
		if k <= low {
			break
		}
		if !isDigit(text[k-1]) {
			break
		}
		i = k
	}
	r.Cut[0] = i <= low && low > 0
	for a, b := 0, len(r.At)-1; a < b; a, b = a+1, b-1 {
		r.At[a], r.At[b] = r.At[b], r.At[a]
	}
	r.Anchor = len(r.At)
	for i = at; i < high; {
		c := text[i]
		if isDigit(c) {
			r.At = append(r.At, int32(i))
			i++
			continue
		}
		if c == '\\' && i+1 < len(text) && text[i+1] == '/' {
			i++
			continue
		}
		k := WrapAfter(text, i)
		if k < 0 || !isDigit(text[k]) {
			break
		}
		r.Wraps = true
		if !wrap {
			break
		}
		i = k
	}
	r.Cut[1] = i >= high && high < len(text)
	r.End = i
	for _, p := range r.At {
		// Dashes in a row are the rule around a block, no digits.
		if text[p] == '_' || text[p] == '-' && (p == 0 || text[p-1] != '-') && int(p)+1 < len(text) && text[p+1] != '-' {
			r.url = true
			break
		}
	}
	return r
}

// IsHexDigit reports whether c is a hexadecimal digit.
func IsHexDigit(c byte) bool {
	_, ok := hexDigit(c)
	return ok
}

// Base64 returns what the digits decode to, where the one at the place stands at align in its group of four.
func (r *Run) Base64(text []byte, align int) Decoded {
	at := r.At[min(len(r.At), (r.Anchor-align)&3):]
	out := make([]byte, 0, len(at)*6/8)
	var acc uint32
	bits := 0
	for _, p := range at {
		acc = acc<<6 | uint32(base64Values[text[p]])
		if bits += 6; bits >= 8 {
			bits -= 8
			out = append(out, byte(acc>>bits))
		}
	}
	name := "base64"
	if r.url {
		name = "base64url"
	}
	return Decoded{name, out, func(i, j int) (int, int) { return int(at[i*8/6]), int(at[(j*8+5)/6-1]) + 1 }}
}

// Hex returns what the digits decode to, where the one at the place is the first of a byte.
func (r *Run) Hex(text []byte) Decoded {
	at := r.At[r.Anchor%2:]
	at = at[:len(at)&^1]
	out := make([]byte, len(at)/2)
	for i := range out {
		high, _ := hexDigit(text[at[2*i]])
		low, _ := hexDigit(text[at[2*i+1]])
		out[i] = high<<4 | low
	}
	return Decoded{"hex", out, func(i, j int) (int, int) { return int(at[2*i]), int(at[2*j-1]) + 1 }}
}
