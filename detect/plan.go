package detect

import (
	_ "embed"

	"github.com/rekey-app/rekey/detect/literal"
)

// The plans say where the literals are looked for. TestPlans makes them anew.
var (
	//go:embed anchors.plan
	anchorsPlan string
	//go:embed signs.plan
	signsPlan string
)

// compile compiles literals that are constants of this package, so that an error is one of its own.
func compile(texts []string, plan string) *literal.Set {
	p, err := literal.ParsePlan(plan)
	if err != nil {
		panic(err)
	}
	set, err := literal.Compile(texts, p)
	if err != nil {
		panic(err)
	}
	return set
}
