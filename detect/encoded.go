package detect

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/unpack"
)

// packed decodes the whole of an encoded compressed file, whose first digits are the anchor at w.v.text[at:].
func (r *run) packed(w *sweep, at int, a *anchor) {
	way := packedBase64Way
	if a.role == packedHexRole {
		way = packedHexWay
	}
	v := w.v
	if r.masking || at < w.until[way] || v.depth >= budget.Depth {
		return
	}
	// A few bytes tell most that only look like it, the first block the others. The whole may be long.
	var head [packedProbe]byte
	for _, reach := range []int{packedHead, packedProbe} {
		d := a.decode(head[:0], v.text, at, reach, nil)
		if !r.hide(packedSteps*(d.end-at)) || !r.unpacks(d.out, a) {
			return
		}
	}
	going := func() bool { return r.hide(packedSteps * packedPart) }
	end := a.digitsEnd(v.text, at, budget.PackedText, going)
	w.until[way] = end
	size := end - at
	if !r.s.memory.TryAcquire(int64(size)) {
		r.object.skip(fmt.Sprintf("memory is short for a compressed file in %s, %d bytes long", a.layer(), size))
		return
	}
	defer r.s.memory.Release(int64(size))
	d := a.decode(make([]byte, 0, size*int(a.bits())/8+1), v.text, at, size, going)
	if !r.hide(0) {
		return
	}
	child := v.child(d.layer, d.out, nil)
	child.whole = [2]int{at, d.end}
	if size >= budget.PackedText {
		r.object.skip(fmt.Sprintf("a compressed file in %s goes on behind the %d MiB that are decoded", a.layer(), budget.PackedText/budget.MiB))
	}
	if a.text == base64Gzip2 {
		r.deeper(child)
		return
	}
	r.unpack(child)
}

// unpack reads what an encoded compressed file holds.
func (r *run) unpack(archive *view) {
	if !r.hide(decoderStarted) {
		return
	}
	was := r.archive
	r.archive = true
	defer func() { r.archive = was }()
	from, to := archive.place(0, len(archive.text))
	seen := false
	err := r.s.walker.Walk(r.ctx, bytes.NewReader(archive.text), int64(len(archive.text)), r.unpackLimits(), func(m unpack.Member) error {
		seen = seen || len(m.Layers) > 0
		r.member(archive, m, from, to)
		return nil
	})
	if !seen {
		return // bytes that only looked like it
	}
	for _, sk := range skippedBy(err) {
		if !sk.Limit && len(archive.text) < leastDamaged {
			continue
		}
		sk.Member, sk.Reason = memberPath(archive.member, sk.Member), archive.encoding(0)+": "+sk.Reason
		r.skipped = append(r.skipped, sk)
	}
}

const (
	// packedHead and packedProbe are how much of an encoded archive is read to see whether it is one: its magic, and the first
	// block of gzip, whose header takes some 400 bytes behind a name.
	packedHead  = 64
	packedProbe = 2 << 10
	// packedPart is how much is decoded between two charges.
	packedPart = 256 << 10
	// leastDamaged is the length from which on a compressed file in a text is said to be damaged. What is shorter and breaks
	// off is a sample in a document or a test, and all that the text has of it was read.
	leastDamaged = 1 << 10
)

// layer is the encoding of the compressed file that a begins.
func (a *anchor) layer() string {
	if a.role == packedHexRole {
		return "hex"
	}
	return "base64"
}

// bits is how many bits a digit of a's encoding stands for.
func (a *anchor) bits() uint {
	if a.role == packedHexRole {
		return 4
	}
	return 6
}

// value returns the value of a digit in a's encoding, or 0xff.
func (a *anchor) value(c byte) byte {
	if a.role != packedHexRole {
		return base64Values[c]
	}
	if v, ok := hexDigit(c); ok {
		return v
	}
	return 0xff
}

// digitsEnd returns the end of the digits that begin at text[at:], line ends aside, reach bytes at most. It asks going after
// each part whether to go on.
func (a *anchor) digitsEnd(text []byte, at, reach int, going func() bool) int {
	high := min(len(text), at+reach)
	for asked := at; at < high; {
		if at-asked >= packedPart {
			if asked = at; !going() {
				break
			}
		}
		if a.value(text[at]) != 0xff {
			at++
			continue
		}
		next := a.digitAfter(text, at)
		if next < 0 || next >= high {
			break
		}
		at = next
	}
	return at
}

// digitAfter returns where the digits go on that break off at text[at:], or -1.
func (a *anchor) digitAfter(text []byte, at int) int {
	if text[at] == '\\' && at+1 < len(text) && text[at+1] == '/' && a.role != packedHexRole {
		return at + 1
	}
	if k := wrapAfter(text, at); k >= 0 && a.value(text[k]) != 0xff {
		return k
	}
	return -1
}

// decoded is what digits stand for.
type decoded struct {
	out   []byte
	end   int // of the digits in the text
	layer string
}

// decode appends to out what the digits at text[at:] stand for, line ends aside, reach bytes of them at most. It asks going
// after each part whether to go on; nil for less than a part.
func (a *anchor) decode(out, text []byte, at, reach int, going func() bool) decoded {
	d := decoded{out: out, layer: a.layer()}
	bits, high := a.bits(), min(len(text), at+reach)
	var acc, have uint
	for asked := at; at < high; {
		if at-asked >= packedPart {
			if asked = at; !going() {
				break
			}
		}
		c := text[at]
		v := a.value(c)
		if v == 0xff {
			next := a.digitAfter(text, at)
			if next < 0 || next >= high {
				break
			}
			at = next
			continue
		}
		if c == '-' || c == '_' {
			d.layer = "base64url"
		}
		acc = acc<<bits | uint(v)
		if have += bits; have >= 8 {
			have -= 8
			d.out = append(d.out, byte(acc>>have))
		}
		at++
	}
	d.end = at
	return d
}

// unpacks reports whether text is the start of what the anchor promises: something comes out of it.
func (r *run) unpacks(text []byte, a *anchor) bool {
	if a.text == base64Gzip2 {
		inner, err := base64.StdEncoding.DecodeString(string(text[:min(len(text)&^3, 256)]))
		return err == nil && unpack.Format(inner) == "gzip"
	}
	if format := unpack.Format(text); format != "gzip" || len(text) < packedHead {
		return format != "" // the others have longer magics, and may need all of a block before anything comes
	}
	if !r.hide(decoderStarted) {
		return false
	}
	comes := false
	_ = r.s.walker.Walk(r.ctx, bytes.NewReader(text), int64(len(text)), r.unpackLimits(), func(m unpack.Member) error {
		if len(m.Layers) == 0 {
			return errProbed
		}
		n, _ := io.ReadFull(m.Content, make([]byte, 1))
		comes = n > 0
		return errProbed
	})
	return comes
}

var errProbed = errors.New("probed")

// unpackLimits are those of an archive in a text, which is charged to that.
func (r *run) unpackLimits() unpack.Limits {
	limits := r.s.limits
	limits.Work = r.hidden
	return limits
}

// member examines a member of an encoded archive that stands at the stored text's from to to.
func (r *run) member(archive *view, m unpack.Member, from, to int) {
	inner, err := r.s.readWindows(r.object, memberPath(r.path, m.Name), m.Content)
	if err != nil {
		r.skip(m.Name, err.Error())
	}
	r.skipped = append(r.skipped, inner.Skipped...)
	if len(inner.Findings) == 0 {
		return
	}
	around := r.surroundings(archive, 0, len(archive.text))
	for _, f := range inner.Findings {
		f.Encoding = within(append([]string{archive.encoding(0)}, m.Layers...), f.Encoding)
		f.Member = memberPath(m.Name, f.Member)
		f.Place = Place{Offset: int64(from), End: int64(to)}
		f.Allowed = f.Allowed || around.allowed
		r.found = append(r.found, hit{f, archive.depth + len(m.Layers)})
	}
}

// base64Gzip2 is the start of the base64 of the base64 of gzip, as Helm keeps its releases.
const base64Gzip2 = "SDRzS"
