package status_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode"

	"github.com/rekey-app/rekey/app/status"
)

// FuzzReport: whatever answers `rekey status`, the terminal gets lines of text, and no control characters.
func FuzzReport(f *testing.F) {
	full, err := json.Marshal(busy())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(full)
	for _, text := range []string{`{"version":"1"}`, `{"version":"\u001b[2J","role":"\u001b","components":[{"name":"\u001b","state":"\u001b","reason":"\u001b"}]}`, `{"version":1}`, `null`, `[`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		var r status.Report
		if json.Unmarshal(answer, &r) != nil {
			return
		}
		var b bytes.Buffer
		if err := status.WriteText(&b, r, false); err != nil {
			t.Fatal(err)
		}
		for _, c := range b.String() {
			if unicode.IsControl(c) && c != '\n' {
				t.Fatalf("%q", b.String())
			}
		}
	})
}
