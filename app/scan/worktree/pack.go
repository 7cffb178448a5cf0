package worktree

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/klauspost/compress/zlib"

	"github.com/rekey-app/rekey/detect/pack"
)

const (
	idxHead = 8 + 256*4
	// maxDelta is how long an object may be that is stored as a delta, which is made in memory. Git itself makes none of
	// files over core.bigFileThreshold, 512 MiB.
	maxDelta = 1 << 30
	// deepestDelta is how many deltas may build on one another; git makes 4,095 at most.
	deepestDelta = 5000
)

// How a pack stores an entry (gitformat-pack(5)).
const (
	packCommit = 1
	packTree   = 2
	packBlob   = 3
	packTag    = 4
	ofsDelta   = 6
	refDelta   = 7
)

func kindName(entry byte) string {
	switch entry {
	case packCommit:
		return "commit"
	case packTree:
		return "tree"
	case packBlob:
		return "blob"
	case packTag:
		return "tag"
	}
	return ""
}

// packFile is a pack with its index, of which only what is asked for is read.
type packFile struct {
	name     string // without extension
	objects  *objects
	hashSize int
	pack     *os.File // nil until needed
	idx      *os.File
	fanout   [256]uint32
}

func openPack(name string, o *objects) (*packFile, error) {
	info, err := os.Stat(name + ".idx")
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s.idx: %w: not a regular file", name, ErrCorrupt)
	}
	p := &packFile{name: name, objects: o, hashSize: o.hashSize}
	if p.idx, err = os.Open(name + ".idx"); err != nil {
		return nil, err
	}
	var head [idxHead]byte
	_, err = p.idx.ReadAt(head[:], 0)
	if err != nil || string(head[:4]) != "\xfftOc" || binary.BigEndian.Uint32(head[4:]) != 2 {
		p.close()
		return nil, fmt.Errorf("%s.idx: %w: not a version 2 index", name, ErrCorrupt)
	}
	for i := range p.fanout {
		p.fanout[i] = binary.BigEndian.Uint32(head[8+4*i:])
	}
	return p, nil
}

func (p *packFile) close() error {
	err := p.idx.Close()
	if p.pack != nil {
		err = errors.Join(err, p.pack.Close())
	}
	return err
}

// find returns where in the pack an object begins.
func (p *packFile) find(id ID) (offset int64, ok bool, err error) {
	low, high := int64(0), int64(p.fanout[id[0]])
	if id[0] > 0 {
		low = int64(p.fanout[id[0]-1])
	}
	here := make([]byte, p.hashSize)
	for low < high {
		middle := (low + high) / 2
		if _, err := p.idx.ReadAt(here, idxHead+middle*int64(p.hashSize)); err != nil {
			return 0, false, p.fail(err)
		}
		switch c := bytes.Compare(here, []byte(id)); {
		case c == 0:
			offset, err := p.offset(middle)
			return offset, err == nil, err
		case c < 0:
			low = middle + 1
		default:
			high = middle
		}
	}
	return 0, false, nil
}

// withPrefix returns the ids that begin with the digits, which are four or more.
func (p *packFile) withPrefix(digits string) ([]ID, error) {
	first, err := hex.DecodeString(digits[:2])
	if err != nil {
		return nil, err
	}
	low, high := int64(0), int64(p.fanout[first[0]])
	if first[0] > 0 {
		low = int64(p.fanout[first[0]-1])
	}
	var found []ID
	here := make([]byte, p.hashSize)
	at := low + int64(sort.Search(int(max(0, high-low)), func(i int) bool {
		_, err = p.idx.ReadAt(here, idxHead+(low+int64(i))*int64(p.hashSize))
		return err != nil || hex.EncodeToString(here) >= digits
	}))
	for ; at < high && err == nil; at++ {
		if _, err = p.idx.ReadAt(here, idxHead+at*int64(p.hashSize)); err != nil || !strings.HasPrefix(hex.EncodeToString(here), digits) {
			break
		}
		found = append(found, ID(here))
	}
	if err != nil {
		return nil, p.fail(err)
	}
	return found, nil
}

func (p *packFile) offset(position int64) (int64, error) {
	count := int64(p.fanout[255])
	var b [8]byte
	small := idxHead + count*int64(p.hashSize+4)
	if _, err := p.idx.ReadAt(b[:4], small+4*position); err != nil {
		return 0, p.fail(err)
	}
	offset := int64(binary.BigEndian.Uint32(b[:]))
	if offset < 1<<31 {
		return offset, nil
	}
	if _, err := p.idx.ReadAt(b[:], small+4*count+8*(offset&(1<<31-1))); err != nil {
		return 0, p.fail(err)
	}
	return int64(binary.BigEndian.Uint64(b[:])), nil
}

func (p *packFile) fail(err error) error { return fmt.Errorf("%s: %w", p.name, err) }

// open opens the object that begins at offset. A delta is made in memory, all else is a stream.
func (p *packFile) open(offset int64) (Object, error) {
	if p.pack == nil {
		info, err := os.Stat(p.name + ".pack")
		if err != nil {
			return Object{}, err
		}
		if !info.Mode().IsRegular() {
			return Object{}, p.fail(fmt.Errorf("%w: not a regular file", ErrCorrupt))
		}
		if p.pack, err = os.Open(p.name + ".pack"); err != nil {
			return Object{}, err
		}
	}
	var deltas [][]byte
	held := int64(0)
	for {
		e, err := p.entry(offset)
		if err != nil {
			return Object{}, p.fail(err)
		}
		if name := kindName(e.kind); name != "" {
			o := Object{name, e.size, e.content}
			if len(deltas) > 0 {
				o, err = applied(o, deltas)
			}
			if err != nil {
				err = p.fail(err)
			}
			return o, err
		}
		if held += e.size; held > maxDelta || len(deltas) >= deepestDelta {
			return Object{}, p.fail(fmt.Errorf("%w: its delta chain is too long", ErrCorrupt))
		}
		delta, err := io.ReadAll(e.content)
		e.content.Close()
		if err != nil {
			return Object{}, p.fail(err)
		}
		deltas = append(deltas, delta)
		if e.kind == ofsDelta {
			if e.back <= 0 || e.back >= offset {
				return Object{}, p.fail(fmt.Errorf("%w: a delta's base does not come before it", ErrCorrupt))
			}
			offset -= e.back
			continue
		}
		base, ok, err := p.find(e.base)
		if err != nil {
			return Object{}, err
		}
		if !ok {
			return Object{}, p.fail(fmt.Errorf("%w: a delta's base %s is not in the pack", ErrCorrupt, e.base))
		}
		offset = base
	}
}

// packEntry is an entry's header, and its inflated content.
type packEntry struct {
	kind    byte
	size    int64
	back    int64
	base    ID
	content io.ReadCloser
}

func (p *packFile) entry(offset int64) (e packEntry, err error) {
	r := bufio.NewReader(io.NewSectionReader(p.pack, offset, 1<<62))
	c, err := r.ReadByte()
	if err != nil {
		return e, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	e.kind, e.size = c>>4&7, int64(c&15)
	for shift := 4; c >= 0x80; shift += 7 {
		if c, err = r.ReadByte(); err != nil || shift > 53 {
			return e, fmt.Errorf("%w: an entry's size is truncated or too large", ErrCorrupt)
		}
		e.size |= int64(c&0x7f) << shift
	}
	switch {
	case e.kind == ofsDelta:
		b, _ := r.Peek(10)
		back, n := offsetVarint(b)
		if n == 0 || back > 1<<62 {
			return e, fmt.Errorf("%w: a delta's base is truncated or too far away", ErrCorrupt)
		}
		e.back = int64(back)
		if _, err := r.Discard(n); err != nil {
			return e, err
		}
	case e.kind == refDelta:
		b := make([]byte, p.hashSize)
		if _, err := io.ReadFull(r, b); err != nil {
			return e, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		e.base = ID(b)
	case kindName(e.kind) == "":
		return e, fmt.Errorf("%w: an entry of unknown type %d", ErrCorrupt, e.kind)
	}
	inflate, err := zlib.NewReader(r)
	if err != nil {
		return e, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	e.content = struct {
		io.Reader
		io.Closer
	}{&exact{r: inflate, left: e.size}, inflate}
	return e, nil
}

// applied makes an object from its base and the deltas on it, the last of which is for the base.
func applied(base Object, deltas [][]byte) (Object, error) {
	defer base.Close()
	if base.Size > maxDelta {
		return Object{}, fmt.Errorf("%w: a delta's base has %d bytes", ErrCorrupt, base.Size)
	}
	text, err := io.ReadAll(base)
	if err != nil {
		return Object{}, err
	}
	for _, delta := range slices.Backward(deltas) {
		if text, err = pack.ApplyDelta(text, delta, maxDelta); err != nil {
			return Object{}, err
		}
	}
	return Object{base.Kind, int64(len(text)), io.NopCloser(bytes.NewReader(text))}, nil
}
