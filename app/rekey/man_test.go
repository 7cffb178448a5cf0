package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestManPage looks for every command and every flag in the manual page, and for lines that man would take for requests.
func TestManPage(t *testing.T) {
	t.Parallel()
	var page, help bytes.Buffer
	if status := run(t.Context(), []string{"man"}, nil, &page, &help); status != 0 {
		t.Fatalf("status %d: %s", status, help.String())
	}
	for _, name := range []string{"scan", "audit", "serve", "recover", "status", "backup", "forget", "completion", "hook pre\\-commit"} {
		if !strings.Contains(page.String(), "\n.SS rekey "+name) {
			t.Errorf("no command %s", name)
		}
	}
	for _, want := range []string{`\-\-staged`, `\-\-routes`, `\-\-fail\-on=SEVERITY`, `\-\-github\-url=URL`, `\-\-live`, "Exit status:"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	requests := map[string]bool{".TH": true, ".SH": true, ".SS": true, ".TP": true, ".PP": true, ".B": true, ".I": true, ".nf": true, ".fi": true}
	for line := range strings.Lines(page.String()) {
		if word, _, _ := strings.Cut(strings.TrimSpace(line), " "); strings.HasPrefix(line, ".") && !requests[word] {
			t.Errorf("a request that is none: %s", line)
		}
	}
}

func TestRoff(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a-b": `a\-b`, ".rekeyignore holds": `\&.rekeyignore holds`, `C:\x`: `C:\ex`, "'tis": `\&'tis`, "100%": "100%",
	} {
		if got := roff(in); got != want {
			t.Errorf("%s: %s, not %s", in, got, want)
		}
	}
}
