package detect_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// TestBase64TornAnywhere reads base64 in base64 whose lines end anywhere, in the outer text, the inner one, or both. Not found
// is what both tear within the same few characters, which is rare where lines are as long as encoders make them.
func TestBase64TornAnywhere(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	// unwrapped is a width that nothing here reaches.
	const unwrapped = 1000
	for _, env := range []detect.Environment{detect.Live, detect.Test} {
		key := detecttest.Key(1, env)
		for _, widths := range [][2]int{{unwrapped, 16}, {16, unwrapped}, {unwrapped, 76}, {76, unwrapped}, {64, 76}, {76, 64}, {76, 76}, {64, 64}, {72, 70}} {
			for pad := range 130 {
				inner := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", pad) + key + "\n"))
				text := wrapAt(inner, widths[0], "\n")
				outer := base64.StdEncoding.EncodeToString([]byte(text))
				found := s.Scan(t.Context(), "", []byte(wrapAt(outer, widths[1], "\r\n")))
				if len(found) != 1 || found[0].Secret.Reveal() != key {
					t.Errorf("%s key behind %d spaces, lines of %d and %d characters: %d findings", env, pad, widths[0], widths[1], len(found))
				}
			}
		}
	}
}

// TestNameTornInBase64 reads names in base64 whose lines end anywhere in them.
func TestNameTornInBase64(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	secret := detecttest.EncryptionKey(1)
	for _, width := range []int{60, 64, 76} {
		for pad := range 130 {
			text := strings.Repeat("\n", pad) + "CLERK_ENCRYPTION_KEY=" + secret + "\n"
			found := s.Scan(t.Context(), "", []byte(wrapAt(base64.StdEncoding.EncodeToString([]byte(text)), width, "\n")))
			if len(found) != 1 || found[0].Secret.Reveal() != secret {
				t.Errorf("a name behind %d line ends, lines of %d characters: %d findings", pad, width, len(found))
			}
		}
	}
}
