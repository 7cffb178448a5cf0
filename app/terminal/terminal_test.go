package terminal

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestProseIsBrokenBetweenWords at the terminal's width; where there is no terminal, nothing is.
func TestProseIsBrokenBetweenWords(t *testing.T) {
	t.Parallel()
	text := "put the value where git does not see it: in a file that .gitignore names, such as .env.local"
	for width := range 120 {
		var b strings.Builder
		Style{Width: width}.Prose(&b, "", "  1. ", text)
		out := b.String()
		if joined := strings.Join(strings.Fields(out), " "); joined != "1. "+text {
			t.Fatalf("width %d: %q", width, joined)
		}
		for i, line := range strings.Split(strings.TrimSuffix(out, "\n"), "\n") {
			if width >= narrowest+5 && utf8.RuneCountInString(line) > width {
				t.Errorf("width %d: %q is longer", width, line)
			}
			if i > 0 && !strings.HasPrefix(line, "     ") {
				t.Errorf("width %d: %q does not hang", width, line)
			}
		}
	}
}

func TestEscapes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain ä 漢 €":           "plain ä 漢 €",
		"a\u202eb\u200b\u0085c": `a\u202eb\u200b\u0085c`,
		"\x7f\U000e0001":        `\u007f\udb40\udc01`,
		"a\nb":                  "a\nb", // JSON's own
	} {
		if got := string(EscapeHarmful([]byte(text))); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	if got := Printable("a\nb\tc\x1b\xff\u202e\u200bä"); got != "a·b c····ä" {
		t.Errorf("%q", got)
	}
}
