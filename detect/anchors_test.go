package detect

import (
	"slices"
	"strings"
	"testing"
)

// TestAnchors holds the list to what the search takes for granted, and to what keeps it fast.
func TestAnchors(t *testing.T) {
	t.Parallel()
	// Why these are shorter than what the search looks for of each anchor.
	short := map[string]string{
		"ak_": "any letter or digit may follow",
		"%5f": "any letter or digit may stand before it, and follow",
		"%5F": "as %5f",
		"=5F": "as %5f, in quoted-printable",
	}
	list := anchorsOf(rules(false))
	for i, a := range list {
		for j, b := range list {
			if i != j && strings.HasPrefix(b.text, a.text) {
				t.Errorf("%q is the start of %q", a.text, b.text)
			}
		}
		if len(a.text) < prefixLen && short[a.text] == "" {
			t.Errorf("%q has fewer than %d bytes", a.text, prefixLen)
		}
		delete(short, a.text)
		if len(a.whole) > 0 && !slices.ContainsFunc(a.whole, func(w string) bool { return strings.HasPrefix(w, a.text) }) {
			t.Errorf("%q starts none of %q", a.text, a.whole)
		}
	}
	for text := range short {
		t.Errorf("%q is no anchor, or is excused needlessly", text)
	}
}
