package audit_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/rekey-app/rekey/detect/audit"
	"github.com/rekey-app/rekey/detect/audit/audittest"
)

// TestPackages: an audit says which versions a repository uses, by workspace; the range where nothing fixes a version. Where not all files
// are known, a nearer lockfile may be missing.
func TestPackages(t *testing.T) {
	t.Parallel()
	files := audittest.Files{
		"package.json":          []byte("{\n\"workspaces\": [\"apps/*\"],\n\"devDependencies\": {\"@clerk/testing\": \"^1.0.0\"}}"),
		"apps/web/package.json": []byte("{\n\"dependencies\": {\n\"react\": \"19.0.0\",\n\"@clerk/nextjs\": \"^6.0.0\"}}"),
		"api/go.mod":            []byte("module m\n\nrequire github.com/clerk/clerk-sdk-go/v2 v2.3.1\n"),
		"yarn.lock":             []byte("\"@clerk/nextjs@^6.0.0\":\n  version \"6.9.0\"\n"),
		"app/yarn.lock":         []byte("<<<<<<< HEAD\n"),
	}
	for _, whole := range []bool{true, false} {
		result, err := audit.Run(t.Context(), tree{files: files, whole: whole}, audit.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range result.Packages {
			got = append(got, fmt.Sprintf("%s: %s %s %t %s:%d", p.Root, p.Name, p.Version, p.Locked, p.Path, p.Line))
		}
		want := []string{
			": @clerk/testing ^1.0.0 false package.json:3",
			"api: github.com/clerk/clerk-sdk-go/v2 2.3.1 true api/go.mod:3",
			"apps/web: @clerk/nextjs 6.9.0 true yarn.lock:0",
		}
		if !whole {
			want = nil
		}
		if !slices.Equal(got, want) {
			t.Errorf("whole %t: %q, want %q", whole, got, want)
		}
		if whole != slices.Contains(result.Notes, audit.Note{Path: "app/yarn.lock", What: "has an unresolved merge conflict"}) {
			t.Errorf("whole %t: notes %v", whole, result.Notes)
		}
	}
	for name, want := range map[string]bool{"package.json": true, "a/pnpm-lock.yaml": true, "a/uv.lock": true, "a/picture.png": false, "node_modules/a/yarn.lock": false} {
		if audit.Wanted(name) != want {
			t.Errorf("wants %s: %t", name, !want)
		}
	}
}
