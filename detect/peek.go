package detect

import "github.com/rekey-app/rekey/detect/encoding"

// textBehind reports whether the base64 from the anchor at text[at:] on decodes to ASCII, as far as that is looked at: what
// stands behind the prefix of a credential does, be it encoded once more.
func textBehind(text []byte, at int, a *anchor) bool {
	out, n := encoding.Peek(text, at+(4-a.align)&3)
	for _, c := range out[:n] {
		if c >= 0x7f || c < ' ' && !encoding.IsSpace(c) {
			return false
		}
	}
	return true
}

// packedBehind reports whether the base64 at text[at:], which starts as that of a compressed file, goes on as that does.
func packedBehind(text []byte, at int) bool {
	out, n := encoding.Peek(text, at)
	if n <= 3 {
		return true
	}
	switch string(out[:3]) {
	case "\x1f\x8b\x08": // gzip has three flags that must be 0
		return out[3]&0xe0 == 0
	case "BZh": // then the level, and the start of a block or of the end
		return isDigit(out[3]) && (out[4] == 0x31 && out[5] == 0x41 || out[4] == 0x17 && out[5] == 0x72)
	case "\x28\xb5\x2f": // zstd
		return out[3] == 0xfd
	}
	return true
}

// wideBehind reports whether the base64 from the anchor at text[at:] on, an underscore in UTF-16, goes on as UTF-16 of ASCII
// does: every other byte is NUL.
func wideBehind(text []byte, at int, a *anchor) bool {
	out, n := encoding.Peek(text, at+(4-a.align)&3)
	if n < 6 {
		return false
	}
	for i, c := range out[:n] {
		if (c == 0) != ((i&1 == 0) == (out[0] == 0)) || c >= 0x7f {
			return false
		}
	}
	return true
}
