package doctor

import (
	"fmt"
	"io"
	"strings"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/respond/format"
)

// Report is what is written as JSON.
type Report struct {
	Healthy bool    `json:"healthy"`
	Checks  []Check `json:"checks"`
}

// marks show a state without colours.
var marks = map[State]string{OK: "ok", Warning: "warning", Failed: "FAILED", Skipped: "skipped"}

// colours are those of terminals.
var colours = map[State]string{OK: "32", Warning: "33", Failed: "1;31", Skipped: "2"}

// WriteText writes the checks as people read them in a terminal: a line each, and how to fix what is not well.
func WriteText(w io.Writer, checks []Check, colour bool) error {
	var b strings.Builder
	counts := map[State]int64{}
	for i := 0; i < len(checks); i++ {
		c := checks[i]
		counts[c.State]++
		if c.State == Skipped { // what was skipped for one reason is one line
			for i+1 < len(checks) && checks[i+1].State == Skipped && checks[i+1].Detail == c.Detail {
				i++
				c.Name += ", " + checks[i].Name
			}
		}
		mark := fmt.Sprintf("%-7s", marks[c.State])
		if colour {
			mark = "\x1b[" + colours[c.State] + "m" + mark + "\x1b[0m"
		}
		fmt.Fprintf(&b, "%s  %-13s  %s\n", mark, c.Name, terminal.Printable(c.Detail))
		if c.Fix != "" {
			fmt.Fprintf(&b, "%24s%s\n", "", terminal.Printable(c.Fix))
			if c.Link != "" {
				fmt.Fprintf(&b, "%24s%s\n", "", terminal.Printable(c.Link))
			}
		}
	}
	switch {
	case counts[Failed] > 0:
		fmt.Fprintf(&b, "\n%s to fix.\n", format.Count(counts[Failed], "problem", "problems"))
	case counts[Warning] > 0:
		fmt.Fprintf(&b, "\nrekey works; %s.\n", format.Count(counts[Warning], "warning", "warnings"))
	default:
		b.WriteString("\nEverything is well.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
