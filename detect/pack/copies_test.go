package pack

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// TestCopiesAreBasesToo: an object that two packs hold is scanned once, and what is made of either copy is scanned.
func TestCopiesAreBasesToo(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	rng := rand.New(rand.NewPCG(5, 6))
	lines := func(n int) string {
		var s strings.Builder
		for range n {
			fmt.Fprintf(&s, "%x %x\n", rng.Uint64(), rng.Uint64())
		}
		return s.String()
	}
	base := lines(1000) + detecttest.Key(1, detect.Live) + "\n" + lines(1000)
	r.commit("one", map[string]string{"a": base, "x": lines(500)})
	r.commit("two", map[string]string{"a": base[:len(base)-500]})
	r.commit("three", map[string]string{"a": base[:len(base)-900], "x": lines(600)})
	object := func(name string) string {
		return strings.TrimSpace(r.git("", "rev-parse", name)) + " " + name[len(name)-1:] + "\n"
	}
	for n, change := range []string{"HEAD~1:a", "HEAD:a"} {
		r.git(object("HEAD~2:a")+object(change)+object([]string{"HEAD~2:x", "HEAD:x"}[n]), "pack-objects", "-q", ".git/objects/pack/pack")
	}
	r.git("", "prune-packed", "-q")
	opened, err := OpenRepository(t.Context(), r.dir, Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	report, err := opened.Scan(t.Context(), detect.New(detect.Options{}), Range{})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Sightings) != 3 {
		t.Errorf("the key is found in %d of 3 versions of the file", len(report.Sightings))
	}
}
