package policy

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestTheTableIsWhole: each setting that the schema has is a row of the table, and lock knows the names of all of them. A setting
// without a row would be one that no lock holds.
func TestTheTableIsWhole(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/rekey.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	type property struct {
		Properties map[string]property
		Items      struct{ Enum []string }
	}
	var schema property
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	var leaves []string
	var walk func(prefix string, p property)
	walk = func(prefix string, p property) {
		for name, field := range p.Properties {
			if len(field.Properties) > 0 {
				walk(prefix+name+".", field)
				continue
			}
			leaves = append(leaves, prefix+name)
		}
	}
	walk("", schema)
	var rows []string
	for _, s := range settings() {
		rows = append(rows, s.name)
	}
	// These apply to nobody else: which settings the files after it may weaken, and whose issues a repository takes.
	want := append(slices.Clone(rows), "lock", "issues.accepts")
	slices.Sort(leaves)
	slices.Sort(want)
	if !slices.Equal(leaves, want) {
		t.Errorf("the schema has the settings\n%q, the table\n%q", leaves, want)
	}
	if got := schema.Properties["lock"].Items.Enum; !slices.Equal(got, locks()) {
		t.Errorf("the schema's lock takes %q, the parser's %q", got, locks())
	}
}

// TestTheDocumentationHasTheTable: docs/policy.md says of each setting what a lock leaves to a repository.
func TestTheDocumentationHasTheTable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "| Locked setting | A repository may still |\n| --- | --- |\n")
	if !found {
		t.Fatal("docs/policy.md has no table of locked settings")
	}
	table, _, _ := strings.Cut(rest, "\n\n")
	var want []string
	for _, s := range settings() {
		row := fmt.Sprintf("| `%s` | %s |", s.name, s.may)
		if len(s.also) > 0 {
			row = fmt.Sprintf("| `%s` (`%s` locks it too) | %s |", s.name, strings.Join(s.also, "` or `"), s.may)
		}
		want = append(want, row)
	}
	if got := strings.Split(table, "\n"); !slices.Equal(got, want) {
		t.Errorf("docs/policy.md has the table\n%s\nwant\n%s", table, strings.Join(want, "\n"))
	}
}
