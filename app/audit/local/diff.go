package local

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
)

// WriteDiff writes changes as git does, so that git apply takes them in the current directory. Credentials are masked: masked reports
// whether there were any, since such a diff can't be applied.
func WriteDiff(ctx context.Context, w io.Writer, changes []Change, s Style) (masked bool, err error) {
	var all bytes.Buffer
	for _, c := range changes {
		all.Write(c.diff())
	}
	text := detect.New(detect.Options{}).Redact(ctx, all.Bytes())
	masked = !bytes.Equal(text, all.Bytes())
	if s.Colour || s.Width > 0 {
		text = s.shown(text)
	}
	_, err = w.Write(text)
	return masked, err
}

// diff is the change as git writes it.
func (c Change) diff() []byte {
	var b bytes.Buffer
	from, to := quoted("a/"+c.Name), quoted("b/"+c.ToName)
	fmt.Fprintf(&b, "diff --git %s %s\n", from, to)
	switch {
	case c.Old == nil:
		b.WriteString("new file mode 100644\n")
		from = "/dev/null"
	case c.Path != c.To:
		fmt.Fprintf(&b, "rename from %s\nrename to %s\n", quoted(c.Name), quoted(c.ToName))
	}
	if bytes.Equal(c.Old, c.New) {
		return b.Bytes()
	}
	if strings.Contains(c.Name+c.ToName, " ") { // where a name ends
		from, to = from+"\t", to+"\t"
	}
	fmt.Fprintf(&b, "--- %s\n+++ %s\n", from, to)
	hunks := diff.Diff("", c.Old, "", c.New)
	for range 3 { // its own header
		_, hunks, _ = bytes.Cut(hunks, []byte("\n"))
	}
	b.Write(hunks)
	return b.Bytes()
}

// quoted is a path as git writes it: in quotes where something in it would be read as the end of it.
func quoted(name string) string {
	if !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r == 0x7f }) {
		return name
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(name) {
		switch c := name[i]; {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// shown is a diff for a terminal.
func (s Style) shown(text []byte) []byte {
	var b bytes.Buffer
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		colour := ""
		switch {
		case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"), strings.HasPrefix(line, "diff "):
			colour = terminal.Bold
		case strings.HasPrefix(line, "+"):
			colour = terminal.Green
		case strings.HasPrefix(line, "-"):
			colour = terminal.Red
		case strings.HasPrefix(line, "@@"):
			colour = terminal.Faint
		}
		b.WriteString(s.Paint(colour, terminal.Printable(strings.ReplaceAll(line, "\t", "    "))) + "\n")
	}
	return b.Bytes()
}
