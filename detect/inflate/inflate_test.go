package inflate

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// want inflates the zlib stream at the start of src with the standard library.
func want(src []byte) (content []byte, consumed int, err error) {
	in := bytes.NewReader(src)
	r, err := zlib.NewReader(in)
	if err != nil {
		return nil, 0, err
	}
	content, err = io.ReadAll(r)
	return content, len(src) - in.Len(), err
}

// check holds every form of the decoder against the standard library. size is the announced one.
func check(t *testing.T, d *Decoder, src []byte, size int) {
	t.Helper()
	content, consumed, wantErr := want(src)
	if wantErr == nil && len(content) != size {
		wantErr = ErrSize
	}

	dst := make([]byte, size, size+8)
	guard := dst[size : size+8]
	n, err := d.Zlib(dst, src)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("Zlib of %d bytes: %v, standard library: %v", len(src), err, wantErr)
	}
	if err == nil && (n != consumed || !bytes.Equal(dst, content)) {
		t.Fatalf("Zlib took %d bytes, not %d, or the content differs", n, consumed)
	}
	if !bytes.Equal(guard, make([]byte, 8)) {
		t.Fatal("Zlib wrote behind dst")
	}

	// Feed, given all at once and in pieces, must agree.
	pieces := []int{len(src), 1000}
	if len(src) < 500 {
		pieces = append(pieces, 1, 13)
	}
	for _, piece := range pieces {
		var parts []byte
		n, err := feed(d, src, size, piece, func(part []byte) error {
			parts = append(parts, part...)
			return nil
		})
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("Feed by %d of %d bytes: %v, standard library: %v", piece, len(src), err, wantErr)
		}
		if err == nil && (n != consumed || !bytes.Equal(parts, content)) {
			t.Fatalf("Feed by %d took %d bytes, not %d, or the content differs", piece, n, consumed)
		}
		if len(parts) > size {
			t.Fatalf("Feed gave %d bytes of %d announced", len(parts), size)
		}
	}
	if len(src) >= headerSize {
		checkReader(t, src[headerSize:])
	}
}

// checkReader holds Reader against compress/flate: the content, whether there is an error, and what it leaves of raw.
func checkReader(t *testing.T, raw []byte) {
	t.Helper()
	const most = 1 << 20
	plain := bytes.NewReader(raw)
	content, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(plain), most))
	if len(content) == most {
		return // a bomb
	}
	var r Reader
	for _, source := range []io.Reader{bytes.NewReader(raw), iotest.HalfReader(bytes.NewReader(raw)), iotest.OneByteReader(bytes.NewReader(raw))} {
		if _, whole := source.(*bytes.Reader); !whole && len(raw) > 1000 {
			continue
		}
		in := bufio.NewReaderSize(source, 512)
		r.Reset(in)
		got, err := io.ReadAll(io.LimitReader(&r, most))
		if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, content) {
			t.Fatalf("Reader over %T of %d bytes: %d bytes and %v, compress/flate: %d bytes and %v", source, len(raw), len(got), err, len(content), wantErr)
		}
		if rest, _ := io.ReadAll(in); err == nil && len(rest) != plain.Len() {
			t.Fatalf("Reader over %T left %d bytes, not %d", source, len(rest), plain.Len())
		}
		if _, again := r.Read(make([]byte, 1)); err == nil && again != io.EOF || err != nil && again != err {
			t.Fatalf("Reader after %v: %v", err, again)
		}
	}
}

// feed gives src to Feed in pieces, as from a network.
func feed(d *Decoder, src []byte, size, piece int, emit func([]byte) error) (int, error) {
	d.Begin(int64(size))
	from, to := 0, min(piece, len(src))
	for {
		n, err := d.Feed(src[from:to:to], emit)
		from += n
		if err == nil || !errors.Is(err, ErrTruncated) || to == len(src) {
			return from, err
		}
		if to-from >= 400 {
			return from, fmt.Errorf("%d bytes left unused", to-from)
		}
		to = min(to+piece, len(src))
	}
}

// texts are inputs of different nature and size.
func texts() map[string][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 300_000)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	few := make([]byte, 200_000)
	for i := range few {
		few[i] = "acgt"[rng.IntN(4)]
	}
	skewed := make([]byte, 200_000) // long codes, and so sub-tables
	for i := range skewed {
		skewed[i] = byte(rng.ExpFloat64() * 12)
	}
	var words []byte
	for len(words) < 250_000 {
		words = fmt.Appendf(words, "line %d: func %c(x int) { return x + %d }\n", rng.IntN(99), 'a'+rng.IntN(26), rng.IntN(1e6))
	}
	mixed := append(append(append([]byte(nil), words[:70_000]...), noise[:70_000]...), words[:70_000]...)
	return map[string][]byte{
		"empty": nil, "one": {7}, "short": []byte("hello"), "noise": noise, "few": few, "skewed": skewed,
		"words": words, "mixed": mixed, "zeros": make([]byte, 400_000),
		"far":   append(append(append([]byte(nil), noise[:32768]...), noise[:32768]...), noise[:100]...),
		"small": words[:300], "pairs": bytes.Repeat([]byte("ab"), 5000), "sevens": bytes.Repeat([]byte("abcdefg"), 3000),
	}
}

// deflated compresses text, in several blocks, where the level is odd.
func deflated(t testing.TB, text []byte, level int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range [][]byte{text[:len(text)/3], text[len(text)/3:]} {
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
		if i == 0 && level&1 != 0 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestEveryLevel(t *testing.T) {
	d := new(Decoder)
	for name, text := range texts() {
		for level := zlib.HuffmanOnly; level <= zlib.BestCompression; level++ {
			t.Run(fmt.Sprintf("%s/%d", name, level), func(t *testing.T) {
				src := deflated(t, text, level)
				check(t, d, src, len(text))
				check(t, d, append(src, "behind the stream stands the next entry"...), len(text))
				check(t, d, src, len(text)+1)
				if len(text) > 0 {
					check(t, d, src, len(text)-1)
					check(t, d, src, 0)
				}
			})
		}
	}
}

func TestTruncated(t *testing.T) {
	d := new(Decoder)
	for _, name := range []string{"empty", "one", "short", "small", "pairs"} {
		text := texts()[name]
		for level := zlib.HuffmanOnly; level <= zlib.BestCompression; level++ {
			src := deflated(t, text, level)
			for n := range src {
				if _, err := d.Zlib(make([]byte, len(text)), src[:n]); !errors.Is(err, ErrTruncated) {
					t.Fatalf("%s at level %d, %d of %d bytes: %v", name, level, n, len(src), err)
				}
				check(t, d, src[:n:n], len(text))
			}
		}
	}
}

func TestBitFlips(t *testing.T) {
	d := new(Decoder)
	texts := texts()
	rng := rand.New(rand.NewPCG(3, 4))
	for _, name := range []string{"short", "small", "pairs", "skewed", "mixed"} {
		text := texts[name][:min(len(texts[name]), 20_000)]
		for _, level := range []int{-2, 0, 1, 6, 9} {
			src := deflated(t, text, level)
			flips := min(8*len(src), 400)
			for i := range flips {
				bit := i
				if flips < 8*len(src) && i >= 200 {
					bit = rng.IntN(8 * len(src))
				}
				flipped := bytes.Clone(src)
				flipped[bit/8] ^= 1 << (bit % 8)
				check(t, d, flipped, len(text))
			}
		}
	}
}

func TestHeader(t *testing.T) {
	d := new(Decoder)
	src := deflated(t, []byte("hello"), 6)
	for first := range 256 {
		for second := range 256 {
			src[0], src[1] = byte(first), byte(second)
			_, err := d.Zlib(make([]byte, 5), src)
			_, _, wantErr := want(src)
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("header %02x %02x: %v, standard library: %v", first, second, err, wantErr)
			}
			if err != nil && !errors.Is(err, ErrHeader) {
				t.Fatalf("header %02x %02x: %v", first, second, err)
			}
		}
	}
}

func TestChecksum(t *testing.T) {
	text := texts()["words"]
	src := deflated(t, text, 6)
	src[len(src)-1] ^= 1
	d := new(Decoder)
	if _, err := d.Zlib(make([]byte, len(text)), src); !errors.Is(err, ErrChecksum) {
		t.Errorf("Zlib: %v", err)
	}
	if _, err := feed(d, src, len(text), len(src), nil); !errors.Is(err, ErrChecksum) {
		t.Errorf("Feed: %v", err)
	}
	d.Trust = true
	if n, err := d.Zlib(make([]byte, len(text)), src); err != nil || n != len(src) {
		t.Errorf("Zlib with Trust: %d bytes, %v", n, err)
	}
}

func TestFeedStops(t *testing.T) {
	text := texts()["zeros"]
	src := deflated(t, text, 6)
	stop := errors.New("stop")
	calls := 0
	_, err := feed(new(Decoder), src, len(text), len(src), func([]byte) error { calls++; return stop })
	if !errors.Is(err, stop) || calls != 1 {
		t.Fatalf("%v after %d calls", err, calls)
	}
}

func TestAdler(t *testing.T) {
	high := bytes.Repeat([]byte{255}, 100_000)
	for name, text := range texts() {
		for _, cut := range []int{0, 1, 7, 8, 9, 5552, 5553, len(text)} {
			cut = min(cut, len(text))
			if got := adler(adler(adlerStart, text[:cut]), text[cut:]); got != adler32.Checksum(text) {
				t.Errorf("%s cut at %d: %08x", name, cut, got)
			}
		}
	}
	for n := range 600 {
		if got := adler(adlerStart, high[:n]); got != adler32.Checksum(high[:n]) {
			t.Fatalf("%d bytes of 255: %08x", n, got)
		}
	}
	if got := adler(adlerStart, high); got != adler32.Checksum(high) {
		t.Errorf("100,000 bytes of 255: %08x", got)
	}
}

func FuzzZlib(f *testing.F) {
	for _, text := range texts() {
		for _, level := range []int{-2, 0, 1, 9} {
			f.Add(deflated(f, text[:min(len(text), 3000)], level), uint16(len(text)))
		}
	}
	d := new(Decoder)
	f.Fuzz(func(t *testing.T, src []byte, size uint16) {
		if content, _, err := want(src); err == nil && len(content) < 1<<20 {
			check(t, d, src, len(content))
		}
		check(t, d, src, int(size))
	})
}

// FuzzDeflate starts behind the zlib header, and fixes the checksum, so that the fuzzer reaches the tables.
func FuzzDeflate(f *testing.F) {
	for _, text := range texts() {
		src := deflated(f, text[:min(len(text), 2000)], 9)
		f.Add(src[2 : len(src)-4])
	}
	d := new(Decoder)
	f.Fuzz(func(t *testing.T, raw []byte) {
		in := bytes.NewReader(raw)
		content, err := io.ReadAll(io.LimitReader(flate.NewReader(in), 1<<20))
		if err != nil || len(content) == 1<<20 {
			check(t, d, append([]byte{0x78, 0x9c}, raw...), len(content))
			return
		}
		end := len(raw) - in.Len()
		src := append([]byte{0x78, 0x9c}, raw[:end]...)
		src = binary.BigEndian.AppendUint32(src, adler32.Checksum(content))
		check(t, d, append(src, raw[end:]...), len(content))
	})
}
