package pack

import (
	"slices"
	"sync"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
)

// keeper keeps what the workers find, within bounds that do not depend on who is fastest: every credential before any
// place of another one, the most urgent first. It is safe for concurrent use.
type keeper struct {
	limit int // findings
	each  int // of one credential

	mu     sync.Mutex
	found  []kept
	known  map[id]struct{}          // objects in found: a pack may hold one many times
	more   map[detect.Secret]missed // of credentials of which something is kept
	left   int                      // findings of credentials of which none is kept
	leftID id                       // an object that holds one
}

// missed are places of a credential that were not kept.
type missed struct {
	places  int
	objects bool // also in objects of which none is kept
}

// kept is a finding in an object.
type kept struct {
	object  id
	kind    kind
	finding detect.Finding
}

// inObject is how many findings of one credential are kept of one object: where there are more, it is the object that
// people look at.
const inObject = budget.PackObjectPlaces

// sameSort are findings of one credential that say the same of it, but for their place.
type sameSort struct {
	secret     detect.Secret
	kind       detect.Kind
	confidence detect.Confidence
	allowed    bool
}

func sortOf(f detect.Finding) sameSort { return sameSort{f.Secret, f.Kind, f.Confidence, f.Allowed} }

// add takes the findings of an object.
func (k *keeper) add(object id, kind kind, findings []detect.Finding) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, known := k.known[object]; known {
		return
	}
	if k.known == nil {
		k.known = map[id]struct{}{}
	}
	k.known[object] = struct{}{}
	here := map[sameSort]int{}
	for _, f := range findings {
		if here[sortOf(f)]++; here[sortOf(f)] > inObject {
			k.missed(f.Secret, missed{places: 1})
			continue
		}
		k.found = append(k.found, kept{object, kind, f})
	}
	if len(k.found) >= 2*k.limit+len(findings) {
		k.thin()
	}
}

// note counts places of a credential that were not even given.
func (k *keeper) note(secret detect.Secret, places int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.missed(secret, missed{places: places})
}

func (k *keeper) missed(secret detect.Secret, m missed) {
	if k.more == nil {
		k.more = map[detect.Secret]missed{}
	}
	before := k.more[secret]
	k.more[secret] = missed{before.places + m.places, before.objects || m.objects}
}

// thin drops what is over the bounds.
func (k *keeper) thin() {
	numbers := map[detect.Secret]int{}
	var groups []budget.Group
	var places [][]int // in found, those first that are best kept
	for i := range k.found {
		f := &k.found[i].finding
		n, known := numbers[f.Secret]
		if !known {
			n = len(groups)
			numbers[f.Secret] = n
			groups = append(groups, budget.Group{Rank: f.Urgency()})
			places = append(places, nil)
		}
		groups[n].Rank = min(groups[n].Rank, f.Urgency())
		groups[n].Size++
		places[n] = append(places[n], i)
	}
	keep := make([]bool, len(k.found))
	for n, count := range budget.Deal(groups, k.limit, k.each) {
		// What no comment allows must not hide behind what one does.
		slices.SortStableFunc(places[n], func(a, b int) int { return rankOfPlace(k.found[a].finding) - rankOfPlace(k.found[b].finding) })
		objects := map[id]bool{}
		for _, i := range places[n][:count] {
			keep[i], objects[k.found[i].object] = true, true
		}
		dropped := places[n][count:]
		if len(dropped) == 0 {
			continue
		}
		first := &k.found[dropped[0]]
		if count == 0 {
			k.left += len(dropped) + k.more[first.finding.Secret].places
			k.leftID = first.object
			delete(k.more, first.finding.Secret)
			continue
		}
		unseen := func(i int) bool { return !objects[k.found[i].object] }
		k.missed(first.finding.Secret, missed{len(dropped), slices.ContainsFunc(dropped, unseen)})
	}
	at := 0
	for i := range k.found {
		if keep[i] {
			k.found[at] = k.found[i]
			at++
		}
	}
	clear(k.found[at:])
	k.found = k.found[:at]
	clear(k.known)
	for i := range k.found {
		k.known[k.found[i].object] = struct{}{}
	}
}

func rankOfPlace(f detect.Finding) int {
	if f.Allowed {
		return 1
	}
	return 0
}

// hits returns what is kept, by object.
func (k *keeper) hits() map[id]hit {
	if len(k.found) > 0 {
		k.thin()
	}
	hits := map[id]hit{}
	for _, f := range k.found {
		h := hits[f.object]
		h.id, h.kind = f.object, f.kind
		h.findings = append(h.findings, f.finding)
		hits[f.object] = h
	}
	k.found = nil
	return hits
}
