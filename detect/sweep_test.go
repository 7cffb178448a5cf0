package detect_test

import (
	"encoding/hex"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// TestTwoAlignmentsInTheSameLines reads wrapped hexadecimal that lacks a digit between two anchors.
func TestTwoAlignmentsInTheSameLines(t *testing.T) {
	t.Parallel()
	key := detecttest.Key(1, detect.Live)
	text := hex.EncodeToString([]byte("CLERK_PORT=")) + "3" + hex.EncodeToString([]byte("\n"+key+"\n"))
	found := detect.New(detect.Options{}).Scan(t.Context(), "", []byte(wrapAt(text, 40, "\n")))
	if len(found) != 1 || found[0].Secret.Reveal() != key {
		t.Errorf("%d findings, want 1", len(found))
	}
}
