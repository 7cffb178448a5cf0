package encoding

// Peek decodes the base64 at text[at:], over line ends, up to where it breaks off, four groups at most. It returns how
// many bytes those are, and allocates nothing.
func Peek(text []byte, at int) (out [12]byte, n int) {
	var v uint32
	for k := 1; n < len(out) && at < len(text); k++ {
		c := base64Values[text[at]]
		if c == 0xff {
			if at = WrapAfter(text, at); at < 0 {
				break
			}
			c = base64Values[text[at]]
		}
		at++
		v = v<<6 | uint32(c)
		if k%4 == 0 {
			out[n], out[n+1], out[n+2] = byte(v>>16), byte(v>>8), byte(v) //nolint:gosec // n is a multiple of 3, as is the length
			n += 3
		}
	}
	return out, n
}
