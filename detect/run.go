package detect

import (
	"cmp"
	"context"
	"slices"
	"strconv"
)

const (
	// maxDepth bounds how many encodings may lie around one another.
	maxDepth = 6
	// workShare and workFloor bound the bytes that are decoded, as a multiple of the text and at least.
	workShare = 64
	workFloor = 16 << 20
)

// run is the examination of one text, or of one window of it.
type run struct {
	s       *Scanner
	ctx     context.Context
	path    string // of the text; "" if not known
	root    *view
	found   []hit
	skipped []Skipped
	work    int64 // bytes that may still be decoded
	weary   bool  // whether the end of work was reported
	tok     token

	area      evidence
	areaBlock int // of area; -1: none read yet
}

// hit is a finding with what orders it among others of its place.
type hit struct {
	Finding
	depth int
}

func (s *Scanner) newRun(ctx context.Context, path string, text []byte) *run {
	return &run{
		s: s, ctx: ctx, path: path, root: rootView(text), areaBlock: -1,
		work: int64(len(text))*workShare + workFloor,
	}
}

// read finds everything that starts with an anchor at text[from:to] of v.
func (r *run) read(v *view, from, to int) {
	w := sweep{v: v}
	c := r.s.search.Cursor(v.text, from)
	for at, i := c.Next(); at >= 0 && at < to; at, i = c.Next() {
		r.look(&w, at, &r.s.anchors[i])
	}
}

// look examines the place of an anchor.
func (r *run) look(w *sweep, at int, a *anchor) {
	if !r.s.plausible(w.v.text, at, a) {
		return
	}
	v := w.v
	switch a.role {
	case keyRole:
		r.secretKey(v, at)
	case tailRole:
		if i := startOf(v.text, at+1, "sk", longestSeam); i >= 0 {
			r.secretKey(v, i)
		}
	case underscoreRole:
		r.underscore(v, at)
	case akRole:
		r.akKey(v, at)
	case webhookRole:
		r.webhookSecret(v, at)
	case nameRole:
		r.named(v, at)
	case claimRole:
		r.claimURL(v, at)
	case claimTokenRole:
		r.claimToken(v, at)
	case base64Role:
		r.base64(w, at, a)
	case hexRole:
		r.hex(w, at)
	case utf16Role:
		r.utf16(w, at)
	case packedBase64Role, packedHexRole:
		if a.text == "Td6WFoA" {
			at--
		}
		r.packed(w, at, a)
	}
}

// underscore looks at an escaped underscore for the word that it belongs to.
func (r *run) underscore(v *view, at int) {
	switch word, i := wordBefore(v.text, at); word {
	case "":
	case "sk":
		r.secretKey(v, i)
	case "ak":
		r.akKey(v, i)
	case "whsec":
		r.webhookSecret(v, i)
	default:
		r.named(v, i)
	}
}

// spend takes n bytes of work, and tells whether there were any.
func (r *run) spend(n int) bool {
	if r.work -= int64(n); r.work >= 0 {
		return true
	}
	if !r.weary {
		r.weary = true
		r.skipped = append(r.skipped, Skipped{
			Reason: "more encoded text than may be decoded for a file of " + strconv.Itoa(len(r.root.text)) + " bytes", Limit: true,
		})
	}
	return false
}

func (r *run) skip(member, reason string) {
	r.skipped = append(r.skipped, Skipped{Member: member, Reason: reason})
}

// deeper reads a view that was decoded.
func (r *run) deeper(v *view) {
	if v != nil && v.depth < maxDepth && r.spend(len(v.text)) {
		r.read(v, 0, len(v.text))
	}
}

// add takes a finding at v.text[start:end].
func (r *run) add(v *view, start, end int, f Finding, written forms) {
	if start < v.from || end > v.to {
		return
	}
	from, to := v.place(start, end)
	f.Place = Place{Offset: int64(from), End: int64(to)}
	f.Encoding = v.encoding(written)
	f.Member = v.member
	r.found = append(r.found, hit{f, v.depth})
}

// findings returns what was found, each once, in the order of places. Those of archives stand behind the text's own. Of what
// was found at a place by several ways of decoding, the one remains that tells most surely what it is.
func (r *run) findings() []Finding {
	slices.SortStableFunc(r.found, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.Place.Offset, b.Place.Offset), cmp.Compare(a.Place.End, b.Place.End),
			-cmp.Compare(a.Confidence.rank(), b.Confidence.rank()), cmp.Compare(a.depth, b.depth))
	})
	var found []Finding
	for i := range r.found {
		if f := r.found[i].Finding; !repeats(found, f) {
			found = append(found, f)
		}
	}
	return found
}

// repeats tells whether f is among the last of found: the same credential where one of them stands.
func repeats(found []Finding, f Finding) bool {
	for i := len(found) - 1; i >= 0 && i >= len(found)-64; i-- {
		g := &found[i]
		if g.Secret == f.Secret && f.Place.Offset < g.Place.End && g.Place.Offset < f.Place.End {
			return true
		}
	}
	return false
}
