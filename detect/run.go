package detect

import (
	"bytes"
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

// sweep is the state of reading one view.
type sweep struct {
	v *view
	// until tells, for each way of decoding, up to where it was done already.
	until [16]int
}

// Ways of decoding, by alignment where it has several.
const (
	base64Way        = 0
	wrappedBase64Way = 4
	hexWay           = 8
	wrappedHexWay    = 10
	utf16Way         = 12
	packedBase64Way  = 14
	packedHexWay     = 15
)

// read finds everything that starts with an anchor at text[from:to] of v.
func (r *run) read(v *view, from, to int) {
	w := sweep{v: v}
	for at := from; ; at++ {
		var a *anchor
		if at, a = r.s.next(v.text, at); at < 0 || at >= to {
			return
		}
		r.look(&w, at, a)
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
		if i := startOf(v.text, at, "s", longestSeam); i >= 0 {
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
		r.skip("", "more encoded text than may be decoded for a file of "+strconv.Itoa(len(r.root.text))+" bytes")
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

// base64 decodes the text around an anchor: first on its line, then over line ends.
func (r *run) base64(w *sweep, at int, a *anchor) {
	text := w.v.text
	for _, wrap := range []bool{false, true} {
		way := base64Way + (at-a.align)&3
		if wrap {
			way = wrappedBase64Way + a.align
		}
		if at < w.until[way] {
			continue
		}
		right := rightReach
		if w.until[way] > 0 && at-w.until[way] < rightReach {
			right = denseReach
		}
		run := collect(text, at, isBase64, leftReach, right, wrap)
		child := decodeBase64(w.v, run, a.align)
		if child == nil {
			return
		}
		r.bound(w, child, run, way)
		if !wrap && run.wraps && wrapsAt(text, run) {
			// A credential that ends with the line might go on in the next.
			child.to = min(child.to, len(child.text)-1)
		}
		r.deeper(child)
		if !wrap && run.anch > 0 && a.align == 0 && bytes.IndexByte([]byte("/+-_"), text[at-1]) >= 0 {
			// Base64 behind a path or a name, which look like more of it.
			run.at, run.anch = run.at[run.anch:], 0
			r.deeper(decodeBase64(w.v, run, 0))
		}
		if !wrap && !run.wraps && (run.anch == 0 && wrapBefore(text, at) < 0 || run.anch > 0 && wrapBefore(text, int(run.at[0])) < 0) {
			return
		}
	}
}

// bound sets the limits of a decoded stretch, and notes how far it was decoded.
func (r *run) bound(w *sweep, child *view, run digitsRun, way int) {
	if run.cut[0] {
		child.from = 8
	}
	w.until[way] = run.end
	if run.cut[1] {
		child.to = len(child.text) - cutMargin/4
		w.until[way] = run.end - cutMargin
	}
}

// wrapsAt tells whether the line that a stretch of base64 ends with looks broken at a width that encoders use.
func wrapsAt(text []byte, run digitsRun) bool {
	start := bytes.LastIndexByte(text[:run.end], '\n') + 1
	n := 0
	for i := len(run.at) - 1; i >= 0 && int(run.at[i]) >= start; i-- {
		n++
	}
	return n >= 60 && n%4 == 0
}

// hex decodes the hexadecimal text around an anchor.
func (r *run) hex(w *sweep, at int) {
	for _, wrap := range []bool{false, true} {
		way := hexWay + at%2
		if wrap {
			way = wrappedHexWay
		}
		if at < w.until[way] {
			continue
		}
		right := rightReach
		if w.until[way] > 0 && at-w.until[way] < rightReach {
			right = denseReach
		}
		run := collect(w.v.text, at, isHexDigit, leftReach, right, wrap)
		child := decodeHex(w.v, run)
		r.bound(w, child, run, way)
		if !wrap && run.wraps {
			child.to = min(child.to, len(child.text)-1)
		}
		r.deeper(child)
		if !wrap && !run.wraps {
			return
		}
	}
}

// utf16 reads the UTF-16 text around an anchor.
func (r *run) utf16(w *sweep, at int) {
	way := utf16Way + at%2
	if at < w.until[way] {
		return
	}
	child, until := narrowed(w.v, at)
	w.until[way] = until
	r.deeper(child)
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

// findings returns what was found, each once, in the order of places. Those of archives stand behind the text's own.
func (r *run) findings() []Finding {
	slices.SortStableFunc(r.found, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.Place.Offset, b.Place.Offset), cmp.Compare(a.Place.End, b.Place.End), cmp.Compare(a.depth, b.depth))
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
		if g.Secret == f.Secret && g.Kind == f.Kind && f.Place.Offset < g.Place.End && g.Place.Offset < f.Place.End {
			return true
		}
	}
	return false
}
