package inflate

import (
	"bytes"
	stdflate "compress/flate"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/flate"

	"github.com/rekey-app/rekey/detect/pack/gittest"
)

// entry is one zlib stream of a pack, with all that follows it.
type entry struct {
	size int
	src  []byte
}

// packEntries makes a repository of the given directories of the Go distribution's sources, changes them in a number of
// commits, and returns the entries of the one pack that git makes of it: whole objects and deltas, as pushes hold them.
func packEntries(tb testing.TB, commits int, dirs ...string) []entry {
	tb.Helper()
	repo := gittest.New(tb)
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		tb.Fatalf("go env GOROOT: %v", err)
	}
	root := filepath.Join(strings.TrimSpace(string(goroot)), "src")
	for _, dir := range dirs {
		if err := os.CopyFS(filepath.Join(repo.Dir, dir), os.DirFS(filepath.Join(root, dir))); err != nil {
			tb.Fatal(err)
		}
	}
	repo.Git("", "add", "-Af")
	repo.Git("", "commit", "-qm", "first")
	files := strings.Fields(repo.Git("", "ls-files", "*.go"))
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range commits {
		for range 8 {
			name := filepath.Join(repo.Dir, files[rng.IntN(len(files))])
			text, err := os.ReadFile(name)
			if err != nil {
				tb.Fatal(err)
			}
			lines := bytes.SplitAfter(text, []byte("\n"))
			at := rng.IntN(len(lines))
			lines[at] = fmt.Appendf(nil, "\t// change %d: %x\n", i, rng.Uint64())
			if err := os.WriteFile(name, bytes.Join(lines, nil), 0o666); err != nil {
				tb.Fatal(err)
			}
		}
		repo.Git("", "commit", "-qam", fmt.Sprintf("change %d", i))
	}
	repo.Git("", "repack", "-adfq")
	packs, err := filepath.Glob(filepath.Join(repo.Dir, ".git/objects/pack/*.pack"))
	if err != nil || len(packs) != 1 {
		tb.Fatalf("packs: %v, %v", packs, err)
	}
	pack, err := os.ReadFile(packs[0])
	if err != nil {
		tb.Fatal(err)
	}
	return splitPack(tb, pack)
}

// splitPack finds the entries with the standard library.
func splitPack(tb testing.TB, pack []byte) []entry {
	tb.Helper()
	const ofsDelta, refDelta, idSize = 6, 7, 20
	count := binary.BigEndian.Uint32(pack[8:])
	rest := pack[12 : len(pack)-idSize]
	var entries []entry
	for range count {
		c := rest[0]
		rest = rest[1:]
		kind, size := c>>4&7, int(c&15)
		for shift := 4; c&0x80 != 0; shift += 7 {
			c = rest[0]
			rest = rest[1:]
			size |= int(c&0x7f) << shift
		}
		switch kind {
		case ofsDelta:
			for rest[0]&0x80 != 0 {
				rest = rest[1:]
			}
			rest = rest[1:]
		case refDelta:
			rest = rest[idSize:]
		}
		entries = append(entries, entry{size, rest})
		in := bytes.NewReader(rest)
		r, err := zlib.NewReader(in)
		if err != nil {
			tb.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, r); err != nil || int(n) != size {
			tb.Fatalf("entry of %d bytes inflates to %d: %v", size, n, err)
		}
		rest = rest[len(rest)-in.Len():]
	}
	if len(rest) != 0 {
		tb.Fatalf("%d bytes behind the last entry", len(rest))
	}
	return entries
}

func TestPackEntries(t *testing.T) {
	d := new(Decoder)
	for _, e := range packEntries(t, 4, "encoding", "sort", "image") {
		check(t, d, e.src, e.size)
	}
}

// BenchmarkPackEntries inflates the entries of a pack with this package, compress/flate and klauspost's flate in turn,
// and reports the ratios of the quickest rounds: how many times as long the other takes. The others skip the checksum, as the bare
// flate readers do; "trust" is this package without it.
func BenchmarkPackEntries(b *testing.B) {
	entries := packEntries(b, 60, "net", "encoding", "go", "crypto", "runtime", "os")
	total, largest := 0, 0
	for _, e := range entries {
		total += e.size
		largest = max(largest, e.size)
	}
	dst := make([]byte, largest)
	d := new(Decoder)
	in := bytes.NewReader(nil)
	std, klauspost := stdflate.NewReader(in), flate.NewReader(in)
	inflate := func(trust bool) func(e entry) error {
		return func(e entry) error {
			d.Trust = trust
			_, err := d.Zlib(dst[:e.size], e.src)
			return err
		}
	}
	reader := func(r io.Reader) func(e entry) error {
		return func(e entry) error {
			in.Reset(e.src[headerSize:])
			if err := r.(stdflate.Resetter).Reset(in, nil); err != nil {
				return err
			}
			_, err := io.ReadFull(r, dst[:e.size])
			return err
		}
	}
	ways := []struct {
		name    string
		inflate func(entry) error
		took    time.Duration
	}{
		{"zlib", inflate(false), 0},
		{"trust", inflate(true), 0},
		{"compress/flate", reader(std), 0},
		{"klauspost", reader(klauspost), 0},
	}
	for b.Loop() {
		for i := range ways {
			start := time.Now()
			for _, e := range entries {
				if err := ways[i].inflate(e); err != nil {
					b.Fatal(ways[i].name, err)
				}
			}
			if took := time.Since(start); ways[i].took == 0 || took < ways[i].took {
				ways[i].took = took
			}
		}
	}
	for _, w := range ways {
		b.ReportMetric(float64(total)/1e6/w.took.Seconds(), w.name+"-MB/s")
	}
	b.ReportMetric(ways[2].took.Seconds()/ways[0].took.Seconds(), "compress/flate-to-zlib")
	b.ReportMetric(ways[2].took.Seconds()/ways[1].took.Seconds(), "compress/flate-to-trust")
	b.ReportMetric(ways[3].took.Seconds()/ways[1].took.Seconds(), "klauspost-to-trust")
	b.ReportMetric(float64(total)/float64(len(entries)), "bytes/entry")
}
