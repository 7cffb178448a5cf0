package detect

// narrowed returns the view of UTF-16 text around the character at v.text[at:], whose other byte is NUL: as many
// characters of ASCII as stand in a row, and as fit in a reach.
func narrowed(v *view, at int) (child *view, until int) {
	text := v.text
	low, high := max(0, at-leftReach), min(len(text), at+denseReach)
	start := at
	for start-2 >= low && text[start-1] == 0 && isText(text[start-2]) {
		start -= 2
	}
	end := at
	for end+2 < high && text[end+1] == 0 && isText(text[end+2]) {
		end += 2
	}
	n := (end-start)/2 + 1
	out := make([]byte, n)
	for i := range out {
		if out[i] = text[start+2*i]; out[i] >= 0x80 {
			out[i] = 0xff
		}
	}
	// In little endian a NUL stands behind the last character.
	layer, first := "utf-16le", start
	if start > 0 && (end+1 >= len(text) || text[end+1] != 0) {
		layer, first = "utf-16be", start-1
	}
	// The text may end within the last character.
	child = v.child(layer, out, func(i, j int) (int, int) { return first + 2*i, min(first+2*j, len(text)) })
	child.truncated = v.truncated && end+2 >= len(text)
	if start <= low && low > 0 {
		child.from = 8
	}
	if end+2 >= high && high < len(text) {
		child.to = n - cutMargin/4
		return child, high - cutMargin
	}
	return child, end
}

// isText reports whether c is the low byte of a character of Latin 1 that stands in texts.
func isText(c byte) bool { return c >= 0x20 && c != 0x7f || c == '\t' || c == '\n' || c == '\r' }

// wholeNarrowed returns the view of a text that is UTF-16 from its start, with every character beyond ASCII as 0xff. The
// characters have their low byte at offset low in each pair.
func wholeNarrowed(v *view, low int) *view {
	out := make([]byte, len(v.text)/2)
	for i := range out {
		c := v.text[2*i+low]
		if v.text[2*i+1-low] != 0 || c >= 0x80 {
			c = 0xff
		}
		out[i] = c
	}
	layer := "utf-16le"
	if low == 1 {
		layer = "utf-16be"
	}
	return v.child(layer, out, func(i, j int) (int, int) { return 2 * i, 2 * j })
}

// byteOrder returns the offset of the low byte in each pair where text starts with a byte order mark of UTF-16, else -1.
func byteOrder(text []byte) int {
	if len(text) < 4 {
		return -1
	}
	switch {
	case text[0] == 0xff && text[1] == 0xfe && (text[2] != 0 || text[3] != 0): // else UTF-32
		return 0
	case text[0] == 0xfe && text[1] == 0xff:
		return 1
	}
	return -1
}
