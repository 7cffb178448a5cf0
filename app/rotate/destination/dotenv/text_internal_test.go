package dotenv

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	parser "github.com/rekey-app/rekey/detect/audit/dotenv"
)

// TestEdit edits files of all kinds of lines, with all kinds of values.
func TestEdit(t *testing.T) {
	t.Parallel()
	lines := rapid.SampledFrom([]string{
		"", "# a comment with KEY=old", "A=1", "export B='two words' # c", "C=\"several\nlines\"", "D=`x`", "E: yes", "F=", "not an assignment", "G=$HOME", "\tH = 1 ", "I=it's", "KEY2=old",
	})
	values := rapid.StringOf(rapid.SampledFrom([]rune("aZ09_-./+=:@,% #'\"`\\$n\n\t;&|é🔑")))
	rapid.Check(t, func(t *rapid.T) {
		end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end of lines")
		before := rapid.SliceOfN(lines, 0, 4).Draw(t, "before")
		after := rapid.SliceOfN(lines, 0, 4).Draw(t, "after")
		around := rapid.SampledFrom([]string{"", "'", `"`, "`"}).Draw(t, "quotes")
		comment := rapid.SampledFrom([]string{"", " # KEY=old", "#c", "  "}).Draw(t, "comment")
		head := strings.Join(append(before, "export KEY="), end)
		tail := comment + end + strings.Join(after, end)
		value := values.Draw(t, "value")
		edited, err := edit(head+around+"old"+around+tail, "KEY", 0, value)
		if err != nil {
			return // it says so, and nothing is written
		}
		rest, isHead := strings.CutPrefix(edited, head)
		written, isTail := strings.CutSuffix(rest, tail)
		if !isHead || !isTail {
			t.Fatalf("more than the value was changed:\n%q", edited)
		}
		alone := parser.Parse("KEY=" + written)
		if len(alone) != 1 || alone[0].Value != value {
			t.Fatalf("%q is written as %q", value, written)
		}
	})
}

// TestEncode says which values can stand in a file, and how.
func TestEncode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value string
		quote byte
		want  string // "": it can't
	}{
		{"sk_x", 0, "sk_x"},
		{"sk_x", '"', `"sk_x"`},
		{"sk_x", '`', "`sk_x`"},
		{"whsec_a/b+c=", 0, "whsec_a/b+c="},
		{"two words", 0, "'two words'"},
		{"two words", '"', `"two words"`},
		{"it's", 0, `"it's"`},
		{"it's", '\'', `"it's"`},
		{`say "x"`, '"', `'say "x"'`},
		{`back\slash`, '"', `'back\slash'`},
		{"a\nb", 0, "'a\nb'"},
		{"", 0, "''"},
		{`it's "x"`, 0, ""},
		{`it's a \`, 0, ""},
		{`end\`, 0, ""},
		{"a$b", '\'', ""},
		{"a\rb", 0, ""},
	} {
		got, err := encode(c.value, c.quote)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q in %q: %q, %v", c.value, c.quote, got, err)
		}
	}
}

// TestEditWouldChangeAnother has a quote that was never closed, and a value that would close it.
func TestEditWouldChangeAnother(t *testing.T) {
	t.Parallel()
	if got, err := edit("A=\"open\nKEY=old\n", "KEY", 0, `"# x`); !errors.Is(err, errEdit) {
		t.Errorf("%q, %v", got, err)
	}
}
