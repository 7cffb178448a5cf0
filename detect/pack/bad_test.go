package pack

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1" // the pack format's trailer
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

// builder writes packs by hand, right or wrong.
type builder struct {
	bytes.Buffer
	deflate *zlib.Writer
}

func newBuilder(objects uint32) *builder {
	b := &builder{deflate: zlib.NewWriter(nil)}
	b.WriteString("PACK\x00\x00\x00\x02")
	b.Write(binary.BigEndian.AppendUint32(nil, objects))
	return b
}

// add writes an entry and returns its offset. size is what the header says.
func (b *builder) add(k kind, size int, base, text []byte) int {
	at := b.Len()
	b.WriteByte(byte(k)<<4 | byte(size&15) | more(size>>4))
	for size >>= 4; size > 0; size >>= 7 {
		b.WriteByte(byte(size&0x7f) | more(size>>7))
	}
	b.Write(base)
	b.deflate.Reset(&b.Buffer)
	b.deflate.Write(text)
	b.deflate.Close()
	return at
}

func more(rest int) byte {
	if rest > 0 {
		return 0x80
	}
	return 0
}

func (b *builder) object(k kind, text string) int { return b.add(k, len(text), nil, []byte(text)) }

func (b *builder) ofs(base int, delta []byte) int {
	back := b.Len() - base
	enc := []byte{byte(back & 0x7f)}
	for back >>= 7; back > 0; back >>= 7 {
		back--
		enc = append([]byte{byte(back&0x7f) | 0x80}, enc...)
	}
	return b.add(ofsDelta, len(delta), enc, delta)
}

func (b *builder) ref(base id, delta []byte) int { return b.add(refDelta, len(delta), base[:], delta) }

// done appends the trailer.
func (b *builder) done() []byte {
	sum := sha1.Sum(b.Bytes()) // the pack format's trailer
	return append(bytes.Clone(b.Bytes()), sum[:]...)
}

// delta builds a delta of base that copies it whole and appends text.
func delta(base int, text string) []byte {
	d := binary.AppendUvarint(nil, uint64(base))
	d = binary.AppendUvarint(d, uint64(base+len(text)))
	if base > 0 {
		d = append(d, 0x80|0x70|0x0f, 0, 0, 0, 0, byte(base), byte(base>>8), byte(base>>16))
	}
	return append(append(d, byte(len(text))), text...)
}

func tryOpen(t *testing.T, r io.Reader, opts Options) error {
	t.Helper()
	opts.TempDir = t.TempDir()
	p, err := Open(context.Background(), r, opts)
	if err == nil {
		var report Report
		report, err = p.scan(context.Background(), findMarks, Range{})
		for _, s := range report.Skipped {
			if s.Limit && err == nil {
				err = fmt.Errorf("%w: %s", ErrLimit, s.Reason)
			}
		}
		p.Close()
	}
	left, _ := os.ReadDir(opts.TempDir)
	if len(left) != 0 {
		t.Errorf("temporary files are left: %v", left)
	}
	return err
}

func TestRefDeltas(t *testing.T) {
	t.Parallel()
	b := newBuilder(4)
	base := "base text"
	b.ref(hashObject(blobKind, []byte(base+"one"+mark(7))), delta(len(base)+3+len(mark(7)), "two"))
	at := b.ref(hashObject(blobKind, []byte(base)), delta(len(base), "one"+mark(7)))
	b.ofs(at, delta(len(base)+3+len(mark(7)), "three"))
	b.object(blobKind, base)
	report := scanMarks(t, b.done(), Options{})
	if len(report.Sightings) != 3 || report.Stats.Blobs != 4 {
		t.Errorf("got %+v", report)
	}
}

func TestBadPacks(t *testing.T) {
	t.Parallel()
	good := newBuilder(2)
	good.ofs(good.object(blobKind, strings.Repeat("x", 100)), delta(100, mark(1)))
	build := func(n uint32, f func(*builder)) []byte {
		b := newBuilder(n)
		f(b)
		return b.done()
	}
	text := strings.Repeat("some text ", 10)
	flipped := bytes.Clone(good.done())
	flipped[20] ^= 4
	trailer := bytes.Clone(good.done())
	trailer[len(trailer)-1] ^= 1
	wrongID := id{1, 2, 3}
	tests := map[string]struct {
		data []byte
		is   error
		says []string
	}{
		"empty":           {nil, ErrCorrupt, []string{"header", "cut off"}},
		"html":            {[]byte("<html><body>not a pack"), ErrCorrupt, []string{"<htm"}},
		"version 4":       {[]byte("PACK\x00\x00\x00\x04\x00\x00\x00\x00"), ErrCorrupt, []string{"version 4"}},
		"2^32-1 objects":  {[]byte("PACK\x00\x00\x00\x02\xff\xff\xff\xff"), ErrLimit, []string{"4294967295"}},
		"too few objects": {build(3, func(b *builder) { b.object(blobKind, text) }), ErrCorrupt, []string{"object 2 of 3"}},
		"too many":        {build(1, func(b *builder) { b.object(blobKind, text); b.object(blobKind, "2") }), ErrCorrupt, []string{"trailer"}},
		"bit flipped":     {flipped, ErrCorrupt, []string{"offset 12"}},
		"trailer":         {trailer, ErrCorrupt, []string{"checksum"}},
		"size too small":  {build(1, func(b *builder) { b.add(blobKind, 10, nil, []byte(text)) }), ErrCorrupt, []string{"offset 12"}},
		"size too large":  {build(1, func(b *builder) { b.add(blobKind, 1000, nil, []byte(text)) }), ErrCorrupt, []string{"offset 12"}},
		"size huge":       {build(1, func(b *builder) { b.add(blobKind, 1<<42, nil, []byte(text)) }), ErrLimit, []string{"offset 12"}},
		"type 5":          {build(1, func(b *builder) { b.add(5, 10, nil, []byte("0123456789")) }), ErrCorrupt, []string{"type 5", "offset 12"}},
		"no such base":    {build(2, func(b *builder) { b.ofs(b.object(blobKind, text)+1, delta(100, "x")) }), ErrCorrupt, []string{"base's offset 13"}},
		"base is itself":  {build(1, func(b *builder) { b.add(ofsDelta, 4, []byte{0}, []byte("1234")) }), ErrCorrupt, []string{"offset 12"}},
		"thin":            {build(1, func(b *builder) { b.ref(wrongID, delta(9, "x")) }), ErrCorrupt, []string{wrongID.String(), "offset 12"}},
		"copies outside":  {build(2, func(b *builder) { b.ofs(b.object(blobKind, "short"), append([]byte{5, 6}, 0x91, 3, 6)) }), ErrCorrupt, []string{"copies", "offset"}},
		"copies too much": {build(2, func(b *builder) { b.ofs(b.object(blobKind, "short"), append([]byte{5, 2}, 0x91, 0, 5)) }), ErrCorrupt, []string{"copies", "offset"}},
		"makes too little": {
			build(2, func(b *builder) { b.ofs(b.object(blobKind, "short"), []byte{5, 9, 0x91, 0, 5}) }),
			ErrCorrupt,
			[]string{"4 bytes less", "offset"},
		},
		"instruction 0":   {build(2, func(b *builder) { b.ofs(b.object(blobKind, "short"), []byte{5, 9, 0}) }), ErrCorrupt, []string{"reserved"}},
		"other base size": {build(2, func(b *builder) { b.ofs(b.object(blobKind, "short"), delta(6, "x")) }), ErrCorrupt, []string{"base of 6 bytes"}},
		"delta bomb": {build(2, func(b *builder) {
			b.ofs(b.object(blobKind, "short"), []byte{5, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 0x91, 0, 5})
		}), ErrLimit, []string{"offset"}},
		"bad commit": {build(2, func(b *builder) { b.object(commitKind, "not a commit"); b.object(blobKind, mark(1)) }), ErrCorrupt, []string{"tree", "offset 12"}},
		"bad tree":   {build(2, func(b *builder) { b.object(treeKind, "99 not a tree"); b.object(blobKind, mark(1)) }), ErrCorrupt, []string{"mode", "offset 12"}},
		"bad tag":    {build(1, func(b *builder) { b.object(tagKind, "not a tag") }), ErrCorrupt, []string{"tag", "offset 12"}},
	}
	for name, test := range tests {
		for _, opts := range []Options{{}, {SpillOver: 1, Memory: 1, Workers: 1}} {
			for _, reader := range []io.Reader{bytes.NewReader(test.data), iotest.OneByteReader(bytes.NewReader(test.data))} {
				err := tryOpen(t, reader, opts)
				if !errors.Is(err, test.is) {
					t.Errorf("%s: error is %v, want one that is %v", name, err, test.is)
					continue
				}
				for _, part := range test.says {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("%s: error %q does not say %q", name, err, part)
					}
				}
			}
		}
	}
	whole := good.done()
	for n := range whole {
		if err := tryOpen(t, bytes.NewReader(whole[:n]), Options{}); !errors.Is(err, ErrCorrupt) {
			t.Errorf("cut after %d bytes: %v", n, err)
		}
	}
	if err := tryOpen(t, bytes.NewReader(whole), Options{SpillOver: 1}); err != nil {
		t.Errorf("the whole pack: %v", err)
	}
}

func TestBrokenConnection(t *testing.T) {
	t.Parallel()
	b := newBuilder(1)
	b.object(blobKind, "text")
	broken := errors.New("connection reset")
	for n := range b.Len() {
		err := tryOpen(t, io.MultiReader(bytes.NewReader(b.Bytes()[:n]), iotest.ErrReader(broken)), Options{})
		if !errors.Is(err, broken) {
			t.Fatalf("after %d bytes: %v", n, err)
		}
	}
}

func TestDeepChain(t *testing.T) {
	t.Parallel()
	const depth = 10_000
	objects := uint32(depth + 1)
	b := newBuilder(objects)
	text := mark(1)
	at := b.object(blobKind, text)
	for n := range depth {
		at = b.ofs(at, delta(len(text), fmt.Sprint(n)))
		text += fmt.Sprint(n)
		if len(text) > 200 {
			// The next one copies the mark alone.
			at = b.ofs(at, append(binary.AppendUvarint(nil, uint64(len(text))), byte(len(mark(1))), 0x90, byte(len(mark(1)))))
			text = mark(1)
			objects++
		}
	}
	data := b.done()
	binary.BigEndian.PutUint32(data[8:], objects)
	sum := sha1.Sum(data[:len(data)-packTrailer]) // the pack format's trailer
	copy(data[len(data)-packTrailer:], sum[:])
	for _, memory := range []int64{0, 1} {
		report := scanMarks(t, data, Options{Memory: memory, Workers: 1, MaxFindings: 2 * depth, MaxPlaces: 2 * depth})
		if len(report.Sightings) != depth+1 { // mark(1) alone comes again and again
			t.Errorf("memory %d: %d sightings", memory, len(report.Sightings))
		}
	}
}
