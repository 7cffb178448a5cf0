//go:build unix

package pack

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/inflate"
)

// The benchmarks measure against a history made here, or a real one:
//
//	REKEY_BENCH_REPOSITORY=/path/to/repository.git go test -run '^$' -bench . -benchtime 3x ./detect/pack
//
// What they compare takes turns, so that the ratios hold on a busy machine too.
const benchVariable = "REKEY_BENCH_REPOSITORY"

// benchRepository returns the directory of a repository to measure with.
func benchRepository(b *testing.B) string {
	if dir := os.Getenv(benchVariable); dir != "" {
		return dir
	}
	r := repoIn(b, b.TempDir())
	r.Git("", "init", "-q", "--bare", "-b", "main")
	var in strings.Builder
	for i := range 600 {
		fmt.Fprintf(&in, "commit refs/heads/main\ncommitter C <c@x> %d +0000\n", 1_600_000_000+i)
		data(&in, fmt.Sprint("commit ", i))
		for f := range 3 {
			name := (i*7 + f*13) % 40
			fmt.Fprintf(&in, "M 100644 inline dir%d/file%d.go\n", name%5, name)
			var text strings.Builder
			for l := range 1200 {
				fmt.Fprintf(&text, "\tline%d := compute(%d, %q)\n", l, l*name, fmt.Sprint("value ", (l*i)%(l+7)/(l+3)))
			}
			data(&in, text.String())
		}
	}
	r.Git(in.String(), "fast-import", "--quiet")
	r.Git("", "repack", "-q", "-a", "-d", "-f")
	return r.Dir
}

// cost is what something took.
type cost struct{ wall, cpu time.Duration }

func (c *cost) add(b *testing.B, who int, run func()) {
	b.Helper()
	cpu, wall := usage(b, who), time.Now()
	run()
	c.wall += time.Since(wall)
	c.cpu += usage(b, who) - cpu
}

// usage is the CPU time, of user and system, that was taken so far.
func usage(b *testing.B, who int) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkHistory scans a whole repository. x-git-wall is how many times as fast it is as git cat-file that prints all
// objects, x-floor-cpu how many times the CPU of inflating every blob entry once it takes, and x-floor-engine the same
// with a scanner that looks at nothing: what reading alone costs.
func BenchmarkHistory(b *testing.B) {
	dir := benchRepository(b)
	scanner := detect.New(detect.Options{})
	var scan, engine, git, floor cost
	var stats Stats
	read := func(e examiner) {
		r, err := OpenRepository(context.Background(), dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		defer r.Close()
		report, err := r.scan(context.Background(), e, Range{})
		if err != nil {
			b.Fatal(err)
		}
		stats = report.Stats
	}
	for b.Loop() {
		scan.add(b, syscall.RUSAGE_SELF, func() { read(scanner) })
		engine.add(b, syscall.RUSAGE_SELF, func() { read(unseeing{}) })
		floor.add(b, syscall.RUSAGE_SELF, func() { inflateBlobs(b, dir) })
		git.add(b, syscall.RUSAGE_CHILDREN, func() {
			cmd := exec.Command("git", "cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer")
			cmd.Dir = dir
			if err := cmd.Run(); err != nil {
				b.Fatal(err)
			}
		})
	}
	b.ReportMetric(float64(git.wall)/float64(scan.wall), "x-git-wall")
	b.ReportMetric(float64(git.cpu)/float64(scan.cpu), "x-git-cpu")
	b.ReportMetric(float64(scan.cpu)/float64(floor.cpu), "x-floor-cpu")
	b.ReportMetric(float64(engine.cpu)/float64(floor.cpu), "x-floor-engine")
	b.ReportMetric(scan.cpu.Seconds()/float64(b.N), "cpu-s/op")
	b.ReportMetric(float64(stats.Bytes)*float64(b.N)/scan.wall.Seconds()/1e9, "GB/s")
}

// unseeing is a scanner that looks at nothing.
type unseeing struct{}

func (unseeing) Examine(context.Context, string, []byte) detect.Result { return detect.Result{} }

func (unseeing) ExamineReader(context.Context, string, io.Reader) (detect.Result, error) {
	return detect.Result{}, nil
}

func (unseeing) IsClean([]byte, *detect.AnchorNotes, []detect.CopiedRange, *detect.AnchorNotes) bool {
	return true
}

// inflateBlobs inflates every entry of a blob once, on one core.
func inflateBlobs(b *testing.B, dir string) {
	r, err := OpenRepository(context.Background(), dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	var decoder inflate.Decoder
	var buffer []byte
	for _, p := range r.store.packs {
		for i, k := range p.kinds {
			if k != blobKind {
				continue
			}
			h, body, err := p.body(int32(i))
			if err != nil {
				b.Fatal(err)
			}
			if uint64(cap(buffer)) < h.size {
				buffer = make([]byte, h.size)
			}
			if _, err := decoder.Zlib(buffer[:h.size], body); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkStream reads the same history as it would come from a server. after-s/GB is the time from the last byte to
// the report, for each raw gigabyte, and after-cpu-s/GB the CPU time meanwhile, of all cores.
func BenchmarkStream(b *testing.B) {
	dir := benchRepository(b)
	packed := onePack(b, dir)
	scanner := detect.New(detect.Options{})
	var arrive, after cost
	var raw int64
	for b.Loop() {
		f, err := os.Open(packed)
		if err != nil {
			b.Fatal(err)
		}
		end := &lastByte{b: b, r: f}
		begin := time.Now()
		p, err := Open(context.Background(), end, Options{})
		if err != nil {
			b.Fatal(err)
		}
		report, err := p.Scan(context.Background(), scanner, Range{})
		if err != nil {
			b.Fatal(err)
		}
		arrive.wall += end.at.Sub(begin)
		after.wall += time.Since(end.at)
		after.cpu += usage(b, syscall.RUSAGE_SELF) - end.cpu
		raw += report.Stats.Bytes
		p.Close()
		f.Close()
	}
	b.ReportMetric(after.wall.Seconds()/(float64(raw)/1e9), "after-s/GB")
	b.ReportMetric(after.cpu.Seconds()/(float64(raw)/1e9), "after-cpu-s/GB")
	b.ReportMetric(arrive.wall.Seconds()/float64(b.N), "arrive-s/op")
}

// onePack returns the repository's only pack, or makes one.
func onePack(b *testing.B, dir string) string {
	if packs := glob(b, dir, "objects/pack/*.pack"); len(packs) == 1 {
		return packs[0]
	}
	packed := filepath.Join(b.TempDir(), "pack")
	out, err := os.Create(packed)
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command("git", "pack-objects", "--all", "--stdout", "-q", "--delta-base-offset")
	cmd.Dir, cmd.Stdin, cmd.Stdout = dir, strings.NewReader(""), out
	if err := cmd.Run(); err != nil {
		b.Fatal(err)
	}
	return packed
}

// lastByte notes when its reader came to the end.
type lastByte struct {
	b   *testing.B
	r   io.Reader
	at  time.Time
	cpu time.Duration // taken until then
}

func (l *lastByte) Read(b []byte) (int, error) {
	n, err := l.r.Read(b)
	if err == io.EOF {
		l.at, l.cpu = time.Now(), usage(l.b, syscall.RUSAGE_SELF)
	}
	return n, err
}

// BenchmarkPush is one commit of three files, from the pack's first byte to the report.
func BenchmarkPush(b *testing.B) {
	r := newRepo(b)
	files := map[string]string{}
	for i := range 300 {
		files[fmt.Sprintf("src/part%d/file%d.ts", i%20, i)] = strings.Repeat(fmt.Sprintf("export const value%d = %d\n", i, i), 200)
	}
	before := r.Commit("many", files)
	after := r.Commit("three", map[string]string{"src/part1/file1.ts": strings.Repeat("one\n", 500), "src/part2/new.ts": "two", "README.md": "three"})
	pack := r.pack([]string{after}, []string{before}, "--delta-base-offset")
	scanner := detect.New(detect.Options{})
	var own cost
	b.ReportAllocs()
	for b.Loop() {
		own.add(b, syscall.RUSAGE_SELF, func() {
			p, err := Open(context.Background(), bytes.NewReader(pack), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer p.Close()
			if _, err := p.Scan(context.Background(), scanner, Range{Heads: []string{after}}); err != nil {
				b.Fatal(err)
			}
		})
	}
	b.ReportMetric(float64(own.cpu.Microseconds())/float64(b.N)/1000, "cpu-ms/op")
}
