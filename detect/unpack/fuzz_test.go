package unpack_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/rekey-app/rekey/detect/unpack"
)

// FuzzWalk walks any bytes, as a file and within each format: no panic, no byte over the limits, no member without a
// layer, and the same again.
func FuzzWalk(f *testing.F) {
	for _, pack := range packers() {
		f.Add(pack([]byte("content")), uint8(0))
		f.Add(pack(pack([]byte("content"))), uint8(1))
		f.Add(append(pack([]byte("content")), pack([]byte("more"))...), uint8(2))
	}
	f.Add(rawZip(file{"a", []byte("content")}, file{"b", []byte("more")}), uint8(3))
	f.Add(stored(file{"a", []byte("content")}), uint8(4))
	f.Add(sparseTar("4096"), uint8(0))
	f.Add(overlappingZip(3, 100), uint8(0))
	f.Add(xzWithDict(20), uint8(0))
	f.Add(zipRaw(14, []byte("\x09\x04\x05\x00\x5d\x00\x00\x10\x00\x00\x00\x00\x00"), 5, 0), uint8(0))
	wraps := []func([]byte) []byte{
		func(b []byte) []byte { return b },
		gzipped,
		func(b []byte) []byte { return tarred(file{"t", b}) },
		func(b []byte) []byte { return stored(file{"z", b}) },
		func(b []byte) []byte { return gzipped(tarred(file{"t", b})) },
	}
	var w unpack.Walker
	f.Fuzz(func(t *testing.T, data []byte, wrap uint8) {
		data = wraps[int(wrap)%len(wraps)](data)
		lim := unpack.Limits{Depth: 5, Size: 4 << 20, Members: 1000}
		walk := func(read int64) (members int, failed string) {
			var total int64
			err := w.Walk(context.Background(), bytes.NewReader(data), int64(len(data)), lim, func(m unpack.Member) error {
				members++
				if len(m.Layers) == 0 || len(m.Layers) > lim.Depth || len(m.Name) > 4096 {
					t.Errorf("member %.100q, layers %q", m.Name, m.Layers)
				}
				n, err := io.Copy(io.Discard, io.LimitReader(m.Content, read))
				total += n
				if m.Offset < -1 || m.Offset >= 0 && m.Offset+n > int64(len(data)) {
					t.Errorf("offset %d and %d bytes of %d", m.Offset, n, len(data))
				}
				return err
			})
			if total > lim.Size+4*int64(len(data))+16<<20 {
				t.Errorf("%d bytes", total)
			}
			if err != nil {
				failed = err.Error()
			}
			return members, failed
		}
		n, failed := walk(1 << 40)
		again, failedAgain := walk(1 << 40)
		if n != again || failed != failedAgain {
			t.Errorf("%d members, then %d\n%s\n%s", n, again, failed, failedAgain)
		}
		walk(3)
	})
}

// FuzzFormat must not panic, and say yes to nothing short.
func FuzzFormat(f *testing.F) {
	for _, pack := range packers() {
		f.Add(pack([]byte("content")))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		if got := unpack.Format(head); got != "" && len(head) < 4 {
			t.Errorf("%q is %s", head, got)
		}
		if got, short := unpack.Format(head), unpack.Format(head[:min(len(head), unpack.HeadSize)]); got != short {
			t.Errorf("%s by all of it, %s by its head", got, short)
		}
	})
}
