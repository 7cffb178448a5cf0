package detect_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// piece is a text with the place of a key in it.
type piece struct {
	text     string
	from, to int
}

// torn reports whether a line end stands among the first n characters of the key.
func (p piece) torn(n int) bool {
	return strings.ContainsAny(p.text[p.from:min(p.from+n, p.to)], "\r\n\"\\")
}

// encoder writes a piece in another way and says where the key is then.
type encoder struct {
	name  string // what Finding.Encoding must hold
	write func(t *rapid.T, p piece) piece
}

// each writes every byte of p as f does; only says which bytes of the key f is for, all bytes of the rest stay.
func each(p piece, f func(i int, c byte) string) piece {
	var b strings.Builder
	q := piece{}
	for i := range len(p.text) {
		if i == p.from {
			q.from = b.Len()
		}
		b.WriteString(f(i, p.text[i]))
		if i == p.to-1 {
			q.to = b.Len()
		}
	}
	q.text = b.String()
	return q
}

// escapes writes the key with its underscores escaped, all that is no letter or digit, or everything.
func escapes(name string, forms ...string) encoder {
	return encoder{name, func(t *rapid.T, p piece) piece {
		form := rapid.SampledFrom(forms).Draw(t, "form")
		all := rapid.Bool().Draw(t, "all")
		return each(p, func(i int, c byte) string {
			if i >= p.from && i < p.to && (all || c == '_') {
				return fmt.Sprintf(form, c)
			}
			return string(c)
		})
	}}
}

// wrapped breaks lines after every width characters.
func wrapped(p piece, width int, sep string) piece {
	return each(p, func(i int, c byte) string {
		if i > 0 && i%width == 0 {
			// The line end stands before the character: the place of the key starts behind it.
			return sep + string(c)
		}
		return string(c)
	}).trim(sep)
}

// trim moves the start of the key behind a line end that stands before its first character.
func (p piece) trim(sep string) piece {
	if strings.HasPrefix(p.text[p.from:], sep) {
		p.from += len(sep)
	}
	return p
}

func base64Of(enc *base64.Encoding) func(*rapid.T, piece) piece {
	return func(t *rapid.T, p piece) piece {
		return piece{enc.EncodeToString([]byte(p.text)), p.from * 8 / 6, (p.to*8 + 5) / 6}
	}
}

func wrappedBase64(t *rapid.T, p piece) piece {
	p = piece{base64.StdEncoding.EncodeToString([]byte(p.text)), p.from * 8 / 6, (p.to*8 + 5) / 6}
	sep := rapid.SampledFrom([]string{"\n", "\r\n", "\n    ", "\r\n\t", `\n`, "\" +\n  \"", "\\\n"}).Draw(t, "line end")
	return wrapped(p, rapid.IntRange(16, 80).Draw(t, "width"), sep)
}

func hexOf(t *rapid.T, p piece) piece {
	form := rapid.SampledFrom([]string{"%x", "%X"}).Draw(t, "case")
	return piece{fmt.Sprintf(form, p.text), p.from * 2, p.to * 2}
}

func utf16Of(low int, bom bool) func(*rapid.T, piece) piece {
	return func(t *rapid.T, p piece) piece {
		var b bytes.Buffer
		if bom {
			b.Write([][]byte{{0xff, 0xfe}, {0xfe, 0xff}}[low])
		}
		n := b.Len()
		for i := range len(p.text) {
			pair := []byte{0, 0}
			pair[low] = p.text[i]
			b.Write(pair)
		}
		return piece{b.String(), n + 2*p.from, n + 2*p.to}
	}
}

// split breaks the key into literals, at one place or after every few characters.
func split(seam string) func(*rapid.T, piece) piece {
	return func(t *rapid.T, p piece) piece {
		at := map[int]bool{}
		if rapid.Bool().Draw(t, "once") {
			at[p.from+rapid.IntRange(1, p.to-p.from-1).Draw(t, "split")] = true
		} else {
			step := rapid.IntRange(8, 25).Draw(t, "step")
			for i := p.from + rapid.IntRange(1, step).Draw(t, "first"); i < p.to; i += step {
				at[i] = true
			}
		}
		return each(p, func(i int, c byte) string {
			if at[i] {
				return seam + string(c)
			}
			return string(c)
		})
	}
}

// lineEncoders keep a text a text; the surroundings stay readable.
func lineEncoders() []encoder {
	list := []encoder{
		{"plain", func(_ *rapid.T, p piece) piece { return p }},
		escapes("percent", "%%%02X", "%%%02x", "%%25%02X"),
		escapes("unicode-escape", `\u%04x`, `\u%04X`, `\\u%04x`, `\u{%x}`),
		escapes("hex-escape", `\x%02x`, `\x%02X`, `\\x%02x`),
		escapes("html-entity", "&#%d;", "&#x%x;", "&#x%X;", "&amp;#%d;"),
		{"markdown", func(_ *rapid.T, p piece) piece {
			return each(p, func(i int, c byte) string {
				if c == '_' {
					return `\_`
				}
				return string(c)
			})
		}},
		{"html-entity", func(_ *rapid.T, p piece) piece {
			return each(p, func(i int, c byte) string {
				if c == '_' {
					return "&lowbar;"
				}
				return string(c)
			})
		}},
	}
	for _, seam := range []string{`" + "`, `' + '`, "\" +\n    \"", `\" + \"`, `" . "`, "` + `"} {
		list = append(list, encoder{"concatenation", split(seam)})
	}
	for _, seam := range []string{`" "`, "\"\n  \"", "'\r\n'"} {
		list = append(list, encoder{"concatenation", split(seam)})
	}
	for _, seam := range []string{"\\\n", "\\\r\n", "\\\n    "} {
		list = append(list, encoder{"line-continuation", split(seam)})
	}
	return list
}

// wholeEncoders encode the surroundings as well.
func wholeEncoders() []encoder {
	return []encoder{
		{"base64", base64Of(base64.StdEncoding)},
		{"base64", base64Of(base64.RawURLEncoding)},
		{"base64", wrappedBase64},
		{"hex", hexOf},
		{"utf-16le", utf16Of(0, false)},
		{"utf-16be", utf16Of(1, false)},
	}
}
