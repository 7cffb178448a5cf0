package detect_test

import (
	"bytes"
	"compress/gzip"
	"testing"

	"github.com/rekey-app/rekey/detect"
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
