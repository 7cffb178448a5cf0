package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

func runIn(t *testing.T, o Options) Result {
	t.Helper()
	o.Now = time.Now
	r, err := Run(t.Context(), detect.New(detect.Options{}), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestEveryFileIsReadOnce: in flat and deep directories, with any number of workers.
func TestEveryFileIsReadOnce(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	want := 0
	add := func(name string) {
		write(t, filepath.Join(root, name), "CLERK_SECRET_KEY="+detecttest.Key(int64(want), detect.Test)+"\n")
		want++
	}
	for i := range 2*batch + 3 {
		add(fmt.Sprintf("flat/%d", i))
	}
	deep := "deep"
	for range 60 {
		deep += "/d"
		add(deep + "/.env")
	}
	for i := range 40 {
		add(fmt.Sprintf("wide/%d/.env", i))
	}
	for _, workers := range []int{1, 2, 7} {
		meter := new(Meter)
		r := runIn(t, Options{Paths: []string{root}, Workers: workers, Meter: meter})
		seen := map[string]bool{}
		for _, h := range r.Hits {
			seen[h.Path()] = true
		}
		if len(r.Hits) != want || len(seen) != want || r.Files != int64(want) || len(r.Problems) > 0 {
			t.Errorf("%d workers: %d findings in %d files, %d files read, want %d; %v", workers, len(r.Hits), len(seen), r.Files, want, r.Problems)
		}
		if done := meter.Progress().Done; done < 0.999 || done > 1 {
			t.Errorf("%d workers: done %f at the end", workers, done)
		}
	}
}

func TestWhatCannotBeReadIsNamed(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, filepath.Join(root, "a"), "CLERK_SECRET_KEY="+detecttest.Key(1, detect.Live))
	c := &collector{scanner: detect.New(detect.Options{}), meter: new(Meter)}
	r := &reader{walk: newWalk(c, root, 1, whole), buffer: make([]byte, bufferSize)}
	// A file and a directory that vanished since they were listed, and a link that took a file's place.
	if err := os.Symlink("a", filepath.Join(root, "link")); err != nil {
		t.Skip(err)
	}
	r.do(t.Context(), task{files: []string{"gone", "link", "a"}})
	r.do(t.Context(), task{dir: "vanished"})
	got := c.result()
	if len(got.Hits) != 1 || len(got.Problems) != 3 {
		t.Fatalf("%d findings, problems %v", len(got.Hits), got.Problems)
	}
	for i, want := range []string{"gone: no such file", "link: too many levels of symbolic links", "vanished: no such file"} {
		if p := got.Problems[i]; p.Part || !strings.Contains(p.String(), want) {
			t.Errorf("%q, want %q", p, want)
		}
	}
	if os.Geteuid() == 0 {
		return // may read everything
	}
	for _, name := range []string{"a", "."} {
		if err := os.Chmod(filepath.Join(root, name), 0); err != nil {
			t.Fatal(err)
		}
		got := runIn(t, Options{Paths: []string{root}})
		if whole, _ := got.Unread(); whole != 1 || !strings.Contains(got.Problems[0].Reason, "permission denied") {
			t.Errorf("%s: problems %v", name, got.Problems)
		}
	}
	os.Chmod(root, 0o700)
}

// TestLargeFiles are read as streams, with the same places, and their lines.
func TestLargeFiles(t *testing.T) {
	t.Parallel()
	key := detecttest.Key(1, detect.Live)
	line := "CLERK_SECRET_KEY=" + key
	for _, size := range []int64{readSize - 1, readSize, readSize + 1, bufferSize - 1, bufferSize, bufferSize + 1, 5 << 20, 300 << 20} {
		name := filepath.Join(t.TempDir(), "large")
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		// Nothing but NUL before: one long line in a file with holes.
		at := size - int64(len(line)) - 1
		if _, err := f.WriteAt([]byte("\n"+line), at); err != nil {
			t.Skip(err) // no room for files with holes
		}
		f.Close()
		r := runIn(t, Options{Paths: []string{name}})
		if len(r.Hits) != 1 || r.Bytes < size {
			t.Errorf("%d bytes: %d findings in %d bytes", size, len(r.Hits), r.Bytes)
			continue
		}
		h := r.Hits[0]
		if h.Place.Line != 2 || h.Place.Column != 18 || h.Place.Offset != size-int64(len(key)) || h.Line != "CLERK_SECRET_KEY="+h.Secret.Redacted() {
			t.Errorf("%d bytes: %+v, line %q", size, h.Place, h.Line)
		}
		os.Remove(name)
	}
}

func TestALongLine(t *testing.T) {
	t.Parallel()
	key := detecttest.Key(1, detect.Live)
	text := strings.Repeat("word ", 100<<20/5) + "CLERK_SECRET_KEY=" + key + strings.Repeat(" word", 1000)
	c := &collector{scanner: detect.New(detect.Options{}), meter: new(Meter)}
	if err := c.stream(t.Context(), "-", strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	r := c.result()
	if len(r.Hits) != 1 || r.Hits[0].Place.Line != 1 || r.Hits[0].Place.Column != 100<<20+18 || r.Bytes != int64(len(text)) {
		t.Errorf("%d findings in %d bytes", len(r.Hits), r.Bytes)
	}
}

// TestAReadThatWaitsCanBeStopped: on a terminal and a pipe, nothing comes until somebody writes.
func TestAReadThatWaitsCanBeStopped(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	defer out.Close()
	ctx, stop := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, stop)
	_, err := Run(ctx, detect.New(detect.Options{}), Options{Paths: []string{"-"}, Stdin: in, Now: time.Now})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	_, err = Run(ctx, detect.New(detect.Options{}), Options{Paths: []string{t.TempDir()}, Now: time.Now})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestABrokenInputIsAnError(t *testing.T) {
	t.Parallel()
	in := io.MultiReader(strings.NewReader("CLERK_SECRET_KEY="+detecttest.Key(1, detect.Live)+"\n"), broken{})
	r, err := Run(t.Context(), detect.New(detect.Options{}), Options{Paths: []string{"-"}, Stdin: in, Now: time.Now})
	if !errors.Is(err, syscall.EIO) || len(r.Hits) != 1 {
		t.Errorf("%d findings, error %v", len(r.Hits), err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, syscall.EIO }
