package unpack_test

import (
	"bytes"
	"compress/bzip2"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/unpack"
)

// agreesOnBzip2 compares what comes out of packed with what Go's own decoder makes of it. Ours need not refuse what follows the
// last stream, and reads it as it is. Of Huffman codes that leave words free or use them twice, which no program writes, Go reads
// others than the format's own decoder, which is ours' model: where there may be some, only what both read must be the same.
func agreesOnBzip2(t *testing.T, packed []byte, sound bool) {
	t.Helper()
	want, wantErr := io.ReadAll(io.LimitReader(bzip2.NewReader(bytes.NewReader(packed)), 4<<20))
	if len(want) == 4<<20 || unpack.Format(want) != "" || unpack.Format(packed) != "bzip2" {
		return
	}
	got, err := walk(t, packed, unpack.Limits{})
	switch {
	case !sound && (wantErr != nil || err != nil):
	case wantErr == nil && len(want) == 0 && err == nil:
	case wantErr == nil && (err != nil || len(got) != 1 || got[0].data != string(want)):
		t.Errorf("%x: %v, Go's decoder has no error", packed, err)
	case wantErr != nil && err == nil && !strings.Contains(wantErr.Error(), "bad magic value") && wantErr != io.ErrUnexpectedEOF:
		t.Errorf("%x: no error, Go's decoder has %v", packed, wantErr)
	}
}

// bzip2Samples are texts of every shape that the format treats in a way of its own.
func bzip2Samples() [][]byte {
	random := make([]byte, 60_000)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(random)
	samples := [][]byte{
		[]byte("x"), []byte("banana"), []byte(strings.Repeat("ab", 5000)), random, bytes.Repeat(random[:300], 200), make([]byte, 49_999),
	}
	for n := range 12 { // runs around those of four and of 259
		samples = append(samples, bytes.Repeat([]byte("a"), n+1), append(bytes.Repeat([]byte("a"), 254+n), "ab"...))
	}
	return samples
}

func TestBzip2LikeGo(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, data := range bzip2Samples() {
		packed := bzipped(data)
		agreesOnBzip2(t, packed, true)
		if len(packed) > 1000 {
			continue
		}
		agreesOnBzip2(t, append(packed, packed...), true)
		for range 100 {
			torn := bytes.Clone(packed)
			// The checksum of the block and where it starts, or what follows it.
			at := []int{10 + r.IntN(7), len(torn) - 1 - r.IntN(10)}[r.IntN(2)]
			torn[at] ^= 1 << r.IntN(8)
			agreesOnBzip2(t, torn[:len(torn)-r.IntN(2)*r.IntN(len(torn)-10)], true)
		}
	}
}

// FuzzBzip2 compares with Go's own decoder.
func FuzzBzip2(f *testing.F) {
	for _, data := range bzip2Samples() {
		if packed := bzipped(data); len(packed) < 5000 {
			f.Add(packed)
		}
	}
	f.Fuzz(func(t *testing.T, packed []byte) { agreesOnBzip2(t, packed, false) })
}

// BenchmarkBzip2 compares with Go's own decoder.
func BenchmarkBzip2(b *testing.B) {
	var text []byte
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("the secret key of a server is read from its environment and never from a file in the repository")
	for len(text) < 49_900 {
		text = append(text, words[r.IntN(len(words))]+" "...)
	}
	packed := bytes.Repeat(bzipped(text), 20)
	b.Run("ours", func(b *testing.B) {
		b.SetBytes(int64(20 * len(text)))
		var w unpack.Walker
		for b.Loop() {
			_ = w.Walk(b.Context(), bytes.NewReader(packed), int64(len(packed)), unpack.Limits{}, func(m unpack.Member) error {
				_, err := io.Copy(io.Discard, m.Content)
				return err
			})
		}
	})
	b.Run("Go's", func(b *testing.B) {
		b.SetBytes(int64(20 * len(text)))
		for b.Loop() {
			_, _ = io.Copy(io.Discard, bzip2.NewReader(bytes.NewReader(packed)))
		}
	})
}
