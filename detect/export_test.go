package detect

import (
	"context"

	"github.com/rekey-app/rekey/detect/encoding"

	"github.com/rekey-app/rekey/detect/budget"
)

// Anchor is a literal that the scanner looks for, and the name of the rule that it is for.
type Anchor struct {
	Text string
	Role int
}

// Anchors returns all of them.
func Anchors() []Anchor {
	var list []Anchor
	for _, a := range anchorsOf(rules(false)) {
		list = append(list, Anchor{a.text, int(a.form)})
	}
	return list
}

// Steps returns how many steps of work s takes to examine text if nothing bounds them, and what it then finds.
func (s *Scanner) Steps(ctx context.Context, text []byte) (int64, Result) {
	o := s.newObject(ctx, int64(len(text)), false)
	o.work = budget.NewWork(1 << 62)
	o.hidden = budget.NewWork(1<<62, o.work)
	res := o.finish(s.examineFrom(o, "", text, encoding.ByteOrder(text), 0))
	return o.work.Spent(), res
}

// Spent returns how many steps of work s takes to examine text, within the budgets that it has.
func (s *Scanner) Spent(ctx context.Context, text []byte) (int64, Result) {
	o := s.newObject(ctx, int64(len(text)), false)
	res := o.finish(s.examineFrom(o, "", text, encoding.ByteOrder(text), 0))
	return o.work.Spent(), res
}
