package detect_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// places renders findings without their evidence, which differs with what of the text is in memory.
func places(found []detect.Finding) []string {
	var s []string
	for _, f := range found {
		s = append(s, fmt.Sprintf("%s %s %+v %s", f.Kind, f.Encoding, f.Place, f.Secret.Fingerprint()))
	}
	return s
}

func TestReaderFindsWhatScanFinds(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for _, test := range []struct {
		name   string
		filler string
		at     []int // where keys stand
	}{
		{"short", "x = 1;\n", []int{0, 100, 1000}},
		{"around the first buffer", "x = 1;\n", []int{64<<10 - 100, 64<<10 - 20, 64 << 10, 64<<10 + 60}},
		{"around a window", "some words;\n", []int{4*mib - 128<<10 - 25, 4*mib - 25, 4 * mib, 9*mib - 3}},
		{"one line", "x = 1; ", []int{10, 5 * mib, 7*mib - 1, 8*mib - 128<<10 - 40}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b bytes.Buffer
			for i, at := range test.at {
				for b.Len() < at {
					b.WriteString(test.filler)
				}
				b.WriteString(" " + detecttest.Key(int64(i), detect.Live) + " ")
			}
			for range 300_000 / len(test.filler) {
				b.WriteString(test.filler)
			}
			s := detect.New(detect.Options{})
			want := places(s.Scan(t.Context(), "", b.Bytes()))
			if len(want) != len(test.at) {
				t.Fatalf("%d findings, want %d", len(want), len(test.at))
			}
			got, err := s.ExamineReader(t.Context(), "", bytes.NewReader(b.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, places(got.Findings)); diff != "" {
				t.Errorf("(-Scan +ExamineReader):\n%s", diff)
			}
		})
	}
}

func TestReaderOfUTF16(t *testing.T) {
	t.Parallel()
	key := detecttest.Key(1, detect.Live)
	text := strings.Repeat("line\r\n", 900_000) + "CLERK_SECRET_KEY=" + key + "\r\n"
	wide := []byte{0xff, 0xfe}
	for _, c := range []byte(text) {
		wide = append(wide, c, 0)
	}
	s := detect.New(detect.Options{})
	got, err := s.ExamineReader(t.Context(), "", bytes.NewReader(wide))
	if err != nil || len(got.Findings) != 1 || got.Findings[0].Place.Line != 900_001 || got.Findings[0].Place.Column != 35 || got.Findings[0].Secret.Reveal() != key {
		t.Fatalf("%v, %v", got.Findings, err)
	}
}

func TestReaderKeepsWhatItFoundBeforeAnError(t *testing.T) {
	t.Parallel()
	key := detecttest.Key(1, detect.Live)
	broken := errors.New("broken")
	r := io.MultiReader(strings.NewReader("CLERK_SECRET_KEY="+key+"\n"), iotest.ErrReader(broken))
	got, err := detect.New(detect.Options{}).ExamineReader(t.Context(), "", r)
	if !errors.Is(err, broken) || len(got.Findings) != 1 {
		t.Fatalf("%d findings, %v", len(got.Findings), err)
	}
}

// TestDenseDumpStaysLinear reads a dump that is nothing but keys, plain and in base64. Were a text of many hits read
// again for each of them, it would not end.
func TestDenseDumpStaysLinear(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	n := 4_000
	for i := range n {
		key := detecttest.Key(int64(i), detect.Live)
		if i%2 == 0 {
			fmt.Fprintf(&b, "(%d,'%s'),", i, key)
		} else {
			fmt.Fprintf(&b, "(%d,'%s'),", i, encodeAs(t, "base64", key))
		}
	}
	s := detect.New(detect.Options{})
	if got := len(s.Scan(t.Context(), "dump.sql", b.Bytes())); got != n {
		t.Errorf("%d findings, want %d", got, n)
	}
	var whole bytes.Buffer
	for i := range n {
		fmt.Fprintf(&whole, "%d %s\n", i, detecttest.Key(int64(i), detect.Live))
	}
	if got := len(s.Scan(t.Context(), "dump.b64", []byte(encodeAs(t, "base64", whole.String())))); got != n {
		t.Errorf("%d findings in base64, want %d", got, n)
	}
	if got := len(s.Scan(t.Context(), "dump.b64", []byte(encodeAs(t, "mime", encodeAs(t, "base64", whole.String()))))); got != n {
		t.Errorf("%d findings in wrapped base64, want %d", got, n)
	}
	if got := len(s.Scan(t.Context(), "dump.hex", []byte(encodeAs(t, "hex", whole.String())))); got != n {
		t.Errorf("%d findings in hexadecimal, want %d", got, n)
	}
	if got := len(s.Scan(t.Context(), "dump.wide", []byte(encodeAs(t, "utf16", whole.String())))); got != n {
		t.Errorf("%d findings in UTF-16, want %d", got, n)
	}
}

func TestCleanTextAllocatesNothing(t *testing.T) {
	s := detect.New(detect.Options{})
	text := []byte(strings.Repeat("task_runner(disk_test_1, mask_live_x); break_it(); \"risk\"\n", 1000))
	if n := testing.AllocsPerRun(20, func() {
		if found := s.Scan(t.Context(), "", text); found != nil {
			t.Fatal("a finding")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
