// Package encoding reads text that is written in another way, where nobody says in which: the escapes of many languages,
// literals that are joined, base64 and hexadecimal over line ends, UTF-16 in the middle of other bytes. It knows nothing of
// what is looked for.
//
// Each function looks at one place of a text, and returns what stands there and how many bytes that takes. It reads nothing
// beyond the limits in package budget (an escape, a seam) or those it is given, and keeps no reference but in what it
// returns, so that all are safe for concurrent use.
//
//   - a character: [Unescape]
//   - where a string goes on in the next literal or line: [Join]
//   - where base64 or hexadecimal goes on in the next line: [WrapAfter], [WrapBefore]
//   - the digits around a place: [Collect], then [Run.Base64] or [Run.Hex]
//   - the same of a whole file, as it is read: [Digits.Measure]
//   - UTF-16: [ByteOrder], [NarrowAll], [Narrow]
package encoding

// Decoded is what a stretch of a text decodes to.
type Decoded struct {
	Encoding string // "base64", "base64url", "hex", "utf-16le" or "utf-16be"
	Text     []byte
	// Span returns the stretch of the encoded text that Text[i:j] was decoded from.
	Span func(i, j int) (from, to int)
}

// IsSpace reports whether c is a blank, a tab or part of a line end.
func IsSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// IsBase62 reports whether c is a letter or digit of ASCII.
func IsBase62(c byte) bool { return (c|0x20)-'a' < 26 || c-'0' < 10 }
