package guide_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/guide"
)

// charts is a repository of n Helm charts, each with a template.
func charts(n int) files {
	f := files{}
	for i := range n {
		dir := fmt.Sprintf("charts/c%05d/", i)
		f[dir+"Chart.yaml"] = "name: c\n"
		f[dir+"templates/d.yaml"] = "env:\n  - name: CLERK_SECRET_KEY\n"
	}
	return f
}

// bytesFor returns how many bytes were allocated for the guide.
func bytesFor(f files) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	guide.For(context.Background(), guide.Leak{Kind: detect.SecretKey, Environment: detect.Live}, f)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestLinear doubles the repository and wants no more than about twice the work, which sorting and cloning lists for each
// file is not. It runs alone: what others allocate would be counted.
func TestLinear(t *testing.T) {
	small, large := charts(2000), charts(4000)
	bytesFor(small)
	one, two := bytesFor(small), bytesFor(large)
	if two > one*3 {
		t.Errorf("%d bytes for 2000 charts, %d for 4000", one, two)
	}
	t.Logf("%d bytes for 2000 charts, %d for 4000", one, two)
}

// counter counts what is read.
type counter struct {
	files
	reads, bytes int
	stop         func()
}

func (c *counter) Read(p string) ([]byte, bool) {
	text, ok := c.files.Read(p)
	c.reads++
	c.bytes += len(text)
	if c.stop != nil && c.reads == 10 {
		c.stop()
	}
	return text, ok
}

func TestReadsAreBounded(t *testing.T) {
	t.Parallel()
	f := files{}
	for i := range 400 {
		f[fmt.Sprintf("k8s/%03d.yaml", i)] = "apiVersion: v1\n" + strings.Repeat("# x\n", 60<<10/4)
	}
	c := &counter{files: f}
	got := guide.For(t.Context(), guide.Leak{Kind: detect.SecretKey, Environment: detect.Live}, c).Markdown(false)
	if c.reads > 300 || c.bytes > 17<<20 {
		t.Errorf("%d files of %d bytes read", c.reads, c.bytes)
	}
	if !strings.Contains(got, "check the others too") {
		t.Errorf("nothing says that files were not read:\n%s", got)
	}
}

// TestGeneralInstructions: a guide that cannot finish is the one for a repository of which nothing is known.
func TestGeneralInstructions(t *testing.T) {
	t.Parallel()
	l := guide.Leak{Kind: detect.SecretKey, Environment: detect.Live, Redacted: "sk_live_…a1b2", Head: []guide.Location{{Path: "main.go", Line: 5}}}
	f := charts(200)
	f["fly.toml"] = "app = \"x\"\n"
	want := guide.For(t.Context(), l, nil).Markdown(false)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got := guide.For(ended, l, f).Markdown(false); got != want {
		t.Errorf("with an ended context:\n%s", got)
	}
	half, cancel := context.WithCancel(t.Context())
	if got := guide.For(half, l, &counter{files: f, stop: cancel}).Markdown(false); got != want {
		t.Errorf("with a context that ends meanwhile:\n%s", got)
	}
	if !strings.Contains(want, "still in a file of this repository") || strings.Contains(want, "main.go") {
		t.Errorf("the general instructions:\n%s", want)
	}
}
