package unpack_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/rekey-app/rekey/detect/unpack"
)

func BenchmarkWalk(b *testing.B) {
	content := noise(1 << 20)
	var small []file
	for i := range 20 {
		small = append(small, file{string(rune('a' + i)), content[i*1000 : i*1000+5000]})
	}
	files := map[string][]byte{"small zip": zipped(small...), "small tar.gz": gzipped(tarred(small...)), "small xz": xzed(content[:1000])}
	for name, pack := range packers() {
		files[name] = pack(content[:300_000])
	}
	for name, data := range files {
		b.Run(name, func(b *testing.B) {
			var w unpack.Walker
			b.ReportAllocs()
			buf := make([]byte, 256<<10)
			var total int64
			for b.Loop() {
				total = 0
				err := w.Walk(b.Context(), bytes.NewReader(data), int64(len(data)), unpack.Limits{}, func(m unpack.Member) error {
					for {
						n, err := m.Content.Read(buf)
						total += int64(n)
						if err == io.EOF {
							return nil
						}
					}
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(total)
		})
	}
}
