package detect

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/rekey-app/rekey/detect/encoding"

	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/unpack"
)

// packed reads the whole of an encoded compressed file, whose first digits are the anchor at w.v.text[at:].
func (r *run) packed(w *viewScan, at int, a *anchor) {
	way := packedBase64Decoder
	if a.form == packedInHex {
		way = packedHexDecoder
	}
	v := w.v
	if r.masking || at < w.until[way] || r.isNextWindows(v, at) || r.tooDeep(v.depth+1) {
		return
	}
	// A few bytes tell most that only look like it, the first block the others. The whole may be long.
	text := encoding.Digits{Text: v.text, Hex: a.form == packedInHex}
	if r.probe == nil {
		r.probe = make([]byte, packedProbe)
	}
	for _, reach := range []int{packedHead, packedProbe} {
		n, read := text.Head(at, reach, r.probe)
		if !r.hide(packedSteps*read) || !r.unpacks(r.probe[:n], a) {
			return
		}
	}
	reach := budget.PackedText
	if a.text == base64Gzip2 {
		reach = budget.PackedTwice
	}
	file := text.Measure(at, reach, func(n int) bool { return r.hide(packedSteps * n) })
	w.until[way] = file.End
	if !r.hide(0) {
		return
	}
	cut := file.End-at >= reach
	if cut {
		r.object.skip(fmt.Sprintf("only the first %d MiB of a compressed file in %s were decoded", reach/budget.MiB, text.Encoding()))
	} else if cut = r.moreBehind(v, file.End); cut {
		r.object.skip(fmt.Sprintf("only the first %d MiB of a compressed file in %s were read: scan the file itself", len(v.text)/budget.MiB, text.Encoding()))
	}
	child := v.child(encoding.Decoded{Encoding: file.Encoding()})
	child.whole = [2]int{at, file.End}
	if a.text != base64Gzip2 {
		r.unpack(child, file, cut)
		return
	}
	if !r.memory.TryAcquire(file.Size) {
		r.object.skip(fmt.Sprintf("memory is short for a compressed file in %s, %d bytes long", text.Encoding(), file.Size))
		return
	}
	defer r.memory.Release(file.Size)
	child.text = make([]byte, file.Size)
	n, _ := file.ReadAt(child.text, 0)
	child.text = child.text[:n]
	child.to = n
	r.deeper(child)
}

// unpack reads what an encoded compressed file holds, of which cut says that its end is missing.
func (r *run) unpack(archive *view, file *encoding.File, cut bool) {
	if !r.hide(decoderStarted) {
		return
	}
	was := r.archive
	r.archive = true
	r.wrapped += archive.depth
	defer func() { r.archive = was; r.wrapped -= archive.depth }()
	seen := false
	err := r.s.walker.Walk(r.ctx, file, file.Size, r.unpackLimits(), func(m unpack.Member) error {
		seen = seen || len(m.Layers) > 0
		r.member(archive, m)
		return nil
	})
	if !seen || !r.hide(0) {
		return // bytes that only looked like it, or the object says what was not read
	}
	for _, sk := range skippedBy(err) {
		if !sk.Limit && (cut || file.Size < leastDamaged) {
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
	// leastDamaged is the length from which on a compressed file in a text is said to be damaged. What is shorter and breaks
	// off is a sample in a document or a test, and all that the text has of it was read.
	leastDamaged = 1 << 10
)

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

// unpackLimits are those of an archive in a text, which is charged to that. Windows are those that every decoder must have: what
// asks for more stands in no text.
func (r *run) unpackLimits() unpack.Limits {
	limits := r.s.limits
	limits.Work, limits.Memory, limits.Window = r.hidden, r.memory, budget.Window
	return limits
}

// member examines a member of an encoded archive.
func (r *run) member(archive *view, m unpack.Member) {
	inner, err := r.s.readWindows(r.object, memberPath(r.path, m.Name), m.Content)
	if err != nil {
		r.skip(m.Name, err.Error())
	}
	r.skipped = append(r.skipped, inner.Skipped...)
	if len(inner.Findings) == 0 {
		return
	}
	around := r.surroundingsOf(archive, 0, 0)
	from, to := archive.place(0, 0)
	for _, f := range inner.Findings {
		f.Encoding = within(append([]string{archive.encoding(0)}, m.Layers...), f.Encoding)
		f.Member = memberPath(m.Name, f.Member)
		f.Place = Place{Offset: int64(from), End: int64(to)}
		f.Allowed = f.Allowed || around.allowed
		r.found = append(r.found, hit{f, archive.depth + len(m.Layers)})
	}
}

const (
	// base64Gzip2 is the start of the base64 of the base64 of gzip, as Helm keeps its releases.
	base64Gzip2 = "SDRzS"
	// base64XZ is the rest of the start of the base64 of xz, which is /Td6WFoA or _Td6WFoA.
	base64XZ = "Td6WFoA"
)
