package detect

import (
	"testing"

	"github.com/rekey-app/rekey/detect/literal"
)

// TestPlacements: each literal has a placement, and no other text has one.
func TestPlacements(t *testing.T) {
	t.Parallel()
	for placements, literals := range map[string][]string{anchorPlacements: anchorTexts(anchorsOf(rules(false))), signPlacements: signs()} {
		p, err := literal.ParsePlacements(placements)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := literal.Compile(literals, p); err != nil {
			t.Errorf("%v; add a line for it to the file of placements, then improve that with TestAnneal", err)
		}
		if len(p) != len(literals) {
			t.Errorf("%d placements for %d literals", len(p), len(literals))
		}
	}
}
