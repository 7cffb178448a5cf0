package unpack_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/unpack"
)

// zstdFrame is a frame that asks for a window of 1<<log bytes and holds data as it is.
func zstdFrame(log int, data []byte) []byte {
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, byte(log-10) << 3}
	for {
		n := min(len(data), 100<<10)
		header := uint32(n) << 3
		if n == len(data) {
			header |= 1 // the last block
		}
		frame = append(frame, byte(header), byte(header>>8), byte(header>>16))
		frame = append(frame, data[:n]...)
		if data = data[n:]; header&1 != 0 {
			return frame
		}
	}
}

// TestWindowsAreCharged walks zstd in zstd, each with the widest window, in many files at once: together they hold no more than
// the budget, none waits for another, and what finds no memory says so.
func TestWindowsAreCharged(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("content ", 40<<10) // more than a frame's blocks are looked through for
	data := []byte(content)
	for range 3 {
		data = zstdFrame(27, data)
	}
	memory := budget.NewMemory(300 << 20)
	var w unpack.Walker
	var wg sync.WaitGroup
	short, read := 0, 0
	var count sync.Mutex
	for range 4 {
		wg.Go(func() {
			for range 3 {
				var got []byte
				err := w.Walk(t.Context(), bytes.NewReader(data), int64(len(data)), unpack.Limits{Memory: memory}, func(m unpack.Member) (err error) {
					got, err = io.ReadAll(m.Content)
					return err
				})
				count.Lock()
				switch {
				case err == nil && string(got) == content:
					read++
				case errors.Is(err, unpack.ErrLimit):
					short++
				default:
					t.Errorf("%d bytes, %v", len(got), err)
				}
				count.Unlock()
			}
		})
	}
	wg.Wait()
	if memory.Used() != 0 || memory.Peak() > memory.Size() || memory.Peak() < 128<<20 {
		t.Errorf("%d bytes are held behind the end, %d were at most, of %d", memory.Used(), memory.Peak(), memory.Size())
	}
	if short == 0 {
		t.Errorf("%d were read, none found memory short: three windows of 128 MiB do not fit", read)
	}
}

// TestSmallFramesTakeNoWindow: what a frame asks for beyond what can come out of it is not given, so that little files that ask for
// much cost nothing, and are read.
func TestSmallFramesTakeNoWindow(t *testing.T) {
	t.Parallel()
	const window = 1 << 20
	memory := budget.NewMemory(2 * window)
	for _, log := range []int{10, 27, 41} {
		data := bytes.Repeat(zstdFrame(log, []byte("content")), 50)
		got, err := walk(t, data, unpack.Limits{Memory: memory, Window: window})
		if err != nil || len(got) != 1 || got[0].data != strings.Repeat("content", 50) {
			t.Errorf("frames that ask for 1<<%d bytes: %v, %v", log, got, err)
		}
	}
	large := zstdFrame(21, make([]byte, 3<<20))
	if _, err := walk(t, large, unpack.Limits{Window: window}); !errors.Is(err, unpack.ErrLimit) {
		t.Errorf("a window of 2 MiB where 1 MiB is given: %v", err)
	}
	if got, err := walk(t, large, unpack.Limits{}); err != nil || len(got) != 1 || len(got[0].data) != 3<<20 {
		t.Errorf("a window of 2 MiB: %v", err)
	}
}

// TestEveryDecoderIsCharged walks each format where no memory is free, and where it is just enough.
func TestEveryDecoderIsCharged(t *testing.T) {
	t.Parallel()
	lzma := []byte("\x09\x04\x05\x00\x5d\x00\x00\x10\x00\x00\x00\x00\x00")
	for name, data := range map[string][]byte{
		"bzip2": bzipped([]byte("content")), "zstd": zstded([]byte("content")), "xz": xzed([]byte("content")), "lzma in zip": zipRaw(14, lzma, 5, 0),
	} {
		memory := budget.NewMemory(1 << 10)
		_, err := walk(t, data, unpack.Limits{Memory: memory})
		if !errors.Is(err, unpack.ErrLimit) || memory.Used() != 0 {
			t.Errorf("%s: %v without memory; %d bytes are held", name, err, memory.Used())
		}
		memory = budget.NewMemory(16 << 20)
		if _, err = walk(t, data, unpack.Limits{Memory: memory}); errors.Is(err, unpack.ErrLimit) || memory.Used() != 0 || memory.Peak() == 0 {
			t.Errorf("%s: %v with memory; %d bytes are held, %d were at most", name, err, memory.Used(), memory.Peak())
		}
	}
	// A zip file in a zip file is read by its members where it cannot be held.
	inner := zipped(file{"a", []byte("content")})
	got, err := walk(t, gzipped(inner), unpack.Limits{Memory: budget.NewMemory(1 << 10)})
	if err != nil || len(got) != 1 || got[0].data != "content" {
		t.Errorf("a zip file that cannot be held: %v, %v", got, err)
	}
}

// TestWorkEndsTheWalk: what comes out is charged to a budget that may be others' too.
func TestWorkEndsTheWalk(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{
		"gzip": zeros(4<<20, gzipped), "zstd": zeros(4<<20, zstded), "xz": zeros(4<<20, xzed), "bzip2": bytes.Repeat(zeros(49_999, bzipped), 80),
		"empty members": append(bytes.Repeat(gzipped(nil), 2000), gzipped([]byte("content"))...),
	} {
		work := budget.NewWork(1 << 20)
		_, err := walk(t, data, unpack.Limits{Work: work})
		if !errors.Is(err, unpack.ErrLimit) || work.Spent() > 4<<20 {
			t.Errorf("%s: %d steps, %v", name, work.Spent(), err)
		}
	}
	// Without a budget everything of a gzip file is read, however many members come to nothing.
	data := append(bytes.Repeat(gzipped(nil), 2000), gzipped([]byte("content"))...)
	if got, err := walk(t, data, unpack.Limits{}); err != nil || len(got) != 1 || got[0].data != "content" {
		t.Errorf("%d members, %v", len(got), err)
	}
}

// countingEnd is a context that ends once it was asked that often.
type countingEnd struct {
	context.Context
	left int
}

func (c *countingEnd) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestCancelIsHeeded: the context is asked for each 64 KiB that come out, and no more comes once it has ended.
func TestCancelIsHeeded(t *testing.T) {
	t.Parallel()
	const checks = 50
	for name, data := range map[string][]byte{
		"gzip": zeros(16<<20, gzipped), "zstd": zeros(16<<20, zstded), "xz": zeros(16<<20, xzed), "bzip2": bytes.Repeat(zeros(49_999, bzipped), 300),
		"zip": zipped(file{"a", make([]byte, 16<<20)}), "empty members": bytes.Repeat(gzipped(nil), 20_000), "tar": tarred(many(2000, "n")...),
	} {
		var n int64
		work := budget.NewWork(1 << 40)
		err := unpack.Walk(&countingEnd{t.Context(), checks}, bytes.NewReader(data), int64(len(data)), unpack.Limits{Work: work}, func(m unpack.Member) error {
			k, _ := io.Copy(io.Discard, m.Content)
			n += k
			return nil
		})
		if !errors.Is(err, context.Canceled) || n > checks*64<<10 {
			t.Errorf("%s: %d bytes came out, %v", name, n, err)
		}
	}
}

// TestDirectoriesAreReadAFewTimes: a zip file whose members are all the same large zip file, with a directory that is broken at
// its very end, has it read no oftener than the bound on reading allows.
func TestDirectoriesAreReadAFewTimes(t *testing.T) {
	t.Parallel()
	inner := stored(many(3000, "a name of some length")...)
	start := int(binary.LittleEndian.Uint32(inner[len(inner)-6:]))
	size := int(binary.LittleEndian.Uint32(inner[len(inner)-10:]))
	last := bytes.LastIndex(inner[:start+size], []byte("PK\x01\x02"))
	inner[last] = 'X'
	outer := overlapping(stored(file{"inner.zip", inner}), 2000)
	counted := &countedAt{r: bytes.NewReader(outer)}
	_ = unpack.Walk(t.Context(), counted, int64(len(outer)), unpack.Limits{}, func(m unpack.Member) error { return nil })
	if most := int64(5*len(outer) + 17<<20); counted.n > most {
		t.Errorf("%d bytes were read of a file of %d", counted.n, len(outer))
	}
}

// countedAt counts what is read.
type countedAt struct {
	r io.ReaderAt
	n int64
}

func (c *countedAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.n += int64(n)
	return n, err
}
