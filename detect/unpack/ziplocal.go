package unpack

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/ulikunitz/xz/lzma"

	"github.com/rekey-app/rekey/detect/budget"
)

// newHeld reads bytes that are held in memory.
func newHeld(b []byte) *bytes.Reader { return bytes.NewReader(b) }

// locals visits the members of a zip file by the headers before them, for a file whose directory is missing, broken or
// too far away. broken says that it should have been found. It reports whether there was any member.
func (k *walk) locals(s source, l *level, broken bool) bool {
	found := false
	for k.going() {
		header, err := l.in.Peek(localLen)
		switch magic := string(header[:min(4, len(header))]); {
		case err == nil && magic == localMagic:
		case magic == entryMagic || magic == endMagic || magic == end64Magic || magic == "PK\x06\x08":
			if broken {
				k.fail(s, fmt.Errorf("%w: the directory is broken; members were read by their own headers", ErrCorrupt))
			}
			return found
		case magic == descriptorMagic || magic == "PK00":
			// The mark of an archive split over disks may stand before the first member.
			l.in.Discard(4)
			continue
		default:
			k.fail(s, fmt.Errorf("%w: the directory is missing, and there is no member at offset %d", ErrCorrupt, l.pos()))
			return found
		}
		e := entry{
			flags: le.Uint16(header[6:]), method: le.Uint16(header[8:]), crc: le.Uint32(header[14:]),
			compressed: int64(le.Uint32(header[18:])), size: int64(le.Uint32(header[22:])), local: math.MaxInt64,
		}
		nameLen, extraLen := int(le.Uint16(header[26:])), int(le.Uint16(header[28:]))
		l.in.Discard(localLen)
		head, _ := l.in.Peek(min(nameLen+extraLen, l.in.Size()))
		e.name = string(head[:min(nameLen, len(head))])
		if len(head) > nameLen {
			e.extend(head[nameLen:])
		}
		l.in.Discard(nameLen + extraLen)
		if !k.entry(s) {
			return found
		}
		if !found {
			found = true
			l.commit()
		}
		if e.flags&flagDescriptor != 0 && e.compressed == 0 {
			e.compressed, e.size = -1, -1
		}
		if !k.localMember(s, e, l) {
			return found
		}
	}
	return found
}

// localMember visits the member whose data l begins with, and skips it. It returns false where the next cannot be found.
func (k *walk) localMember(s source, e entry, l *level) bool {
	m := source{name: join(s.name, e.name), layers: s.layers}
	if e.compressed < 0 {
		if e.flags&flagEncrypted != 0 || e.method == 0 {
			k.fail(m, fmt.Errorf("%w: its size stands only in the directory, which is missing or too far away; nothing behind it was read", ErrUnsupported))
			return false
		}
		if !k.unzip(m, e, l) {
			return false
		}
		skipDescriptor(l)
		return true
	}
	end := l.pos() + e.compressed
	data := io.LimitReader(l.in, e.compressed)
	switch {
	case e.compressed == 0:
	case e.flags&flagEncrypted != 0:
		k.fail(m, ErrEncrypted)
	case e.method == 0 && s.at != nil:
		k.source(s.section(m.name, l.pos(), min(e.compressed, s.size-l.pos())))
	case e.method == 0:
		m.stream = data
		k.source(m)
	default:
		inner := k.levels.enter(data)
		inner.commit()
		k.unzip(m, e, inner)
		k.levels.leave()
	}
	for left := end - l.pos(); left > 0; {
		n, err := l.in.Discard(int(min(left, math.MaxInt32)))
		if err != nil {
			k.fail(m, fmt.Errorf("%w: it is cut off", ErrCorrupt))
			return false
		}
		left -= int64(n)
	}
	return true
}

// skipDescriptor skips the sizes and checksum behind a member. Neither their signature nor their width is certain: what
// follows tells.
func skipDescriptor(l *level) {
	head, _ := l.in.Peek(4 + 20 + 2)
	for _, n := range []int{4 + 12, 12, 4 + 20, 20} {
		signed := n%8 == 0 // 16 and 24 count the signature
		if signed == (len(head) >= 4 && string(head[:4]) == descriptorMagic) && len(head) >= n+2 && string(head[n:n+2]) == "PK" {
			l.in.Discard(n)
			return
		}
	}
	l.in.Discard(min(len(head), 16))
}

// method starts to decode l.in by a method of zip.
func (l *level) method(k *walk, s source, e entry) (io.Reader, error) {
	switch e.method {
	case 8:
		return l.inflate(), nil
	case 12:
		return l.decoder(k, s, "bzip2")
	case 20, 93:
		return l.decoder(k, s, "zstd")
	case 95:
		return l.decoder(k, s, "xz")
	case 14:
		return l.lzma(k, s, e)
	}
	return nil, fmt.Errorf("%w: zip method %d", ErrUnsupported, e.method)
}

// lzma starts to decode l.in as a zip file has it: two bytes of version, the length of the properties, and these.
func (l *level) lzma(k *walk, s source, e entry) (io.Reader, error) {
	var head [9]byte
	if _, err := io.ReadFull(l.in, head[:]); err != nil {
		return nil, err
	}
	if le.Uint16(head[2:]) != 5 {
		return nil, fmt.Errorf("%w: lzma properties", ErrCorrupt)
	}
	dict := le.Uint32(head[5:])
	if e.size >= 0 && int64(dict) > e.size {
		dict = uint32(max(e.size, lzma.MinDictCap))
	}
	if int64(dict) > k.window(budget.XzWindow) {
		return nil, fmt.Errorf("%w: lzma with a dictionary of %d bytes", ErrLimit, dict)
	}
	k.budget -= int64(dict) / setupShare
	l.free(k.lim.Memory)
	if !k.spend(s, budget.DecoderSetup+int64(dict)/budget.MemoryPerStep) {
		return nil, io.EOF
	}
	if err := l.reserve(k.lim.Memory, int64(dict)); err != nil {
		return nil, err
	}
	// The decoder wants the header of a .lzma file: the properties, then the size or all ones.
	header := append([]byte{head[4]}, le.AppendUint32(nil, dict)...)
	size := uint64(math.MaxUint64)
	if e.flags&flagEOS == 0 && e.size >= 0 {
		size = uint64(e.size)
	}
	header = binary.LittleEndian.AppendUint64(header, size)
	return lzma.ReaderConfig{DictCap: budget.XzWindow}.NewReader(io.MultiReader(bytes.NewReader(header), l.in))
}
