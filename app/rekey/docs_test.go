package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDocumentedHook runs the lines that docs/scan.md gives for installing a git hook, in a linked working tree.
func TestDocumentedHook(t *testing.T) {
	t.Parallel()
	_, block, found := strings.Cut(document(t, "docs/scan.md"), "```sh\nhook=$(git rev-parse")
	block, _, closed := strings.Cut(block, "```")
	if !found || !closed {
		t.Fatal("docs/scan.md has no lines that install the hook")
	}
	dir := t.TempDir()
	sh := func(in, command string) string {
		t.Helper()
		c := exec.CommandContext(t.Context(), "sh", "-ec", command)
		c.Dir = in
		c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		return string(out)
	}
	sh(dir, "git init -q main && cd main && git commit -q --allow-empty -m one && git worktree add -q ../linked")
	linked := filepath.Join(dir, "linked")
	install := "hook=$(git rev-parse" + block
	sh(linked, install)
	hook := filepath.Join(dir, "main", ".git", "hooks", "pre-commit")
	text, err := os.ReadFile(hook)
	if err != nil || !strings.Contains(string(text), "rekey scan --staged") {
		t.Fatalf("the hook is %q, %v", text, err)
	}
	if info, err := os.Stat(hook); err != nil || info.Mode()&0o100 == 0 {
		t.Errorf("the hook cannot be run: %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(hook, []byte("#!/bin/sh\nmine\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if out := sh(linked, install); !strings.Contains(out, "exists") {
		t.Errorf("of a hook that is there already it says %q", out)
	}
	if text, err := os.ReadFile(hook); err != nil || string(text) != "#!/bin/sh\nmine\n" {
		t.Errorf("the hook that was there became %q, %v", text, err)
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
