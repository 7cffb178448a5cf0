package detect_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// TestUTF16CutShort reads UTF-16 that ends within its last character.
func TestUTF16CutShort(t *testing.T) {
	t.Parallel()
	key := detecttest.Key(1, detect.Live)
	wide := encodeAs(t, "utf16", key)
	wide = strings.TrimSuffix(wide, "\x00")
	s := detect.New(detect.Options{})
	for _, text := range []string{wide, base64.StdEncoding.EncodeToString([]byte(wide))} {
		found := s.Scan(t.Context(), "", []byte(text))
		if len(found) != 1 || found[0].Secret.Reveal() != key || int(found[0].Place.End) != len(strings.TrimRight(text, "=")) {
			t.Errorf("%q: %+v", text, found)
		}
	}
}
