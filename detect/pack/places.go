package pack

import (
	"slices"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
)

// dated is a sighting with the date that orders it.
type dated struct {
	Sighting
	date int64
}

// places are the sightings of a scan: of each credential some, of all together no more than may be reported.
type places struct {
	limit, each int
	pathLimit   int

	of    map[detect.Secret]*spots
	order []*spots
	total int // sightings
	paths int // their paths' bytes
	taken int // sightings that were added, kept or not
	// incomplete says that there are more paths than were looked for: of no credential is it known where all it is.
	incomplete bool
}

// spots are the places of one credential.
type spots struct {
	secret detect.Secret
	list   []dated
	more   int  // places that were dropped
	cut    bool // a path was dropped: nobody knows all that the credential is at
}

func newPlaces(opts Options) *places {
	return &places{limit: opts.MaxSightings, each: opts.MaxPlaces, pathLimit: budget.PackPaths, of: map[detect.Secret]*spots{}}
}

func (p *places) spotsOf(secret detect.Secret) *spots {
	s := p.of[secret]
	if s == nil {
		s = &spots{secret: secret}
		p.of[secret] = s
		p.order = append(p.order, s)
	}
	return s
}

// addAll takes the sightings of an object's findings at one place.
func (p *places) addAll(s Sighting, date int64, findings []detect.Finding) {
	for _, f := range findings {
		if f, ok := f.At(s.Path); ok {
			s.Finding = f
			p.add(dated{s, date})
		}
	}
}

// add takes a sighting.
func (p *places) add(d dated) {
	s := p.spotsOf(d.Finding.Secret)
	s.list = append(s.list, d)
	p.taken++
	p.total++
	p.paths += len(d.Path)
	if len(s.list) >= 2*p.each {
		p.thin(s, p.each)
	}
	for p.total >= 2*p.limit || p.paths > p.pathLimit {
		if !p.thinAll() {
			break
		}
	}
}

// thinAll makes room by keeping less of each credential. It reports whether there was anything to give up.
func (p *places) thinAll() bool {
	if p.each == 1 {
		p.pathLimit = p.paths + budget.PackPaths // one place of each must be
		p.limit = p.total
		return false
	}
	p.each = max(1, min(p.each/2, p.limit/max(1, len(p.order))))
	for _, s := range p.order {
		p.thin(s, p.each)
	}
	return true
}

func (p *places) thin(s *spots, most int) {
	if len(s.list) <= most {
		return
	}
	oldest := 0
	for i := range s.list {
		p.paths -= len(s.list[i].Path)
		if s.list[i].date < s.list[oldest].date {
			oldest = i
		}
	}
	keep, cut := choose(len(s.list), func(i int) *Sighting { return &s.list[i].Sighting }, oldest, most)
	s.cut = s.cut || cut
	s.more += len(s.list) - len(keep)
	p.total -= len(s.list) - len(keep)
	for to, from := range keep { // never to behind from
		s.list[to] = s.list[from]
		p.paths += len(s.list[to].Path)
	}
	clear(s.list[len(keep):])
	s.list = s.list[:len(keep)]
}

// Choose selects which of one credential's sightings, which are in the order of dates, are kept if there may be only so
// many; keep are their places in the list, in order. The oldest tells since when the credential has leaked. Then each path is
// worth more than another commit at the same one, a place that nothing allows more than one that a comment allows, and one
// that is at head more than one of the past. cut reports whether a path is left out.
func Choose(list []Sighting, most int) (keep []int, cut bool) {
	return choose(len(list), func(i int) *Sighting { return &list[i] }, 0, most)
}

func choose(n int, at func(int) *Sighting, oldest, most int) (keep []int, cut bool) {
	type path struct {
		name    string
		allowed bool
	}
	pathOf := func(i int) path { return path{at(i).Path, at(i).Finding.Allowed} }
	best := map[path]int{}
	for i := range n {
		if j, known := best[pathOf(i)]; !known || at(i).AtHead && !at(j).AtHead {
			best[pathOf(i)] = i
		}
	}
	rank := func(i int) int {
		first := best[pathOf(i)] == i
		switch {
		case i == oldest:
			return 0
		case first && !at(i).Finding.Allowed:
			return 1
		case first:
			return 2
		case at(i).AtHead:
			return 3
		}
		return 4
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return rank(a) - rank(b) })
	keep = order[:min(most, n)]
	kept := map[path]bool{}
	for _, i := range keep {
		kept[pathOf(i)] = true
	}
	slices.Sort(keep)
	return keep, len(kept) < len(best)
}

// finish returns all sightings, and of which credentials there are more.
func (p *places) finish() (all []dated, more []More) {
	for _, s := range p.order {
		p.thin(s, p.each)
	}
	for p.total > p.limit && p.thinAll() {
	}
	for _, s := range p.order {
		all = append(all, s.list...)
		if cut := s.cut || p.incomplete; len(s.list) > 0 && (s.more > 0 || cut) {
			more = append(more, More{Secret: s.secret, Places: s.more, Paths: cut})
		}
	}
	return all, more
}
