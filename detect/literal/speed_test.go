package literal

import (
	"bytes"
	"encoding/base64"
	"flag"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var corpusDirs = flag.String("corpus", "", "directories of source for BenchmarkSpeed, comma-separated; default Go's sources and module cache")

// absent is a byte that stands in no text of the corpus.
const absent = 0xff

// source reads size bytes of source files into one buffer, blob after blob.
func source(b *testing.B, size int) (blobs [][]byte) {
	b.Helper()
	dirs := strings.Split(*corpusDirs, ",")
	if *corpusDirs == "" {
		out, err := exec.Command("go", "env", "GOROOT", "GOMODCACHE").Output()
		if err != nil {
			b.Skip("no go command to ask where the sources are; give -corpus=DIR,DIR")
		}
		dirs = strings.Fields(string(out))
	}
	kinds := []string{".go", ".py", ".js", ".ts", ".tsx", ".css", ".html", ".md", ".json", ".yaml", ".yml", ".sh", ".c", ".h", ".s", ".sql", ".java", ".rb", ".txt"}
	all := make([]byte, 0, size)
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !slices.Contains(kinds, filepath.Ext(path)) || len(all) >= size {
				return nil //nolint:nilerr // what cannot be read is left out
			}
			text, err := os.ReadFile(path)
			if err != nil || len(text) == 0 || bytes.IndexByte(text, absent) >= 0 || len(all)+len(text) > size {
				return nil //nolint:nilerr // as above
			}
			start := len(all)
			all = append(all, text...)
			blobs = append(blobs, all[start:len(all):len(all)])
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return blobs
}

// base64Text is a dump of random bytes in lines.
func base64Text(size int) [][]byte {
	rng := rand.NewChaCha8([32]byte{1})
	raw := make([]byte, size/4*3)
	rng.Read(raw)
	text := make([]byte, 0, size/76*77+100)
	for line := range slices.Chunk(raw, 57) {
		text = append(base64.StdEncoding.AppendEncode(text, line), '\n')
	}
	return slices.Collect(slices.Chunk(text, 1<<20))
}

// minified is source without line ends and with short runs of space.
func minified(blobs [][]byte) [][]byte {
	var all []byte
	for _, blob := range blobs {
		all = append(all, bytes.Join(bytes.Fields(blob), []byte(" "))...)
	}
	return slices.Collect(slices.Chunk(all, 1<<20))
}

// binaryData is random bytes without the absent one, a third of them NUL.
func binaryData(size int) [][]byte {
	rng := rand.NewChaCha8([32]byte{2})
	all := make([]byte, size)
	rng.Read(all)
	for i, c := range all {
		if c == absent || c > 170 {
			all[i] = 0
		}
	}
	return slices.Collect(slices.Chunk(all, 1<<20))
}

// formsPlacements are placements for forms, made in a few seconds.
func formsPlacements(b *testing.B, source [][]byte) Placements {
	b.Helper()
	all := samples(bytes.Join(source[:len(source)/10], nil), 0.8)
	all = append(all, samples(base64Text(1 << 20)[0], 0.2)...)
	p, _ := anneal(forms(), all, 3000, 1)
	return p
}

// BenchmarkSpeed reads each kind of text for all of forms by turns with bytes.IndexByte for an absent byte, and prints
// the ratio. A turn goes over the whole text, far more than the caches hold; of each MiB the fastest turn counts, because
// other work on the machine disturbs some.
func BenchmarkSpeed(b *testing.B) {
	blobs := source(b, 384<<20)
	placements := formsPlacements(b, blobs)
	texts := []struct {
		name  string
		blobs [][]byte
	}{
		{"source", blobs},
		{"cached", slices.Repeat(blobs[:min(60, len(blobs))], 100)},
		{"minified", minified(blobs[:len(blobs)/4])},
		{"base64", base64Text(128 << 20)},
		{"binary", binaryData(128 << 20)},
	}
	for _, text := range texts {
		size := 0
		var chunks [][][]byte
		for i, n := 0, 0; i < len(text.blobs); i++ {
			if n == 0 {
				chunks = append(chunks, nil)
			}
			chunks[len(chunks)-1] = append(chunks[len(chunks)-1], text.blobs[i])
			size += len(text.blobs[i])
			if n += len(text.blobs[i]); n > 1<<20 {
				n = 0
			}
		}
		for _, w := range backends() {
			b.Run(text.name+"/"+string(w), func(b *testing.B) {
				s, err := compile(forms(), placements, w)
				if err != nil {
					b.Fatal(err)
				}
				hits := 0
				least := [2][]time.Duration{make([]time.Duration, len(chunks)), make([]time.Duration, len(chunks))}
				turn := func(least []time.Duration, read func(blob []byte)) {
					for i, chunk := range chunks {
						start := time.Now()
						for _, blob := range chunk {
							read(blob)
						}
						if d := time.Since(start); least[i] == 0 || d < least[i] {
							least[i] = d
						}
					}
				}
				b.SetBytes(int64(size))
				for b.Loop() {
					turn(least[0], func(blob []byte) {
						if bytes.IndexByte(blob, absent) >= 0 {
							b.Fatal("the absent byte is there")
						}
					})
					hits = 0
					turn(least[1], func(blob []byte) {
						c := s.Cursor(blob, 0)
						for pos, _ := c.Next(); pos >= 0; pos, _ = c.Next() {
							hits++
						}
					})
				}
				var sums [2]time.Duration
				for i := range sums {
					for _, d := range least[i] {
						sums[i] += d
					}
				}
				b.ReportMetric(float64(size)/1e9/sums[0].Seconds(), "IndexByte-GB/s")
				b.ReportMetric(float64(size)/1e9/sums[1].Seconds(), "GB/s")
				b.ReportMetric(sums[0].Seconds()/sums[1].Seconds(), "ratio")
				b.ReportMetric(float64(hits), "hits")
				b.ReportMetric(float64(size)/(1<<20), "MiB")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
