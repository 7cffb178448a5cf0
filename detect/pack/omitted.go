package pack

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rekey-app/rekey/detect/budget"
)

// omitted is what was left out for one sort of reason: some by name, the others counted.
type omitted struct {
	named []Skipped
	count int
}

func (o *omitted) add(s Skipped) {
	if o.count++; len(o.named) < budget.PackNamed {
		o.named = append(o.named, s)
	}
}

func (o *omitted) join(other omitted) {
	o.named = append(o.named, other.named...)
	o.count += other.count
}

// list returns the names in order, and how many there are beside.
func (o *omitted) list() []Skipped {
	slices.SortFunc(o.named, func(a, b Skipped) int {
		return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.Reason, b.Reason))
	})
	return shorten(o.named, o.count)
}

// shorten cuts the names of what was left out, total in number.
func shorten(skipped []Skipped, total int) []Skipped {
	limit := slices.ContainsFunc(skipped, func(s Skipped) bool { return s.Limit })
	skipped = skipped[:min(len(skipped), budget.PackNamed)]
	if total > len(skipped) {
		skipped = append(skipped, Skipped{Reason: fmt.Sprintf("%d more objects were not read, or not wholly", total-len(skipped)), Limit: limit})
	}
	return skipped
}
