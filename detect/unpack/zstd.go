package unpack

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/klauspost/compress/zstd"

	"github.com/rekey-app/rekey/detect/budget"
)

// zstdDecoder is a decoder of zstd that is used again. It holds the largest window that it was given.
type zstdDecoder struct {
	decoder *zstd.Decoder
	frames  zstdFrames
	room    int64 // that the decoder has allocated at most
	held    int64 // of that, what is taken of the budget of memory
}

// zstdBlocks is what a decoder holds beside its window: blocks, tables, and what its window is larger for them.
const zstdBlocks = 1 << 20

// reset starts to decode in, with windows of at most limit bytes. Before it takes more memory it asks spend for the steps.
func (z *zstdDecoder) reset(in *bufio.Reader, limit int64, m *budget.Memory, spend func(steps int64) bool) (io.Reader, error) {
	z.frames = zstdFrames{in: in, limit: limit, begin: func(window int64) error {
		steps := int64(budget.DecoderSetup)
		if more := window + zstdBlocks - z.held; more > 0 {
			if !m.TryAcquire(more) {
				return shortOf(more)
			}
			z.held += more
		}
		if z.room < z.held {
			steps += (z.held - z.room) / budget.MemoryPerStep
			z.room = z.held
		}
		if !spend(steps) {
			return io.ErrUnexpectedEOF
		}
		return nil
	}}
	if z.decoder == nil {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(budget.ZstdWindow), zstd.WithDecoderMaxMemory(budget.ZstdWindow))
		if err != nil {
			return nil, err
		}
		z.decoder = d
	}
	if err := z.decoder.Reset(&z.frames); err != nil {
		return nil, err
	}
	return z.decoder, nil
}

// release gives the memory back, and releases a decoder that has more than others may keep.
func (z *zstdDecoder) release(m *budget.Memory) {
	m.Release(z.held)
	z.held, z.frames = 0, zstdFrames{}
	switch {
	case z.decoder == nil:
	case z.room > keptRoom+zstdBlocks:
		z.decoder.Close()
		z.decoder, z.room = nil, 0
	default:
		_ = z.decoder.Reset(nil)
	}
}

// zstdFrames passes frames on to a decoder, and makes the windows that they ask for no larger than their content can be:
// the decoder allocates what is asked for, and nothing refers to what stands before a frame's start. It ends behind the last.
type zstdFrames struct {
	in    *bufio.Reader
	limit int64
	begin func(window int64) error // is asked before each frame

	head   []byte // of a frame, to be passed on
	left   int64  // bytes of in that are passed on before the next look
	begun  bool   // there was a frame
	inside bool   // a frame
	last   bool   // what is passed on is its last block
	sum    bool   // a checksum follows that
}

func (z *zstdFrames) Read(p []byte) (int, error) {
	for len(z.head) == 0 && z.left == 0 {
		if err := z.next(); err != nil {
			return 0, err
		}
	}
	if len(z.head) > 0 {
		n := copy(p, z.head)
		z.head = z.head[n:]
		return n, nil
	}
	n, err := z.in.Read(p[:min(int64(len(p)), z.left)])
	z.left -= int64(n)
	return n, err
}

// next goes on to the next frame, block or checksum.
func (z *zstdFrames) next() error {
	if !z.inside {
		return z.frame()
	}
	if z.last {
		z.inside = false
		if z.sum {
			z.left = 4
		}
		return nil
	}
	head, err := z.in.Peek(3)
	if len(head) < 3 {
		return cut(err)
	}
	last, _, size := zstdBlock(head)
	z.last, z.left = last, 3+size
	return nil
}

// zstdBlock reads the header of a block: whether it is the last, how much comes out of it at most, and its size behind the
// header.
func zstdBlock(head []byte) (last bool, content, size int64) {
	const raw, repeated = 0, 1
	v := int64(head[0]) | int64(head[1])<<8 | int64(head[2])<<16
	last, size = v&1 != 0, v>>3
	switch v >> 1 & 3 {
	case raw:
		return last, size, size
	case repeated:
		return last, size, 1
	}
	return last, 128 << 10, size
}

// frame goes on to the next frame, or past a skippable one.
func (z *zstdFrames) frame() error {
	head, err := z.in.Peek(zstd.HeaderMaxSize)
	if err != nil && err != io.EOF && len(head) == 0 {
		return err
	}
	var h zstd.Header
	switch err := h.Decode(head); {
	case err == zstd.ErrMagicMismatch && z.begun, len(head) == 0 && z.begun:
		return io.EOF // what follows is not ours
	case err != nil:
		return cut(err)
	}
	z.begun = true
	if h.Skippable {
		_, err := z.in.Discard(h.HeaderSize + int(h.SkippableSize))
		return cut(err)
	}
	z.inside, z.last, z.sum = true, false, h.HasCheckSum
	z.head = append(z.head[:0], head[:h.HeaderSize]...)
	window, err := z.window(&h)
	if err != nil {
		return err
	}
	z.in.Discard(h.HeaderSize)
	return z.begin(window)
}

// window returns the window of the frame whose header is in z.head, and makes that ask for no more than it needs.
func (z *zstdFrames) window(h *zstd.Header) (window int64, err error) {
	content := int64(math.MaxInt64)
	if h.HasFCS || h.SingleSegment {
		content = int64(min(h.FrameContentSize, math.MaxInt64))
	}
	seen, whole := z.content(h.HeaderSize)
	if whole && seen < content {
		if h.HasFCS || h.SingleSegment {
			return 0, errors.New("zstd: a frame with less content than it says")
		}
		content = seen
	}
	if h.SingleSegment {
		window = content
	} else {
		for d := range z.head[descriptor] {
			if windowOf(d) >= content {
				z.head[descriptor] = d
				break
			}
		}
		window = windowOf(z.head[descriptor])
	}
	if window > z.limit {
		return 0, fmt.Errorf("%w: a window of %d bytes", ErrLimit, window)
	}
	return window, nil
}

// descriptor is where a frame that is not in one segment says how large its window is.
const descriptor = 5

// windowOf returns the size of the window that a descriptor asks for.
func windowOf(d byte) int64 {
	base := int64(1) << (10 + d>>3)
	return base + base/8*int64(d&7)
}

// content returns how much comes out at most of the blocks behind the frame's header, and whether these are all of its blocks:
// those in the buffer are looked at.
func (z *zstdFrames) content(header int) (n int64, whole bool) {
	b, _ := z.in.Peek(z.in.Size())
	for b = b[header:]; len(b) >= 3; {
		last, content, size := zstdBlock(b)
		n += content
		if size += 3; size > int64(len(b)) {
			return n, false
		}
		if b = b[size:]; last {
			return n, true
		}
	}
	return n, false
}
