package encoding

// Narrowed is UTF-16 text around a place, as many characters of ASCII or Latin 1 as stand in a row.
type Narrowed struct {
	Decoded         // with 0xff for what is not ASCII
	Cut     [2]bool // whether it goes on to the left, to the right of what was looked at
	End     int     // offset behind the last low byte
}

// Narrow reads the UTF-16 text around the character at text[at:], whose other byte is NUL, as far as left and right bytes away.
func Narrow(text []byte, at, left, right int) Narrowed {
	low, high := max(0, at-left), min(len(text), at+right)
	start := at
	for start-2 >= low && text[start-1] == 0 && IsText(text[start-2]) {
		start -= 2
	}
	end := at
	for end+2 < high && text[end+1] == 0 && IsText(text[end+2]) {
		end += 2
	}
	out := make([]byte, (end-start)/2+1)
	for i := range out {
		if out[i] = text[start+2*i]; out[i] >= 0x80 {
			out[i] = 0xff
		}
	}
	// In little endian a NUL stands behind the last character.
	name, first := "utf-16le", start
	if start > 0 && (end+1 >= len(text) || text[end+1] != 0) {
		name, first = "utf-16be", start-1
	}
	return Narrowed{
		// The text may end within the last character.
		Decoded: Decoded{name, out, func(i, j int) (int, int) { return first + 2*i, min(first+2*j, len(text)) }},
		Cut:     [2]bool{start <= low && low > 0, end+2 >= high && high < len(text)}, End: end + 1,
	}
}

// IsText reports whether c is the low byte of a character of Latin 1 that stands in texts.
func IsText(c byte) bool { return c >= 0x20 && c != 0x7f || c == '\t' || c == '\n' || c == '\r' }

// NarrowAll reads a text that is UTF-16 from its start, with every character beyond ASCII as 0xff. The characters have their
// low byte at offset low in each pair.
func NarrowAll(text []byte, low int) Decoded {
	out := make([]byte, len(text)/2)
	for i := range out {
		c := text[2*i+low]
		if text[2*i+1-low] != 0 || c >= 0x80 {
			c = 0xff
		}
		out[i] = c
	}
	return Decoded{[...]string{"utf-16le", "utf-16be"}[low], out, func(i, j int) (int, int) { return 2 * i, 2 * j }}
}

// ByteOrder returns the offset of the low byte in each pair where text starts with a byte order mark of UTF-16, else -1.
func ByteOrder(text []byte) int {
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
