package detect

import (
	_ "embed"

	"github.com/rekey-app/rekey/detect/literal"
)

// The placements say where the literals are looked for. TestAnneal of package literal writes them.
var (
	//go:embed anchors.placement
	anchorPlacements string
	//go:embed signs.placement
	signPlacements string
)

// compile compiles literals that are constants of this package, so that an error is one of its own.
func compile(texts []string, placements string) *literal.Set {
	var set *literal.Set
	var p literal.Placements
	var err error
	if placements != "" {
		p, err = literal.ParsePlacements(placements)
	}
	if err == nil {
		set, err = literal.Compile(texts, p)
	}
	if err != nil {
		panic(err)
	}
	return set
}
