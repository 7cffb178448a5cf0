package unpack_test

import (
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect/unpack"
)

// walk returns what is visited, and Walk's error.
func walk(t testing.TB, data []byte, lim unpack.Limits) ([]seen, error) {
	t.Helper()
	var all []seen
	err := unpack.Walk(t.Context(), bytes.NewReader(data), int64(len(data)), lim, func(m unpack.Member) error {
		s := seen{m.Name, strings.Join(m.Layers, "+"), m.Offset, read(t, m.Content)}
		if m.Offset >= 0 && !bytes.HasPrefix(data[m.Offset:], []byte(s.data)) {
			t.Errorf("%q does not stand at offset %d", m.Name, m.Offset)
		}
		all = append(all, s)
		return nil
	})
	return all, err
}

// expect walks data and compares, offsets apart.
func expect(t *testing.T, data []byte, want ...seen) {
	t.Helper()
	got, err := walk(t, data, unpack.Limits{})
	if err != nil {
		t.Error(err)
	}
	for i := range got {
		got[i].offset = 0
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(seen{})); d != "" {
		t.Error(d)
	}
}

func TestBzippedIsBzip2(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for n := range 300 {
		data := make([]byte, n*n/40)
		for i := range data {
			data[i] = byte(rng.IntN(1 + n))
		}
		got, err := io.ReadAll(bzip2.NewReader(bytes.NewReader(bzipped(data))))
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%d bytes: %v", len(data), err)
		}
	}
}

func TestEachFormat(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("some harmless text, ", 5000)
	for name, pack := range packers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, data := range []string{"x", text} {
				packed := pack([]byte(data))
				if got := unpack.Format(packed); got != name {
					t.Errorf("Format = %q", got)
				}
				member := map[string]string{"tar": "t", "zip": "z"}[name]
				expect(t, packed, seen{member, name, 0, data})
			}
		})
	}
}

func TestEveryTwoNested(t *testing.T) {
	t.Parallel()
	member := map[string]string{"tar": "t", "zip": "z"}
	for outer, wrap := range packers() {
		for inner, pack := range packers() {
			t.Run(outer+"+"+inner, func(t *testing.T) {
				t.Parallel()
				name := strings.Trim(member[outer]+"!"+member[inner], "!")
				expect(t, wrap(pack([]byte("the content"))), seen{name, outer + "+" + inner, 0, "the content"})
			})
		}
	}
}

func TestDepth(t *testing.T) {
	t.Parallel()
	data := []byte("deep")
	for range 12 {
		data = gzipped(zipped(file{"a", data}))
	}
	got, err := walk(t, data, unpack.Limits{Depth: 5})
	if !errors.Is(err, unpack.ErrLimit) {
		t.Errorf("error %v", err)
	}
	if len(got) != 1 || got[0].layers != "gzip+zip+gzip+zip+gzip" || unpack.Format([]byte(got[0].data)) != "zip" {
		t.Errorf("visited %d, %.200s", len(got), fmt.Sprint(got))
	}
	got, err = walk(t, data, unpack.Limits{Depth: 24})
	if err != nil || len(got) != 1 || got[0].data != "deep" {
		t.Errorf("visited %.200s, error %v", fmt.Sprint(got), err)
	}
}

func TestOffsets(t *testing.T) {
	t.Parallel()
	inner := stored(file{"x/.env", []byte("plain")}, file{"y", []byte("more")})
	for name, data := range map[string][]byte{
		"tar": tarred(file{"in.zip", inner}), "zip": stored(file{"in.zip", inner}), "prepended": append([]byte("#!/bin/sh\n"), stored(file{"in.zip", inner})...),
	} {
		got, err := walk(t, data, unpack.Limits{})
		if err != nil || len(got) != 2 {
			t.Fatalf("%s: %v, error %v", name, got, err)
		}
		for _, s := range got {
			if s.offset < 0 {
				t.Errorf("%s: no offset: %v", name, s)
			}
		}
		if got[0].name != "in.zip!x/.env" {
			t.Errorf("%s: %v", name, got)
		}
	}
	got, _ := walk(t, gzipped(inner), unpack.Limits{})
	if len(got) != 2 || got[0].offset != -1 {
		t.Errorf("compressed: %v", got)
	}
}

func TestVisitorEndsWalk(t *testing.T) {
	t.Parallel()
	data := tarred(file{"a", []byte("1")}, file{"b", []byte("2")})
	stop := errors.New("enough")
	n := 0
	err := unpack.Walk(t.Context(), bytes.NewReader(data), int64(len(data)), unpack.Limits{}, func(unpack.Member) error { n++; return stop })
	if err != stop || n != 1 {
		t.Errorf("error %v after %d", err, n)
	}
}

func TestContextEndsWalk(t *testing.T) {
	t.Parallel()
	data := gzipped(tarred(file{"a", bytes.Repeat([]byte("1"), 1<<20)}, file{"b", []byte("2")}))
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	err := unpack.Walk(ctx, bytes.NewReader(data), int64(len(data)), unpack.Limits{}, func(m unpack.Member) error {
		cancel()
		if n++; len(read(t, m.Content)) == 1<<20 {
			t.Error("read on")
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || n != 1 {
		t.Errorf("error %v after %d", err, n)
	}
}

func TestReaderErrorEndsWalk(t *testing.T) {
	t.Parallel()
	bad := errors.New("disk on fire")
	data := zipped(file{"a", bytes.Repeat([]byte("1"), 1<<20)}, file{"b", []byte("2")})
	err := unpack.Walk(t.Context(), failingAt{data, 100, bad}, int64(len(data)), unpack.Limits{}, func(unpack.Member) error { return nil })
	if !errors.Is(err, bad) || errors.Is(err, unpack.ErrCorrupt) {
		t.Errorf("error %v", err)
	}
}

// failingAt fails where a read touches the byte at bad.
type failingAt struct {
	data []byte
	bad  int64
	err  error
}

func (f failingAt) ReadAt(p []byte, off int64) (int, error) {
	if off <= f.bad && off+int64(len(p)) > f.bad {
		return 0, f.err
	}
	return bytes.NewReader(f.data).ReadAt(p, off)
}

func TestUnreadContent(t *testing.T) {
	t.Parallel()
	var w unpack.Walker
	for outer, wrap := range packers() {
		data := wrap(tarred(file{"a", bytes.Repeat([]byte("1"), 100_000)}, file{"b", []byte("2")}, file{"c", gzipped([]byte("3"))}))
		var names []string
		err := w.Walk(t.Context(), bytes.NewReader(data), int64(len(data)), unpack.Limits{}, func(m unpack.Member) error {
			names = append(names, m.Name[len(m.Name)-1:])
			return nil
		})
		if got := fmt.Sprint(names); err != nil || got != "[a b c]" {
			t.Errorf("%s: %v, error %v", outer, got, err)
		}
	}
}

func TestWalkerIsShared(t *testing.T) {
	t.Parallel()
	var w unpack.Walker
	var group sync.WaitGroup
	for _, pack := range packers() {
		for i := range 8 {
			group.Go(func() {
				content := strings.Repeat(fmt.Sprint(i, " text "), 3000)
				data := gzipped(pack([]byte(content)))
				err := w.Walk(t.Context(), bytes.NewReader(data), int64(len(data)), unpack.Limits{}, func(m unpack.Member) error {
					if read(t, m.Content) != content {
						t.Error("another's content")
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	group.Wait()
}
