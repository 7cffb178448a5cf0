package detect

import (
	_ "embed"

	"github.com/rekey-app/rekey/detect/literal"
)

// The plans say where the literals are looked for, by what the search knows of a byte. TestPlans makes them anew.
var (
	//go:embed anchors.bytes.plan
	anchorsBytes string
	//go:embed anchors.halves.plan
	anchorsHalves string
	//go:embed anchors.pairs.plan
	anchorsPairs string
	//go:embed signs.bytes.plan
	signsBytes string
	//go:embed signs.halves.plan
	signsHalves string
	//go:embed signs.pairs.plan
	signsPairs string
)

// compile compiles literals that are constants of this package, so that an error is one of its own.
func compile(texts []string, bytes, halves, pairs string) *literal.Set {
	var plans literal.Plans
	for sight, text := range map[literal.Sight]string{literal.Bytes: bytes, literal.Halves: halves, literal.Pairs: pairs} {
		p, err := literal.ParsePlan(text)
		if err != nil {
			panic(err)
		}
		plans[sight] = p
	}
	set, err := literal.Compile(texts, plans)
	if err != nil {
		panic(err)
	}
	return set
}
