// Package terminal writes text for people: colours, lines that fit, and nothing that disturbs a terminal; it also opens pages in their browser.
package terminal

// Style says how text for people is written.
type Style struct {
	Colour bool
	Width  int // of the terminal, in characters; 0 breaks no lines
}

// The codes that [Style.Paint] takes.
const (
	Red    = "\x1b[31m"
	Yellow = "\x1b[33m"
	Green  = "\x1b[32m"
	Bold   = "\x1b[1m"
	Faint  = "\x1b[2m"
	plain  = "\x1b[0m"
)

// Paint returns the text in colour, where there are colours.
func (s Style) Paint(codes, text string) string {
	if !s.Colour || codes == "" || text == "" {
		return text
	}
	return codes + text + plain
}
