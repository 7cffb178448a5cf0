package main

import (
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// TestPreCommitHooks holds .pre-commit-hooks.yaml against what pre-commit 3.0.4 and later take: the fields it knows, no
// stages, whose names changed in 3.2, and commands that this program has.
func TestPreCommitHooks(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../.pre-commit-hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var hooks []map[string]any
	if err := yaml.Unmarshal(b, &hooks); err != nil {
		t.Fatal(err)
	}
	known := []string{"id", "name", "description", "entry", "language", "require_serial"}
	for _, hook := range hooks {
		for field := range hook {
			if !slices.Contains(known, field) {
				t.Errorf("%v has a field %q: does every pre-commit since 3.0.4 take it?", hook["id"], field)
			}
		}
		if !slices.Contains([]any{"golang", "system"}, hook["language"]) {
			t.Errorf("%v: language %v", hook["id"], hook["language"])
		}
		words := strings.Fields(hook["entry"].(string))
		if words[0] != "rekey" { // go install names the program after this directory
			t.Errorf("%v runs %q", hook["id"], words[0])
		}
		parser, err := kong.New(&commandLine{}, kong.Name("rekey"), kong.Vars{"version": ""}, kong.Writers(io.Discard, io.Discard))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(append(words[1:], "a.env")); err != nil {
			t.Errorf("%v: %v", hook["id"], err)
		}
	}
	if len(hooks) != 2 {
		t.Errorf("%d hooks", len(hooks))
	}
}
