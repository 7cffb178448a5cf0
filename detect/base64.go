package detect

import (
	"github.com/rekey-app/rekey/detect/encoding"

	"github.com/rekey-app/rekey/detect/budget"
)

// How far an encoded text is decoded to either side of an anchor, in bytes as stored.
const (
	leftReach  = budget.ReachLeft
	rightReach = budget.ReachRight
	// denseReach is the reach to the right where anchors follow close upon each other.
	denseReach = budget.ReachDense
	// cutMargin is what is left to the next stretch where one is cut off.
	cutMargin = 2 << 10
)

// matchesSplit reports whether a's former part stands before text[i:], split by a line end. Where it is whole, it is an anchor of
// its own.
func (a *anchor) matchesSplit(text []byte, i int) bool {
	if i >= len(a.former) && string(text[i-len(a.former):i]) == a.former {
		return false
	}
	if a.inner {
		return true
	}
	for k := len(a.former); k > 0; {
		if i > 0 && text[i-1] == a.former[k-1] {
			i--
			k--
			continue
		}
		if i = encoding.WrapBefore(text, i); i < 0 || text[i-1] != a.former[k-1] {
			return false
		}
	}
	return true
}
