package guide_test

import (
	"path/filepath"
	"testing"

	"github.com/rekey-app/rekey/respond/guide"
)

// recorder remembers what was read.
type recorder struct {
	files
	read map[string]bool
}

func (r recorder) Read(p string) ([]byte, bool) {
	r.read[p] = true
	return r.files.Read(p)
}

// TestWants: who fetches only what Wants names, gets the same guide.
func TestWants(t *testing.T) {
	t.Parallel()
	cases, _ := filepath.Glob("testdata/*.txtar")
	reads := 0
	for _, name := range cases {
		l, f, _ := parseCase(t, name)
		r := recorder{f, map[string]bool{}}
		guide.For(l, r)
		for p := range r.read {
			reads++
			if !guide.Wants(p) {
				t.Errorf("%s: %s was read, and Wants says that it is not", name, p)
			}
		}
	}
	if reads == 0 {
		t.Error("nothing was read")
	}
	for p, want := range map[string]bool{
		"node_modules/x/package.json": false, "apps/web/package.json": true, "pnpm-lock.yaml": false, "src/index.ts": false, "README.md": false,
		".github/workflows/ci.yml": true, "Dockerfile.prod": true, "api.Dockerfile": true,
	} {
		if got := guide.Wants(p); got != want {
			t.Errorf("Wants(%q) = %t", p, got)
		}
	}
}
