package detect

import (
	"bytes"

	"github.com/rekey-app/rekey/detect/encoding"
)

// charAt returns the character at text[i:], escaped or not, the bytes it takes, and how it is written.
func charAt(text []byte, i int) (c byte, n int, form encoding.Forms) {
	switch text[i] {
	case '\\', '%', '&', '=':
		if c, n, form = unescape(text, i); n > 0 {
			return c, n, form
		}
	}
	return text[i], 1, 0
}

// unescape is [encoding.Unescape], and reads quoted-printable too where that may be of a credential.
func unescape(text []byte, i int) (c byte, n int, form encoding.Forms) {
	if text[i] == '=' {
		return unescapeQuoted(text, i)
	}
	return encoding.Unescape(text, i)
}

// unescapeQuoted reads quoted-printable, and of that only what cannot be an assignment: "=3D" and "=22" before a prefix,
// "=5F" within one. A value may start with any two digits.
func unescapeQuoted(text []byte, i int) (c byte, n int, form encoding.Forms) {
	s := text[i:]
	if len(s) < 3 {
		return 0, 0, 0
	}
	switch string(s[:3]) {
	case "=5F":
		for _, word := range []string{"sk", "ak", "whsec", "live", "test"} {
			if bytes.HasSuffix(text[:i], []byte(word)) {
				return '_', 3, encoding.Quoted
			}
		}
	case "=3D", "=22":
		for _, prefix := range []string{"sk_", "sk=5F", "pk_", "ak_", "ak=5F", "whsec"} {
			if startsOver(s[3:], prefix) {
				c = '='
				if s[1] == '2' {
					c = '"'
				}
				return c, 3, encoding.Quoted
			}
		}
	}
	return 0, 0, 0
}

// startsOver reports whether s starts with prefix, soft line breaks of quoted-printable aside.
func startsOver(s []byte, prefix string) bool {
	for prefix != "" {
		switch {
		case len(s) > 0 && s[0] == prefix[0]:
			s, prefix = s[1:], prefix[1:]
		case bytes.HasPrefix(s, []byte("=\n")), bytes.HasPrefix(s, []byte("=\r\n")):
			s = s[bytes.IndexByte(s, '\n')+1:]
		default:
			return false
		}
	}
	return true
}
