package encoding_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect/encoding"
)

// TestUnescape reads one character at the start of each text.
func TestUnescape(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		char byte
		n    int
		form encoding.Forms
	}{
		{`\u005fx`, '_', 6, encoding.UnicodeEscape},
		{`\\\u005Fx`, '_', 8, encoding.UnicodeEscape},
		{`\u{5f}x`, '_', 6, encoding.UnicodeEscape},
		{`\U0000005fx`, '_', 10, encoding.UnicodeEscape},
		{`\u00e9`, 0xff, 6, encoding.UnicodeEscape},
		{`\x5fx`, '_', 4, encoding.HexEscape},
		{`\137x`, '_', 4, encoding.OctalEscape},
		{`\_x`, '_', 2, encoding.Markdown},
		{`\"x`, '"', 2, 0},
		{`\nx`, '\n', 2, 0},
		{`%5Fx`, '_', 3, encoding.Percent},
		{`%25255fx`, '_', 7, encoding.Percent},
		{`%u005fx`, '_', 6, encoding.Percent},
		{`%25x`, '%', 3, encoding.Percent},
		{`&#95;x`, '_', 5, encoding.Entity},
		{`&amp;#x5f;x`, '_', 10, encoding.Entity},
		{`&lowbar;x`, '_', 8, encoding.Entity},
		// None.
		{`x`, 0, 0, 0},
		{`\`, 0, 0, 0},
		{`%5`, 0, 0, 0},
		{`%zz`, 0, 0, 0},
		{`&&x;`, 0, 0, 0},
		{`&x`, 0, 0, 0},
		{`\u00`, 0, 0, 0},
		{`=5F`, 0, 0, 0},
		{`\u{`, 0, 0, 0},
	} {
		char, n, form := encoding.Unescape([]byte("<"+c.text), 1)
		if char != c.char || n != c.n || form != c.form {
			t.Errorf("%s: %q in %d bytes, %q", c.text, char, n, form.Names())
		}
	}
}

// TestJoin goes on where | stands, from where the first line or literal breaks off.
func TestJoin(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 72)
	for text, want := range map[string]encoding.Seam{
		`ab" + "|cd`: encoding.Operator, "ab' .\n  '|cd": encoding.Operator, `ab\" + \"|cd`: encoding.Operator, "ab&quot; + &quot;|cd": encoding.Operator,
		`ab" "|cd`: encoding.Adjacent, "ab\"\n\t\"|cd": encoding.Adjacent, "ab\" f\"|cd": encoding.Adjacent,
		"ab\\\n|cd": encoding.Continuation, "ab\\\r\n    |cd": encoding.Continuation, "ab^\n|cd": encoding.Continuation, "ab`\n|cd": encoding.Continuation,
		long + "=\n|cd": encoding.SoftBreak, "a=3Db=\r\n|cd": encoding.SoftBreak, "b=\n|cd=3D\n": encoding.SoftBreak,
		"ab": encoding.NoSeam, "ab\" + cd": encoding.NoSeam, "ab=\ncd": encoding.NoSeam, long + "=\ncd=1": encoding.NoSeam, long + "aaaaaaaa=\ncd": encoding.NoSeam,
		"A=b=\ncd=3D\n": encoding.NoSeam, "ab\ncd": encoding.NoSeam,
	} {
		plain := []byte(strings.Replace(text, "|", "", 1))
		at := len(text) - len(strings.TrimLeft(text, "ab=3D"))
		if i := strings.Index(text, "=\n"); i >= 0 {
			at = i
		} else if i := strings.Index(text, "=\r\n"); i >= 0 {
			at = i
		}
		next, how := encoding.Join(plain, at)
		if how != want || how != encoding.NoSeam && next != strings.Index(text, "|") {
			t.Errorf("%q: goes on at %d, %d", text, next, how)
		}
	}
}

// TestDigitsDecode decodes base64 and hexadecimal over line ends from any place of it, as a whole and as a file, and gives the place
// of each byte.
func TestDigitsDecode(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 30, 300).Draw(t, "data")
		asHex := rapid.Bool().Draw(t, "hex")
		digits, bits, isDigit := base64.RawStdEncoding.EncodeToString(data), 6, encoding.IsBase64
		if asHex {
			digits, bits, isDigit = hex.EncodeToString(data), 4, encoding.IsHexDigit
		}
		width := rapid.IntRange(8, 80).Draw(t, "width")
		end := rapid.SampledFrom([]string{"\n", "\r\n", "\n    ", `\n`, "\" +\n  \"", "&#10;", "%0A", "\n> "}).Draw(t, "line end")
		var text []byte
		places := make([]int, len(digits))
		text = append(text, ": "...)
		for i := range len(digits) {
			if i > 0 && i%width == 0 {
				text = append(text, end...)
			}
			places[i] = len(text)
			text = append(text, digits[i])
		}
		text = append(text, " :"...)

		k := rapid.IntRange(0, len(digits)-1).Draw(t, "from")
		if end == "%0A" {
			k = 0 // WrapBefore knows no such line end
		}
		if asHex {
			k &^= 1
		}
		run := encoding.Collect(text, places[k], isDigit, len(text), len(text), true)
		d := run.Base64(text, k%4)
		if asHex {
			d = run.Hex(text)
		}
		if !bytes.Equal(d.Text, data) {
			t.Fatalf("%q decodes to %x, want %x", text, d.Text, data)
		}
		for i := range data {
			if from, to := d.Span(i, i+1); from != places[i*8/bits] || to != places[(i*8+7)/bits]+1 {
				t.Fatalf("byte %d is at %d to %d", i, from, to)
			}
		}
		charged := 0
		file := encoding.Digits{Text: text, Hex: asHex}.Measure(places[0], len(text), func(n int) bool { charged += n; return true })
		from := rapid.Int64Range(0, int64(len(data))).Draw(t, "offset")
		rest, err := io.ReadAll(io.NewSectionReader(file, from, file.Size))
		if err != nil || !bytes.Equal(rest, data[from:]) || int(from) < len(data) && charged == 0 || file.End != places[len(digits)-1]+1 {
			t.Fatalf("from %d: %x, %d charged, end %d: %v", from, rest, charged, file.End, err)
		}
	})
}

// TestWrapBefore goes back over a line end to behind the digit that | stands behind.
func TestWrapBefore(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"AAA+|\n": true, "AAAA|\r\n    ": true, `AAAA|\n`: true, "AAAA|\" +\n  \"": true, "AAAA|\"+\"": true, "AAAA|&#10;": true,
		"AAAA ": false, "AAAA+": false, "AAAA!\n": false, "\n": false,
	} {
		plain := strings.Replace(text, "|", "", 1)
		if got, want := encoding.WrapBefore([]byte(plain), len(plain)), strings.Index(text, "|"); got != want || ok != (want >= 0) {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// TestNarrow reads UTF-16 in the middle of other bytes, and from a byte order mark on.
func TestNarrow(t *testing.T) {
	t.Parallel()
	const want = "some text, and more"
	for low, name := range []string{"utf-16le", "utf-16be"} {
		var wide []byte
		for i := range len(want) {
			pair := [2]byte{}
			pair[low] = want[i]
			wide = append(wide, pair[:]...)
		}
		text := append(append([]byte("\x01\x02"), wide...), "\x03\x04"...)
		n := encoding.Narrow(text, 2+low+10, 100, 100)
		from, to := n.Span(5, 9)
		if n.Encoding != name || string(n.Text) != want || string(text[from:to]) != string(wide[10:18]) || n.Cut != [2]bool{} {
			t.Errorf("%s: %+v, %d to %d", name, n, from, to)
		}
		if n = encoding.Narrow(text, 2+low+10, 4, 5); n.Cut != [2]bool{true, true} || string(n.Text) != want[3:8] {
			t.Errorf("%s, near: %q %v", name, n.Text, n.Cut)
		}
		marked := slices.Concat([][]byte{{0xff, 0xfe}, {0xfe, 0xff}}[low], wide)
		if encoding.ByteOrder(marked) != low || encoding.ByteOrder(wide) >= 0 {
			t.Errorf("%s: byte order %d, without a mark %d", name, encoding.ByteOrder(marked), encoding.ByteOrder(wide))
		}
		if d := encoding.NarrowAll(wide, low); string(d.Text) != want || d.Encoding != name {
			t.Errorf("%s: %q", d.Encoding, d.Text)
		}
	}
}

// FuzzDecode holds any bytes against the promises: no panic, and each decoded byte stands where Span says, in order.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"aGVsbG8h\\n  aGVsbG8h", "68656c\n6c6f", "h\x00e\x00l\x00l\x00o\x00", `\u{5f}&amp;#95;%25255F`, "\" + \"", "=\n=3D=\r\n", "&#10;"} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, text []byte, at int) {
		if len(text) == 0 || at < 0 {
			return
		}
		at %= len(text)
		if _, n, _ := encoding.Unescape(text, at); n > len(text)-at {
			t.Errorf("an escape of %d bytes at %d of %d", n, at, len(text))
		}
		if next, how := encoding.Join(text, at); how != encoding.NoSeam && (next <= at || next > len(text)) {
			t.Errorf("goes on at %d", next)
		}
		encoding.Peek(text, at)
		decoded := []encoding.Decoded{encoding.NarrowAll(text, at&1)}
		for _, wrap := range []bool{false, true} {
			if encoding.IsHexDigit(text[at]) {
				run := encoding.Collect(text, at, encoding.IsHexDigit, 64, 64, wrap)
				decoded = append(decoded, run.Hex(text))
			}
			if encoding.IsBase64(text[at]) {
				run := encoding.Collect(text, at, encoding.IsBase64, 64, 64, wrap)
				decoded = append(decoded, run.Base64(text, at&3))
			}
		}
		if at+1 < len(text) && text[at+1] == 0 {
			decoded = append(decoded, encoding.Narrow(text, at, 64, 64).Decoded)
		}
		for _, d := range decoded {
			last := -1
			for i := range d.Text {
				from, to := d.Span(i, i+1)
				if from < last || to <= from || to > len(text) {
					t.Fatalf("%s: byte %d at %d to %d of %d", d.Encoding, i, from, to, len(text))
				}
				last = from
			}
		}
	})
}

// TestKnowsNothingOfCredentials: what is looked for is not this package's business.
func TestKnowsNothingOfCredentials(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := regexp.MustCompile(`(?i)clerk|sk_|whsec`).Find(source); found != nil && !strings.HasSuffix(file, "_test.go") {
			t.Errorf("%s has %q", file, found)
		}
	}
}
