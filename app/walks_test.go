package app

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheWalksNameWhatIsThere holds the walks in docs/architecture.md against the code: each line names a file, and functions
// that it declares.
func TestTheWalksNameWhatIsThere(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(doc), "```walk\n")[1:]
	if len(parts) != 4 {
		t.Fatalf("%d walks, want those of a push, of a history, of a command and of a rotation", len(parts))
	}
	for _, part := range parts {
		walk, _, closed := strings.Cut(part, "```")
		lines := strings.Split(strings.TrimSpace(walk), "\n")
		if !closed || len(lines) < 10 {
			t.Errorf("a walk of %d lines", len(lines))
		}
		for _, line := range lines {
			line, _, _ = strings.Cut(line, "#")
			file, calls, _ := strings.Cut(strings.TrimSpace(line), " ")
			declared := functionsOf(t, filepath.Join("..", filepath.FromSlash(file)))
			for name := range strings.SplitSeq(calls, "→") {
				if name = strings.TrimSpace(name); !declared[name] {
					t.Errorf("%s declares no function %q", file, name)
				}
			}
		}
	}
}

func functionsOf(t *testing.T, file string) map[string]bool {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]bool{}
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			declared[f.Name.Name] = true
		}
	}
	return declared
}

// TestTheLayoutNamesEveryPackage holds the layout in docs/architecture.md against the directories of the module.
func TestTheLayoutNamesEveryPackage(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, layout, _ := strings.Cut(string(doc), "## Layout\n\n```\n")
	layout, _, closed := strings.Cut(layout, "```")
	if !closed {
		t.Fatal("no layout in docs/architecture.md")
	}
	named := map[string]bool{}
	var parents []string
	for line := range strings.Lines(layout) {
		name, _, isDirectory := strings.Cut(strings.TrimSpace(line), "/ ")
		depth := (len(line) - len(strings.TrimLeft(line, " "))) / 2
		if !isDirectory || depth > len(parents) {
			t.Errorf("the layout has no directory at %q", line)
			continue
		}
		parents = append(parents[:depth], name)
		directory := strings.Join(parents, "/")
		named[directory] = true
		if info, err := os.Stat(filepath.Join("..", filepath.FromSlash(directory))); err != nil || !info.IsDir() {
			t.Errorf("the layout names %s, which is no directory", directory)
		}
	}
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}}", "github.com/rekey-app/rekey/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		directory := strings.TrimPrefix(path, "github.com/rekey-app/rekey/")
		if !named[directory] {
			t.Errorf("the layout does not name %s", directory)
		}
	}
}
