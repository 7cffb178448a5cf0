package detect_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/detect/unpack"
)

// TestSkippedSaysWhetherALimitWasMet: what is over a limit may never be called clean, what is damaged cannot be read by
// anybody.
func TestSkippedSaysWhetherALimitWasMet(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(make([]byte, 4<<20))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	scanner := detect.New(detect.Options{Unpack: unpack.Limits{Size: 1 << 20}})
	for name, c := range map[string]struct {
		text  []byte
		limit bool
	}{"too large": {whole, true}, "cut": {whole[:len(whole)/8], false}} {
		skipped := scanner.Examine(t.Context(), "", c.text).Skipped
		if len(skipped) != 1 || skipped[0].Limit != c.limit {
			t.Errorf("%s: %+v", name, skipped)
		}
	}
}

// TestTooDeepIsSaid: a key in gzip in base64, and so on, is found up to the bound; beyond, it is said that something was not read.
func TestTooDeepIsReported(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	text := "CLERK_SECRET_KEY=" + detecttest.Key(1, detect.Live) + "\n"
	for depth := 1; depth <= budget.Depth+3; depth++ {
		text = "data: " + base64.StdEncoding.EncodeToString([]byte(gzipped(t, text))) + "\n"
		res := s.Examine(t.Context(), "", []byte(text))
		found, said := len(res.Findings) == 1, len(limits(res.Skipped)) == 1
		if want := depth <= budget.Depth; found != want || said == want {
			t.Errorf("%d times: %d findings, left out: %v", depth, len(res.Findings), res.Skipped)
		}
	}
}

// TestArchiveBehindTheWindowIsReported reads base64 of a compressed file that is longer than what is held of a stream: what its
// beginning holds is found, and it is said that the rest was not read. One that two windows share is read whole.
func TestArchiveBehindTheWindowIsReported(t *testing.T) {
	t.Parallel()
	random := make([]byte, 5<<20)
	rand.NewChaCha8([32]byte{3}).Read(random)
	key := "CLERK_SECRET_KEY=" + detecttest.Key(1, detect.Live) + "\n"
	s := detect.New(detect.Options{})
	long := base64.StdEncoding.EncodeToString([]byte(gzipped(t, key+string(random))))
	short := base64.StdEncoding.EncodeToString([]byte(gzipped(t, string(random[:1<<20])+key)))
	for name, c := range map[string]struct {
		text string
		cut  bool
	}{
		"longer than a window": {"data: " + long + "\n", true},
		"over two windows":     {strings.Repeat("text\n", (budget.TextWindow-budget.TextOverlap)/5+50) + "data: " + short + "\n", false},
		"within one":           {"data: " + short + "\n" + strings.Repeat("text\n", budget.MiB), false},
	} {
		res, err := s.ExamineReader(t.Context(), "", struct{ *strings.Reader }{strings.NewReader(c.text)})
		if err != nil || len(res.Findings) != 1 || (len(limits(res.Skipped)) == 1) != c.cut || len(res.Skipped) > 1 {
			t.Errorf("%s: %d findings, left out: %v, %v", name, len(res.Findings), res.Skipped, err)
		}
	}
}
