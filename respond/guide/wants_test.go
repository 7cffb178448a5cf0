package guide_test

import (
	"slices"
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
	reads := 0
	for _, name := range cases(t, "testdata/*.txtar") {
		c := parseCase(t, name)
		r := recorder{c.files, map[string]bool{}}
		guide.For(t.Context(), c.leak, r)
		for p := range r.read {
			reads++
			if !guide.Wants(p) && !slices.ContainsFunc(c.leak.Head, func(l guide.Location) bool { return l.Path == p }) {
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
