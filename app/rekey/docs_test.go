package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDocumentedRefusal: docs/hooks.md shows what a pusher really sees, which a script holds against a real server.
func TestDocumentedRefusal(t *testing.T) {
	t.Parallel()
	script, err := txtar.ParseFile("testdata/script/hook-pre-receive.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, f := range script.Files {
		if f.Name != "refused.txt" {
			continue
		}
		for line := range strings.Lines(string(f.Data)) {
			want.WriteString(strings.TrimRight("remote: "+line, " \n") + "\n")
		}
	}
	if want.Len() < 500 || !strings.Contains(document(t, "docs/hooks.md"), want.String()) {
		t.Errorf("docs/hooks.md does not show this:\n%s", want.String())
	}
}

// TestDocumentsForOperators looks for what people asked for and did not find, and for what they should not find.
func TestDocumentsForOperators(t *testing.T) {
	t.Parallel()
	operators := document(t, "deploy/README.md")
	for _, subject := range []string{"## Rolling it out", "fail_on: none", "Require status checks", "## Upgrading", "## Uninstalling", "REKEY_NOTIFY_FILE"} {
		if !strings.Contains(operators, subject) {
			t.Errorf("deploy/README.md does not mention %q", subject)
		}
	}
	upload := regexp.MustCompile(`upload-sarif@v([0-9]+)`)
	for _, use := range upload.FindAllStringSubmatch(document(t, "docs/scan.md"), -1) {
		if use[1] < "4" {
			t.Errorf("docs/scan.md uses %s, which ends in December 2026", use[0])
		}
	}
	goal := regexp.MustCompile(`(?i)\(goal:? [0-9]`)
	for _, name := range []string{"README.md", "docs/scan.md", "docs/comparison.md", "docs/policy.md", "docs/architecture.md", "docs/operate.md", "deploy/README.md"} {
		if found := goal.FindString(document(t, name)); found != "" {
			t.Errorf("%s gives an internal goal: %s", name, found)
		}
	}
	if !strings.Contains(document(t, "README.md"), "betterleaks") {
		t.Error("README.md does not say that betterleaks has a rule for Clerk, and why it never matches")
	}
}
