package detect

import (
	"cmp"
	"slices"

	"github.com/rekey-app/rekey/detect/encoding"

	"github.com/rekey-app/rekey/detect/budget"
)

// Steps of the rules, measured: BenchmarkAdversary prints the nanoseconds of a step. What takes a multiple of that is charged
// where it is done.
const (
	ruleSteps      = 1_500  // a rule reads the token
	judgeSteps     = 10_000 // it judges whether that looks random
	contextSteps   = 15_000 // it reads what is around, in one text
	signSteps      = 400    // evidence in that
	digitSteps     = 6      // a digit is collected and decoded
	packedSteps    = 5      // the same, of a compressed file
	wideSteps      = 3      // a character of UTF-16 is narrowed
	decoderStarted = 5_000  // something is decompressed
)

// run is the examination of one text, or of one window of it.
type run struct {
	*object
	s       *Scanner
	path    string // of the text; "" if not known
	root    *view
	found   []hit
	skipped []Skipped
	tok     token
	probe   []byte // the start of what may be a compressed file
	// more is set where the text goes on behind the window, and own is where another window's part begins then.
	more bool
	own  int
}

// isNextWindows reports whether v.text[at:] is for the next window to look at, which sees more of what follows.
func (r *run) isNextWindows(v *view, at int) bool { return r.more && v.parent == nil && at >= r.own }

// moreBehind reports whether what ends at v.text[:end] may go on where this window ends.
func (r *run) moreBehind(v *view, end int) bool {
	return r.more && v.parent == nil && end+budget.Seam >= len(v.text)
}

// hit is a finding with what orders it among others of its place.
type hit struct {
	Finding
	depth int
}

func (s *Scanner) newRun(o *object, path string, text []byte) *run {
	return &run{object: o, s: s, path: path, root: rootView(text)}
}

// read finds everything that starts with an anchor at text[from:to] of v.
func (r *run) read(v *view, from, to int) {
	w := viewScan{v: v}
	for from < to && r.reads(v) {
		end := min(to, from+searched)
		c := r.s.search.Cursor(v.text[:min(len(v.text), end+r.s.longest)], from)
		for at, i := c.Next(); at >= 0 && at < end; at, i = c.Next() {
			a := &r.s.anchors[i]
			if !r.step(v, a.steps) {
				return
			}
			if a.plausible(v.text, at) {
				r.inspect(&w, at, a)
			}
		}
		r.step(v, (end-from)/budget.SearchedPerStep)
		from = end
	}
}

// inspect examines the place of an anchor that is plausible.
func (r *run) inspect(w *viewScan, at int, a *anchor) {
	if !r.step(w.v, ruleSteps) || a.form.decodes() && !r.hide(0) {
		return
	}
	switch a.form {
	case inBase64, inHex:
		r.digits(w, at, a)
	case inUTF16:
		r.utf16(w, at)
	case packedInBase64, packedInHex:
		r.packed(w, a.packedAt(w.v.text, at), a)
	default:
		if c, i := a.credential(w.v.text, at); c != nil {
			r.apply(c, w.v, i)
		}
	}
}

// skip notes what could not be read.
func (r *run) skip(member, reason string) {
	r.skipped = append(r.skipped, Skipped{Member: member, Reason: reason})
}

// deeper reads a view that was decoded.
func (r *run) deeper(v *view) {
	if v != nil && !r.tooDeep(v.depth) && r.reads(v) {
		r.read(v, 0, len(v.text))
	}
}

// wants reports whether a further place of a credential in v is kept, and whether there is work left to judge it.
func (r *run) wants(v *view, value string) bool {
	return r.tally.keeps(value) && r.step(v, judgeSteps)
}

// add takes a finding at v.text[start:end].
func (r *run) add(v *view, start, end int, f Finding, written encoding.Forms) {
	if start < v.from || end > v.to {
		return
	}
	from, to := v.place(start, end)
	f.Place = Place{Offset: int64(from), End: int64(to)}
	f.Encoding = v.encoding(written)
	f.Member = v.member
	r.tally.add(f.Secret.value)
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

// repeats reports whether f is among the last of found: the same credential where one of them stands.
func repeats(found []Finding, f Finding) bool {
	for i := len(found) - 1; i >= 0 && i >= len(found)-64; i-- {
		g := &found[i]
		if g.Secret == f.Secret && f.Place.Offset < g.Place.End && g.Place.Offset < f.Place.End {
			return true
		}
	}
	return false
}
