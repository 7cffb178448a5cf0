package scan

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// knownPlace is a credential in a file. The line does not count: it moves.
type knownPlace struct{ fingerprint, path string }

func placeKnown(h Hit) knownPlace {
	path := asJSON(pathOf(h))
	if h.Online.Kind != "" {
		path = asJSON(h.Repository) + " " + path
	}
	return knownPlace{h.fingerprint(), path}
}

// asJSON is a path as WriteJSON writes it: what of it is no UTF-8 is U+FFFD.
func asJSON(path string) string { return string([]rune(path)) }

// longestRow is how long a line of a baseline may be, in bytes.
const longestRow = 4 << 20

// readBaseline reads what `--format json` wrote before. "" names none.
func readBaseline(name string) (map[knownPlace]bool, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("--baseline %s: %s", name, reasonOf(err))
	}
	defer f.Close()
	known := map[knownPlace]bool{}
	rows := bufio.NewScanner(f)
	rows.Buffer(nil, longestRow)
	for n := 1; rows.Scan(); n++ {
		if len(rows.Bytes()) == 0 {
			continue
		}
		var row hitJSON
		if err := json.Unmarshal(rows.Bytes(), &row); err != nil || !isFingerprint(row.Fingerprint) {
			return nil, fmt.Errorf("--baseline %s, line %d: not written by rekey scan --format json: create the file again with rekey scan --format json -o %s",
				name, n, name)
		}
		if row.Place != "" {
			row.Path = row.Repository + " " + row.Path
		}
		known[knownPlace{row.Fingerprint, row.Path}] = true
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("--baseline %s: %w", name, err)
	}
	return known, nil
}
