package unpack

import (
	"bufio"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/rekey-app/rekey/detect/budget"
)

// zstdDecoder is a decoder of zstd that is used again while its window suffices.
type zstdDecoder struct {
	decoder *zstd.Decoder
	window  int64 // the largest that it decodes
	held    int64 // of the budget of memory
}

// zstdBlocks is what a decoder holds beside its window: blocks, tables, and the part of the window it keeps twice.
const zstdBlocks = 1 << 20

// reset starts to decode in. The first frame decides about the window: what it asks for is given if memory is free, and to
// later ones no more, but for the window that everybody may have.
func (z *zstdDecoder) reset(in *bufio.Reader, m *budget.Memory) (io.Reader, error) {
	window := max(min(zstdWindow(in), budget.ZstdWindow), budget.Window)
	if z.decoder == nil || window > z.window {
		z.close(m)
		if !m.TryAcquire(window + zstdBlocks) {
			return nil, shortOf(window + zstdBlocks)
		}
		z.held = window + zstdBlocks
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(uint64(window)), zstd.WithDecoderMaxMemory(uint64(window)))
		if err != nil {
			z.close(m)
			return nil, err
		}
		z.decoder, z.window = d, window
	}
	if err := z.decoder.Reset(in); err != nil {
		return nil, err
	}
	return z.decoder, nil
}

// close lets go of the decoder and its memory.
func (z *zstdDecoder) close(m *budget.Memory) {
	if z.decoder != nil {
		z.decoder.Close()
	}
	m.Release(z.held)
	*z = zstdDecoder{}
}

// zstdWindow returns the window that the first frame of in asks for, and skips the skippable ones before it. It is 0 where
// there is no frame.
func zstdWindow(in *bufio.Reader) int64 {
	for {
		head, _ := in.Peek(zstd.HeaderMaxSize)
		var h zstd.Header
		if err := h.Decode(head); err != nil {
			return 0
		}
		if !h.Skippable {
			if h.SingleSegment {
				return int64(min(h.FrameContentSize, 1<<62))
			}
			return int64(min(h.WindowSize, 1<<62))
		}
		if _, err := in.Discard(h.HeaderSize + int(h.SkippableSize)); err != nil {
			return 0
		}
	}
}
