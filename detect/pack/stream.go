package pack

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1" // the pack format's trailer
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"

	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/inflate"
)

// stream reads a pack as it arrives: keeps the bytes, hashes them, and finds where the entries begin.
type stream struct {
	ctx      context.Context
	source   io.Reader
	opts     Options
	size     int64  // bytes read
	inflated uint64 // what the entries announce
	reported int64  // of size, to Options.Progress
	number   int    // of the entry that is read
	count    int    // of entries, once the header is there
	discard  bool   // the bytes are at hand elsewhere
	spool    spool
	quota    quota // for the tables
	hash     hash.Hash
	tail     []byte // the last bytes read, up to the trailer's length, not hashed yet
	buffered *bufio.Reader
	inflate  inflate.Decoder
	scratch  []byte
	pack     *packfile
	waiting  map[id][]int32 // deltas whose base is named by id
}

// peekLimit is the largest entry, inflated, that is inflated slice to slice from the read buffer.
const peekLimit = 256 << 10

// deflateBound is the most bytes that zlib makes of n, by its own bound, with room for other compressors. A stream may
// be longer and valid; then the slower way reads it.
func deflateBound(n int) int { return n + n>>9 + 64 }

func newStream(ctx context.Context, r io.Reader, opts Options) *stream {
	s := &stream{
		ctx:    ctx,
		source: r,
		opts:   opts,
		spool:  spool{dir: opts.TempDir, limit: opts.SpillOver},
		hash:   sha1.New(), // the pack format's trailer
		pack:   &packfile{},
		quota:  quota{budget: opts.Budget, limit: math.MaxInt64},

		waiting: map[id][]int32{},
	}
	s.buffered = bufio.NewReaderSize(arriving{s}, deflateBound(peekLimit)+64)
	return s
}

// arriving is the source, with all that was read from it kept and hashed.
type arriving struct{ *stream }

func (a arriving) Read(b []byte) (int, error) {
	if err := a.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := a.source.Read(b)
	if n > 0 {
		a.size += int64(n)
		if a.size > a.opts.MaxPack {
			return 0, fmt.Errorf("%w: pack is larger than %d bytes", ErrLimit, a.opts.MaxPack)
		}
		if !a.discard {
			if _, err := a.spool.Write(b[:n]); err != nil {
				return 0, err
			}
		}
		a.digest(b[:n])
		if a.size-a.reported >= reportArrivalEvery {
			a.reportProgress()
		}
	}
	return n, err
}

// reportArrivalEvery is after how many bytes Options.Progress is told.
const reportArrivalEvery = 1 << 20

func (s *stream) reportProgress() {
	if s.opts.Progress == nil || s.count == 0 {
		return
	}
	s.reported = s.size
	s.opts.Progress(Progress{Arriving: true, Objects: s.number, Total: s.count, Bytes: s.size})
}

// digest hashes all but the last bytes, which are the trailer if nothing follows.
func (s *stream) digest(b []byte) {
	if len(b) >= packTrailer {
		s.hash.Write(s.tail)
		s.hash.Write(b[:len(b)-packTrailer])
		s.tail = append(s.tail[:0], b[len(b)-packTrailer:]...)
		return
	}
	s.tail = append(s.tail, b...)
	if over := len(s.tail) - packTrailer; over > 0 {
		s.hash.Write(s.tail[:over])
		s.tail = append(s.tail[:0], s.tail[over:]...)
	}
}

// offset is where the next byte to be parsed stands in the pack.
func (s *stream) offset() int64 { return s.size - int64(s.buffered.Buffered()) }

// read reads the whole pack.
func (s *stream) read() error {
	count, err := s.header()
	if err != nil {
		return fmt.Errorf("pack: header: %w", err)
	}
	for s.count = count; s.number < count; s.number++ {
		offset := s.offset()
		if err := s.entry(offset); err != nil {
			return fmt.Errorf("pack: object %d of %d at offset %d: %w", s.number+1, count, offset, err)
		}
	}
	if err := s.trailer(); err != nil {
		return fmt.Errorf("pack: trailer at offset %d: %w", s.offset(), err)
	}
	s.reportProgress()
	if s.discard {
		return nil
	}
	if s.pack.data, err = s.spool.bytes(); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	return nil
}

func (s *stream) header() (count int, err error) {
	var head [packHeader]byte
	if _, err := io.ReadFull(s.buffered, head[:]); err != nil {
		return 0, cut(err)
	}
	if string(head[:4]) != "PACK" {
		return 0, fmt.Errorf("%w: it begins with %q, not with PACK", ErrCorrupt, head[:4])
	}
	if v := binary.BigEndian.Uint32(head[4:]); v != 2 && v != 3 {
		return 0, fmt.Errorf("%w: version %d, only 2 and 3 are known", ErrCorrupt, v)
	}
	n := binary.BigEndian.Uint32(head[8:])
	if int64(n) > int64(s.opts.MaxObjects) {
		return 0, fmt.Errorf("%w: %d objects announced, %d are allowed", ErrLimit, n, s.opts.MaxObjects)
	}
	return int(n), nil
}

func (s *stream) entry(offset int64) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	const longest = 10 + 20 // size and base id
	b, err := s.buffered.Peek(longest)
	if len(b) == 0 {
		return cut(err)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	h, err := readHeader(b)
	if err != nil {
		return err
	}
	if s.inflated += h.size; s.inflated > uint64(s.opts.MaxInflated) || h.size > uint64(s.opts.MaxInflated) {
		return fmt.Errorf("%w: the objects have more than %d bytes together", ErrLimit, s.opts.MaxInflated)
	}
	if !s.quota.reserve(budget.ObjectMemory) {
		if size := s.opts.Budget.Size(); int64(s.number)*budget.ObjectMemory > size-size/8 {
			return fmt.Errorf("%w: %d objects are more than there is memory for", ErrLimit, s.count)
		}
		return ErrMemory
	}
	if err := s.pack.add(offset, h); err != nil {
		return err
	}
	if h.kind == refDelta {
		base := h.base(b)
		s.waiting[base] = append(s.waiting[base], int32(len(s.pack.offsets)-1))
	}
	s.buffered.Discard(int(h.len))
	if h.size <= peekLimit {
		done, err := s.skipSmall(int(h.size))
		if done || err != nil {
			return err
		}
	}
	return s.skipLarge(int64(h.size))
}

// skipSmall inflates an entry from the read buffer. It is not done where the stream takes more bytes than it should.
func (s *stream) skipSmall(size int) (done bool, err error) {
	b, err := s.buffered.Peek(deflateBound(size))
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if cap(s.scratch) < size {
		s.scratch = make([]byte, size, max(size, 4<<10))
	}
	n, err := s.inflate.Zlib(s.scratch[:size], b)
	if errors.Is(err, inflate.ErrTruncated) {
		return false, nil
	}
	if err != nil {
		return false, inflateError(err)
	}
	s.buffered.Discard(n)
	return true, nil
}

// skipLarge finds the end of an entry of any size.
func (s *stream) skipLarge(size int64) error {
	s.inflate.Begin(size)
	for want := 1; ; {
		b, err := s.buffered.Peek(max(want, s.buffered.Buffered()))
		if err != nil && (len(b) < want || !errors.Is(err, io.EOF)) {
			return cut(err)
		}
		used, err := s.inflate.Feed(b, nil)
		s.buffered.Discard(used)
		if err == nil {
			return nil
		}
		if !errors.Is(err, inflate.ErrTruncated) {
			return inflateError(err)
		}
		want = len(b) - used + 1
	}
}

func (s *stream) trailer() error {
	var trailer [packTrailer]byte
	if _, err := io.ReadFull(s.buffered, trailer[:]); err != nil {
		return cut(err)
	}
	switch n, err := s.buffered.Discard(1); {
	case n != 0:
		return fmt.Errorf("%w: bytes follow the pack", ErrCorrupt)
	case !errors.Is(err, io.EOF):
		return err
	}
	if sum := s.hash.Sum(nil); !bytes.Equal(sum, trailer[:]) {
		return fmt.Errorf("%w: checksum is %x, the bytes read make %x", ErrCorrupt, trailer, sum)
	}
	return nil
}

// cut names the end of a source that came too early.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: cut off: %w", ErrCorrupt, io.ErrUnexpectedEOF)
	}
	return err
}
