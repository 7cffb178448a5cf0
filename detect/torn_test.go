package detect_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// TestBase64TornAnywhere reads base64 in base64 whose lines end everywhere but in what the search looks for, in the outer text,
// the inner one, or both at once.
func TestBase64TornAnywhere(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	// unwrapped is a width that nothing here reaches.
	const unwrapped = 1000
	for _, env := range []detect.Environment{detect.Live, detect.Test} {
		key := detecttest.Key(1, env)
		for _, widths := range [][2]int{{unwrapped, 16}, {16, unwrapped}, {unwrapped, 76}, {76, unwrapped}, {64, 76}, {17, 19}} {
			for pad := range 60 {
				inner := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", pad) + key + "\n"))
				text := wrapAt(inner, widths[0], "\n")
				outer := base64.StdEncoding.EncodeToString([]byte(text))
				// Where the anchor stands in both texts: the first characters of the prefix.
				from, to := (pad*8+5)/6, (pad*8+5)/6+5
				if from/widths[0] != (to-1)/widths[0] {
					continue
				}
				from, to = (from+from/widths[0])*8/6, ((to+to/widths[0])*8+5)/6
				if from/widths[1] != (to-1)/widths[1] {
					continue
				}
				found := s.Scan(t.Context(), "", []byte(wrapAt(outer, widths[1], "\r\n")))
				if len(found) != 1 || found[0].Secret.Reveal() != key {
					t.Errorf("%s key behind %d spaces, lines of %d and %d characters: %d findings", env, pad, widths[0], widths[1], len(found))
				}
			}
		}
	}
}
