// The race detector makes every sync.Pool forget some of what it holds, so that what is allocated depends on chance.

//go:build !race

package unpack_test

import (
	"bytes"
	"io"
	"runtime"
	"testing"

	"github.com/rekey-app/rekey/detect/unpack"
)

// TestDecodersAreUsedAgain walks many small files that ask for much, as they stand in a text, with one Walker. It counts what the
// process allocates, so that no other test may run beside it.
func TestDecodersAreUsedAgain(t *testing.T) {
	var w unpack.Walker
	for name, data := range map[string][]byte{
		"zstd": zstdFrame(27, []byte("x")), "bzip2": append([]byte("BZh9"), bzipped([]byte("x"))[4:]...), "gzip": gzipped([]byte("x")),
		"no bzip2": []byte("BZh91AY&SY"), "no zstd": []byte("\x28\xb5\x2f\xfd\x00\x88"), "no xz": []byte("\xfd7zXZ\x00\x00\x04"),
	} {
		one := func() {
			_ = w.Walk(t.Context(), bytes.NewReader(data), int64(len(data)), unpack.Limits{}, func(m unpack.Member) error {
				_, err := io.Copy(io.Discard, m.Content)
				return err
			})
		}
		one()
		const walks = 200
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range walks {
			one()
		}
		runtime.ReadMemStats(&after)
		// New ones each time take more than twice this bound.
		if each := (after.TotalAlloc - before.TotalAlloc) / walks; each > 64<<10 {
			t.Errorf("%s: %d bytes are allocated for each walk", name, each)
		}
	}
}
