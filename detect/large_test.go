package detect_test

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// filled gives one byte without end.
type filled byte

func (f filled) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(f)
	}
	return len(p), nil
}

// holes gives NULs without end, as a sparse file does.
type holes struct{}

func (holes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestReaderOfLargeFiles reads files far larger than what is held of them, each with a key at its end.
func TestReaderOfLargeFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 10 GiB")
	}
	key := detecttest.Key(1, detect.Live)
	for _, test := range []struct {
		name string
		r    io.Reader
		size int64
	}{
		{"sparse file", holes{}, 10 << 30},
		{"one line", filled('x'), 100 << 20},
		{"one line of spaces", filled(' '), 100 << 20},
		{"line ends", filled('\n'), 100 << 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := detect.New(detect.Options{})
			text := io.MultiReader(io.LimitReader(test.r, test.size), strings.NewReader(" "+key+"\n"), bytes.NewReader(make([]byte, 1000)))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			res, err := s.ExamineReader(t.Context(), "", text)
			found := res.Findings
			runtime.ReadMemStats(&after)
			if err != nil || len(found) != 1 || found[0].Place.Offset != test.size+1 || found[0].Secret.Reveal() != key {
				t.Fatalf("%d findings, %v", len(found), err)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
				t.Errorf("%d bytes allocated", n)
			}
		})
	}
}
