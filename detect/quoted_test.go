package detect_test

import (
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// quotedPrintable writes a text as mail does, in lines of width columns at most, = included.
func quotedPrintable(text string, width int, end string) string {
	var b strings.Builder
	column := 0
	for i := range len(text) {
		c := text[i : i+1]
		if c == "\n" {
			b.WriteString(end)
			column = 0
			continue
		}
		if c == "=" {
			c = "=3D"
		}
		if column+len(c) > width-1 {
			b.WriteString("=" + end)
			column = 0
		}
		b.WriteString(c)
		column += len(c)
	}
	return b.String()
}

// TestQuotedPrintableOfAnyWidth finds a key in mail, wherever that breaks its lines.
func TestQuotedPrintableOfAnyWidth(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	key := detecttest.Key(1, detect.Live)
	for width := 10; width <= 76; width++ {
		for _, end := range []string{"\n", "\r\n"} {
			text := quotedPrintable("Hello,\nput CLERK_SECRET_KEY="+key+" into your settings.\n", width, end)
			found := s.Scan(t.Context(), "", []byte(text))
			if len(found) != 1 || found[0].Secret.Reveal() != key {
				t.Errorf("%d columns, %d findings in %q", width, len(found), text)
			}
		}
	}
}

// TestPaddingIsNoLineBreak: what ends with the = of base64 does not go on in the next line, whatever that says.
func TestPaddingIsNoLineBreak(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	value, _ := generate(t, "base64-key", "1")
	for _, next := range []string{"export A=1", "A=1", "a: 1", "done", "A=3D", "A=", "# a"} {
		found := s.Scan(t.Context(), ".env", []byte("PORT=3000\nCLERK_ENCRYPTION_KEY="+value+"\n"+next+"\n"))
		if len(found) != 1 || found[0].Secret.Reveal() != value {
			t.Errorf("before %q: %d findings, or another value", next, len(found))
		}
	}
}
