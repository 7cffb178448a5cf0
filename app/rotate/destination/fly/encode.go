package fly

import (
	"bufio"
	"errors"
	"strings"
)

var errNotImportable = errors.New("fly secrets import can't read this value: set it in the dashboard")

// encode writes a secret as fly secrets import reads it. That takes quotes off and cuts comments in a way of its own: what follows the first # of a line
// is a comment if an even number of double quotes stands before it, even within quotes. A value of several lines stands between two times three
// double quotes; its lines after the first are read as they are.
func encode(variable, value string) (string, error) {
	first, rest, several := strings.Cut(value, "\n")
	quote := `"""`
	if before, _, comment := strings.Cut(first, "#"); comment && strings.Count(before, `"`)%2 == 1 {
		quote = "'"
	}
	line := variable + "=" + quote + value + quote + "\n"
	switch {
	case strings.ContainsAny(value, "\r\x00"), len(line) >= bufio.MaxScanTokenSize:
		return "", errNotImportable
	case several && (quote == "'" || strings.HasSuffix(first, quote)):
		return "", errNotImportable
	}
	if several {
		lines := strings.Split(rest, "\n")
		for _, l := range lines[:len(lines)-1] {
			if strings.HasSuffix(l, quote) { // would end it
				return "", errNotImportable
			}
		}
	}
	return line, nil
}
