package ledger_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// TestEveryTableHasItsTime: docs/operate.md says of each table of the database, once, how long what is in it is kept. Whoever adds a
// table decides that, and whether it grows without end.
func TestEveryTableHasItsTime(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "| what | tables |")
	section, _, ended := strings.Cut(section, "\n\n")
	if !found || !ended {
		t.Fatal("docs/operate.md has no table of what is kept")
	}
	var listed []string
	name := regexp.MustCompile("`([a-z_]+)`")
	for row := range strings.Lines(section) {
		columns := strings.Split(row, "|")
		if len(columns) < 4 {
			continue
		}
		for _, m := range name.FindAllStringSubmatch(columns[2], -1) {
			if slices.Contains(listed, m[1]) {
				t.Errorf("docs/operate.md has table %s twice", m[1])
			}
			listed = append(listed, m[1])
		}
	}
	ledgertest.Each(t, func(t *testing.T, url string) {
		there := tables(t, ledgertest.Open(t, ledger.Options{URL: url}))
		for _, table := range there {
			if !slices.Contains(listed, table) {
				t.Errorf("docs/operate.md does not say how long table %s is kept", table)
			}
		}
		for _, table := range listed {
			if !slices.Contains(there, table) {
				t.Errorf("docs/operate.md has a table %s, which is not there", table)
			}
		}
	})
}
