package detect

import (
	"fmt"
	"strings"

	"github.com/rekey-app/rekey/detect/budget"
)

// tally counts the places of each credential of an object, so that one key on each line of a large file does not take
// memory for all of them.
type tally struct {
	places  map[string]int
	kept    int // places in all
	further int // places that were not kept of credentials that have some
	others  int // places of what may be further credentials
}

// keeps reports whether a further place of a credential is kept, without counting it.
func (t *tally) keeps(value string) bool {
	n, known := t.places[value]
	room := 1
	if strings.HasPrefix(value, "sk_live_") {
		room = 2 // as much again is kept for production keys: no others take their places
	}
	switch {
	case known && n >= budget.Places:
		t.further++
		return false
	case t.kept >= room*budget.Findings || !known && len(t.places) >= room*budget.Credentials:
		t.others++
		return false
	}
	return true
}

// add counts a place that is kept.
func (t *tally) add(value string) {
	if t.places == nil {
		t.places = map[string]int{}
	}
	t.places[value]++
	t.kept++
}

// left says what was not kept; nothing if everything was.
func (t *tally) left() []Skipped {
	switch {
	case t.others > 0:
		return []Skipped{{Reason: fmt.Sprintf("%d further places: it holds %d findings and more of %d credentials", t.others+t.further, t.kept, len(t.places)), Limit: true}}
	case t.further > 0:
		return []Skipped{{
			Reason: fmt.Sprintf("%d further places of credentials that are found %d times each", t.further, budget.Places),
			Limit:  true, Places: t.further,
		}}
	}
	return nil
}
