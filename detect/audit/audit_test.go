package audit_test

import (
	"bytes"
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/rekey-app/rekey/detect/audit"
	"github.com/rekey-app/rekey/detect/audit/audittest"
)

// TestFixtures audits the trees of testdata. Each archive says in its comment what is found, one line each: "PATH:LINE:COLUMN ID severity
// seen", "allow PATH:LINE ID reason", "note PATH what"; nothing where nothing is. "level all" asks for both tiers, "partial" says that
// not all files are listed, "focus PATH" narrows. Lines that begin with # are comments. What a file is after its certain edits stands in
// an archive's "fixed/PATH"; %20 in its name is a space.
func TestFixtures(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			tree, options, fixed := tree{whole: true, files: audittest.Files{}}, audit.Options{}, map[string]string{}
			for _, file := range archive.Files {
				file.Name = strings.ReplaceAll(file.Name, "%20", " ")
				if to, ok := strings.CutPrefix(file.Name, "fixed/"); ok {
					fixed[to] = string(file.Data)
				} else {
					tree.files[file.Name] = file.Data
				}
			}
			var want []string
			for line := range strings.Lines(string(archive.Comment)) {
				switch line = strings.TrimSpace(line); {
				case line == "" || strings.HasPrefix(line, "#"):
				case line == "level all":
					options.Level = audit.All
				case line == "partial":
					tree.whole = false
				case strings.HasPrefix(line, "focus "):
					options.Focus = append(options.Focus, strings.TrimPrefix(line, "focus "))
				default:
					want = append(want, line)
				}
			}
			result, err := audit.Run(t.Context(), tree, options)
			if err != nil {
				t.Fatal(err)
			}
			if got := lines(result); !slices.Equal(got, want) {
				t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			for p, text := range apply(tree.files, result.Findings) {
				if fixed[p] != text {
					t.Errorf("%s after its edits:\n%s\nwant\n%s", p, text, fixed[p])
				}
				delete(fixed, p)
			}
			for p := range fixed {
				t.Errorf("%s is not edited", p)
			}
		})
	}
}

// tree is a tree that may be known in part.
type tree struct {
	files audittest.Files
	whole bool
}

func (t tree) Paths() []string                 { return t.files.Paths() }
func (t tree) Whole() bool                     { return t.whole }
func (t tree) Read(name string) ([]byte, bool) { return t.files.Read(name) }

// lines writes a result as the fixtures do.
func lines(result audit.Result) []string {
	var out []string
	for _, f := range result.Findings {
		at := f.Path
		if f.Range.Line > 0 {
			at = fmt.Sprintf("%s:%d:%d", f.Path, f.Range.Line, f.Range.Column)
		}
		out = append(out, fmt.Sprintf("%s %s %s %s", at, f.ID, f.Severity, f.Seen))
	}
	for _, a := range result.Allowed {
		out = append(out, fmt.Sprintf("allow %s:%d %s %s", a.Finding.Path, a.Line, a.Finding.ID, a.Reason))
	}
	for _, n := range result.Notes {
		out = append(out, fmt.Sprintf("note %s %s", n.Path, n.What))
	}
	return out
}

// apply makes the certain edits of all findings, and returns the files that they change, by their new names.
func apply(files audittest.Files, findings []audit.Finding) map[string]string {
	edits := map[string]*audit.Edit{}
	for _, f := range findings {
		if f.Edit == nil {
			continue
		}
		name := cmp.Or(f.Edit.Path, f.Path)
		if edits[name] == nil {
			edits[name] = &audit.Edit{Rename: f.Edit.Rename}
		}
		edits[name].Replacements = append(edits[name].Replacements, f.Edit.Replacements...)
	}
	out := map[string]string{}
	for p, e := range edits {
		slices.SortFunc(e.Replacements, func(a, b audit.Replacement) int { return a.Start - b.Start })
		e.Replacements = slices.Compact(e.Replacements)
		name := p
		if e.Rename != "" {
			name = e.Rename
		}
		out[name] = string(bytes.TrimSuffix(e.Apply(files[p]), nil))
	}
	return out
}

// TestIDs: each check has an ID of its own.
func TestIDs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, check := range audit.Checks() {
		if seen[check.ID] {
			t.Errorf("two checks are called %s", check.ID)
		}
		seen[check.ID] = true
	}
}

// TestExamples holds the examples of each check to what they show: the mistake is found in the one, and nothing in the other. What other
// checks of the second tier ask of them doesn't count.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, check := range audit.Checks() {
		t.Run(check.ID, func(t *testing.T) {
			t.Parallel()
			if got := idsIn(t, check, check.Before); !slices.Equal(got, []string{check.ID}) {
				t.Errorf("found in the example of the mistake: %v", got)
			}
			if got := idsIn(t, check, check.After); len(got) > 0 {
				t.Errorf("found in the example without it: %v", got)
			}
		})
	}
}

// idsIn returns the IDs of a check and those of the first tier that find something in an example.
func idsIn(t *testing.T, check audit.Check, example []audit.Example) []string {
	t.Helper()
	files := audittest.Files{}
	for _, file := range example {
		if !audit.Wanted(file.Path) {
			t.Errorf("%s is not wanted", file.Path)
		}
		files[file.Path] = []byte(file.Text)
	}
	result, err := audit.Run(t.Context(), files, audit.Options{Level: check.Tier})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, f := range result.Findings {
		if other, _ := audit.Lookup(f.ID); other.Tier > audit.Default && f.ID != check.ID {
			continue
		}
		if !slices.Contains(ids, f.ID) {
			ids = append(ids, f.ID)
		}
	}
	return ids
}
