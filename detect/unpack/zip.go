package unpack

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"math"
)

// Signatures and fixed lengths of the records of a zip file (PKWARE's APPNOTE.TXT 6.3.10, section 4.3).
const (
	localMagic      = "PK\x03\x04"
	entryMagic      = "PK\x01\x02"
	endMagic        = "PK\x05\x06"
	end64Magic      = "PK\x06\x06"
	locator64Magic  = "PK\x06\x07"
	descriptorMagic = "PK\x07\x08"

	localLen     = 30
	entryLen     = 46
	endLen       = 22
	end64Len     = 56
	locator64Len = 20

	maxComment = 1<<16 - 1
)

var le = binary.LittleEndian

// directory is the central directory of a zip file, with its place in the source.
type directory struct {
	start, size int64
	base        int64 // what the offsets of its entries count from
	tail        int64 // where the comment begins, and what may follow it
}

// findDirectory looks for a central directory at the end of a section, before a comment of that length at most.
func (k *walk) findDirectory(s source, comment int64) (directory, bool) {
	tail := make([]byte, min(s.size, locator64Len+endLen+comment))
	*k.readingOf(s) -= int64(len(tail))
	if n, _ := s.at.ReadAt(tail, s.start+s.size-int64(len(tail))); n < len(tail) {
		return directory{}, false
	}
	// To try a place may mean to read the whole directory: a file that offers many gets no more than a few tried.
	tries := 4
	for i := len(tail) - endLen; i >= 0 && tries > 0; i-- {
		if string(tail[i:i+4]) != endMagic || i+endLen+int(le.Uint16(tail[i+20:])) > len(tail) {
			continue
		}
		if d, ok := readEnd(s, tail, i); ok {
			tries--
			if d.sound(k, s) {
				return d, true
			}
		}
	}
	return directory{}, false
}

// readEnd reads the end-of-directory record at tail[i:], tail being the end of s.
func readEnd(s source, tail []byte, i int) (directory, bool) {
	end := s.size - int64(len(tail)) + int64(i)
	comment := end + endLen
	size, offset := int64(le.Uint32(tail[i+12:])), int64(le.Uint32(tail[i+16:]))
	if j := i - locator64Len; j >= 0 && string(tail[j:j+4]) == locator64Magic {
		// The record stands directly before its locator, wherever the locator believes it to be.
		var record [end64Len]byte
		at := end - locator64Len - end64Len
		if at < 0 {
			return directory{}, false
		}
		if _, err := s.at.ReadAt(record[:], s.start+at); err != nil && err != io.EOF {
			return directory{}, false
		}
		if string(record[:4]) == end64Magic {
			end = at
			size, offset = int64(le.Uint64(record[40:])), int64(le.Uint64(record[48:]))
		}
	}
	if size < 0 || offset < 0 || size > end {
		return directory{}, false
	}
	return directory{start: end - size, size: size, base: end - size - offset, tail: comment}, true
}

// sound reports whether the directory is one from its first entry to its end.
func (d directory) sound(k *walk, s source) bool {
	in := bufio.NewReaderSize(k.open(s.section(s.name, d.start, d.size)), 4096)
	for left := d.size; left > 0; {
		header, err := in.Peek(entryLen)
		if err != nil || string(header[:4]) != entryMagic {
			// A digital signature may follow the entries.
			return len(header) >= 4 && string(header[:4]) == "PK\x05\x05" && left < d.size
		}
		n := entryLen + int(le.Uint16(header[28:])) + int(le.Uint16(header[30:])) + int(le.Uint16(header[32:]))
		if m, _ := in.Discard(n); m < n {
			return false
		}
		left -= int64(n)
	}
	return true
}

// entry is what both headers of a member say.
type entry struct {
	flags, method uint16
	crc           uint32
	compressed    int64 // -1 if not known
	size          int64 // -1 if not known
	name          string
	local         int64 // offset of the local header, from the directory's base
}

const (
	flagEncrypted  = 1 << 0
	flagEOS        = 1 << 1 // lzma: the end is marked
	flagDescriptor = 1 << 3 // sizes and checksum follow the data
)

// zip visits the members of a zip file, and reports whether there was any.
func (k *walk) zip(s source, l *level) bool {
	if s.at != nil {
		if d, ok := k.findDirectory(s, maxComment); ok {
			k.directory(s, d)
			k.comment(s, d)
			return true
		}
		return k.locals(s, l, true)
	}
	// The directory stands at the end: hold the file if it is not too large, else go by the headers before the members.
	limit := k.holding
	if !k.lim.Memory.TryAcquire(limit) {
		limit = 0
	}
	defer k.lim.Memory.Release(limit)
	held, err := io.ReadAll(io.LimitReader(l.in, limit))
	l.pre.keeping = false
	l.pre.kept = nil
	inner := source{name: s.name, layers: s.layers, at: newHeld(held), size: int64(len(held))}
	k.holding -= int64(cap(held))
	defer func() { k.holding += int64(cap(held)) }()
	complete := err == nil && int64(len(held)) < limit
	if complete {
		if d, ok := k.findDirectory(inner, maxComment); ok {
			k.directory(inner, d)
			k.comment(inner, d)
			return true
		}
	}
	whole := source{name: s.name, layers: s.layers, stream: io.MultiReader(newHeld(held), l.in)}
	again := k.levels.enter(whole.stream)
	defer k.levels.leave()
	if k.locals(whole, again, complete) {
		return true
	}
	if raw := again.restart(k, whole); raw != nil {
		k.leaf(source{name: s.name, layers: s.layers[:len(s.layers)-1]}, raw)
	}
	return true
}

// directory visits the members that a sound directory lists.
func (k *walk) directory(s source, d directory) {
	l := k.levels.enter(k.open(s.section(s.name, d.start, d.size)))
	defer k.levels.leave()
	l.commit()
	for k.going() {
		header, err := l.in.Peek(entryLen)
		if err != nil || string(header[:4]) != entryMagic {
			return
		}
		e := entry{
			flags: le.Uint16(header[8:]), method: le.Uint16(header[10:]), crc: le.Uint32(header[16:]),
			compressed: int64(le.Uint32(header[20:])), size: int64(le.Uint32(header[24:])), local: int64(le.Uint32(header[42:])),
		}
		nameLen, extraLen := int(le.Uint16(header[28:])), int(le.Uint16(header[30:]))
		skip := nameLen + extraLen + int(le.Uint16(header[32:]))
		l.in.Discard(entryLen)
		head, _ := l.in.Peek(min(nameLen+extraLen, l.in.Size()))
		e.name = string(head[:min(nameLen, len(head))])
		if len(head) > nameLen {
			e.extend(head[nameLen:])
		}
		l.in.Discard(skip)
		if !k.entry(s) {
			return
		}
		k.member(s, d, e)
	}
}

// comment visits what stands behind the directory of a zip file, unless it is the walked file's.
func (k *walk) comment(s source, d directory) {
	if len(s.layers) > 1 && d.tail < s.size {
		rest := s.section(s.name, d.tail, s.size-d.tail)
		rest.layers = s.layers[:len(s.layers)-1]
		k.leaf(rest, k.open(rest))
	}
}

// extend takes the 64-bit values from the extra fields, for those that do not fit their 32 bits.
func (e *entry) extend(extra []byte) {
	for len(extra) >= 4 {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		extra = extra[4:]
		if n > len(extra) {
			return
		}
		if id == 1 {
			field := extra[:n]
			for _, v := range []*int64{&e.size, &e.compressed, &e.local} {
				if *v == math.MaxUint32 && len(field) >= 8 {
					*v = int64(le.Uint64(field))
					field = field[8:]
				}
			}
		}
		extra = extra[n:]
	}
}

// member visits the member that an entry of the directory names.
func (k *walk) member(s source, d directory, e entry) {
	m := source{name: join(s.name, e.name), layers: s.layers}
	if e.compressed == 0 {
		return
	}
	var header [localLen]byte
	at := d.base + e.local
	if e.local < 0 || e.compressed < 0 || at < 0 || at > s.size-localLen {
		k.fail(m, fmt.Errorf("%w: its place is outside the file", ErrCorrupt))
		return
	}
	if n, _ := s.at.ReadAt(header[:], s.start+at); n < localLen || string(header[:4]) != localMagic {
		k.fail(m, fmt.Errorf("%w: no member at its place", ErrCorrupt))
		return
	}
	start := at + localLen + int64(le.Uint16(header[26:])) + int64(le.Uint16(header[28:]))
	if start > s.size {
		k.fail(m, fmt.Errorf("%w: its place is outside the file", ErrCorrupt))
		return
	}
	size := e.compressed
	if size > s.size-start {
		size = s.size - start
		k.fail(m, fmt.Errorf("%w: it is cut off", ErrCorrupt))
	}
	data := s.section(m.name, start, size)
	switch {
	case e.flags&flagEncrypted != 0:
		k.fail(m, ErrEncrypted)
	case e.method == 0:
		k.source(data)
	default:
		l := k.levels.enter(k.open(data))
		defer k.levels.leave()
		l.commit()
		k.unzip(m, e, l)
	}
}

// unzip visits the member whose compressed bytes l begins with.
func (k *walk) unzip(m source, e entry, l *level) (ok bool) {
	decoder, err := l.method(k, m, e)
	if err != nil {
		k.fail(m, classify(err))
		return false
	}
	sum := &checked{r: decoder, sum: crc32.NewIEEE(), entry: e}
	out := &output{walk: k, source: m, r: sum, slow: e.method == 12 || e.method == 14 || e.method == 95}
	m.stream = out
	k.source(m)
	out.drain()
	return !out.failed
}

// checked compares what comes out of a decoder with the size and checksum that the header gives.
type checked struct {
	r     io.Reader
	sum   hash.Hash32
	n     int64
	entry entry
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.sum.Write(p[:n])
	c.n += int64(n)
	if err == io.EOF && c.entry.size >= 0 && (c.n != c.entry.size || c.sum.Sum32() != c.entry.crc) {
		err = fmt.Errorf("%w: size or checksum is not what the archive says", ErrCorrupt)
	}
	return n, err
}
