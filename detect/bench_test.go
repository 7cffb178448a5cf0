package detect_test

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
)

// sourceText returns source text: the Go files of the standard library, n bytes of it.
func sourceText(b *testing.B, n int) []byte {
	root, err := exec.CommandContext(b.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		b.Skip(err)
	}
	var text []byte
	err = filepath.WalkDir(filepath.Join(strings.TrimSpace(string(root)), "src"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		if len(text) >= n {
			return fs.SkipAll
		}
		data, err := os.ReadFile(path)
		text = append(text, data...)
		return err
	})
	if err != nil || len(text) == 0 {
		b.Skipf("%d bytes of source: %v", len(text), err)
	}
	// As often as it takes to be more than caches hold.
	return bytes.Repeat(text, n/len(text)+1)[:n]
}

// BenchmarkScan prints, as ratio, the speed of a scan in that of bytes.IndexByte for a byte that is not there, taken by
// turns over the same text.
func BenchmarkScan(b *testing.B) {
	const n = 384 << 20
	rng := rand.NewChaCha8([32]byte{1})
	random := make([]byte, n)
	rng.Read(random)
	dump := make([]byte, n)
	for i := range dump {
		dump[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[random[i]&63]
		if i%77 == 76 {
			dump[i] = '\n'
		}
	}
	for _, bench := range []struct {
		name string
		text []byte
	}{{"source", sourceText(b, n)}, {"base64", dump}, {"binary", random}} {
		b.Run(bench.name, func(b *testing.B) {
			s := detect.New(detect.Options{})
			text := bytes.ReplaceAll(bench.text, []byte{0xfe}, []byte{0xfd})
			b.ReportAllocs()
			var reading, scanning time.Duration
			for b.Loop() {
				start := time.Now()
				if bytes.IndexByte(text, 0xfe) >= 0 {
					b.Fatal("the byte is there")
				}
				read := time.Now()
				if found := s.Scan(b.Context(), "", text); len(found) > 0 {
					b.Fatalf("%d findings", len(found))
				}
				reading += read.Sub(start)
				scanning += time.Since(read)
			}
			b.ReportMetric(float64(reading)/float64(scanning), "ratio")
			b.ReportMetric(float64(len(text))*float64(b.N)/scanning.Seconds()/1e9, "scanned-GB/s")
		})
	}
}
