package audit_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/audit"
)

var update = flag.Bool("update", false, "write the pages of docs/checks anew")

// TestPages holds docs/checks to the table of checks: a page for each, an index, and nothing else.
func TestPages(t *testing.T) {
	t.Parallel()
	const dir = "../../docs/checks"
	want := map[string]string{"README.md": index(audit.Checks())}
	for _, check := range audit.Checks() {
		want[check.ID+".md"] = page(check)
	}
	if *update {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(dir, 0o750); err != nil {
			t.Fatal(err)
		}
		for name, text := range want {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if want[e.Name()] != string(text) {
			t.Errorf("%s isn't what the table of checks says: go test ./detect/audit -update writes it", e.Name())
		}
		delete(want, e.Name())
	}
	for name := range want {
		t.Errorf("%s is missing: go test ./detect/audit -update writes it", name)
	}
}

// TestChecksAreComplete: what people read of a check is there, and reads as one text.
func TestChecksAreComplete(t *testing.T) {
	t.Parallel()
	for _, check := range audit.Checks() {
		switch {
		case check.Title == "" || strings.HasSuffix(check.Title, "."):
			t.Errorf("%s: title %q", check.ID, check.Title)
		case !strings.HasSuffix(check.Fix, ".") || strings.Contains(check.Fix, "\n"):
			t.Errorf("%s: fix %q", check.ID, check.Fix)
		case !strings.HasPrefix(check.Link, "https://"):
			t.Errorf("%s: link %q", check.ID, check.Link)
		case !strings.HasSuffix(check.Why, ".") && !strings.HasSuffix(check.Why, "```"):
			t.Errorf("%s: why %q", check.ID, check.Why)
		case len(check.Before) == 0 || len(check.After) == 0:
			t.Errorf("%s has no example", check.ID)
		}
	}
	if _, ok := audit.Lookup("C3"); !ok {
		t.Error("C3 isn't found")
	}
	if _, ok := audit.Lookup("C"); ok {
		t.Error("C is found")
	}
}

func index(checks []audit.Check) string {
	var b strings.Builder
	b.WriteString("# Checks of a Clerk configuration\n\nWhat rekey reports of the files of a repository that uses Clerk: only what they prove. ")
	b.WriteString("The first table is always looked for, the second only with `audit.level: all`, since it asks for a decision of yours.\n\n")
	b.WriteString("A comment accepts one finding, on its line or the one above: `rekey:allow ID reason`. Without a reason it accepts nothing.\n\n")
	b.WriteString("These pages are written from the table of checks in `detect/audit` (`go test ./detect/audit -update`).\n")
	for _, tier := range []audit.Tier{audit.Default, audit.All} {
		if !slices.ContainsFunc(checks, func(c audit.Check) bool { return c.Tier == tier }) {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n| check | what | severity | where |\n| --- | --- | --- | --- |\n", map[audit.Tier]string{audit.Default: "Always", audit.All: "With `audit.level: all`"}[tier])
		for _, c := range checks {
			if c.Tier == tier {
				fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s | %s |\n", c.ID, c.ID, c.Title, c.Severity, frameworks(c))
			}
		}
	}
	return b.String()
}

func frameworks(c audit.Check) string {
	if len(c.Frameworks) == 0 {
		return "any"
	}
	return strings.Join(c.Frameworks, ", ")
}

func page(c audit.Check) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: %s\n\n", c.ID, c.Title)
	fmt.Fprintf(&b, "Severity %s. Frameworks: %s. ", c.Severity, frameworks(c))
	if c.Tier == audit.Default {
		b.WriteString("Always looked for.\n\n")
	} else {
		b.WriteString("Looked for with `audit.level: all`.\n\n")
	}
	fmt.Fprintf(&b, "**%s**\n\n%s\n\n", c.Fix, c.Why)
	fmt.Fprintf(&b, "More: <%s>\n\n## Reported\n\n%s## Not reported\n\n%s", c.Link, examples(c.Before), examples(slices.DeleteFunc(slices.Clone(c.After), func(e audit.Example) bool { return slices.Contains(c.Before, e) })))
	fmt.Fprintf(&b, "## To accept it\n\nPut a comment with a reason on the line, or on the one above: `rekey:allow %s` and why. The number of accepted findings is shown with every result.\n", c.ID)
	return b.String()
}

func examples(list []audit.Example) string {
	var b strings.Builder
	for _, e := range list {
		language := strings.TrimPrefix(filepath.Ext(e.Path), ".")
		fmt.Fprintf(&b, "`%s`\n\n```%s\n%s\n```\n\n", e.Path, language, strings.TrimSuffix(e.Text, "\n"))
	}
	return b.String()
}
