package relay

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"
)

// FuzzChannel reads what a channel sends. Whatever that is, reading ends with the input, and what is passed on is a JSON object with the
// headers that the intake checks.
func FuzzChannel(f *testing.F) {
	f.Add([]byte("event: ready\ndata: {}\n\n"))
	f.Add([]byte("id: 1\ndata: {\"x-github-event\":\"push\",\"x-github-delivery\":\"1\",\"x-hub-signature-256\":\"sha256=00\",\ndata: \"body\":{\"a\":\"<\"}}\n\n"))
	f.Add([]byte("data: {\"body\":{\"payload\":\"{}\"}}\r\n\r\n"))
	f.Add([]byte(":\n\ndata"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		lines := 0
		r := newReader(bytes.NewReader(stream), func() { lines++ })
		for events := 0; ; events++ {
			e, err := r.next()
			if errors.Is(err, errTooLong) {
				continue
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					t.Fatal(err)
				}
				return
			}
			if events > len(stream) {
				t.Fatal("more events than bytes")
			}
			d, err := deliveryOf(e.data)
			if err != nil {
				continue
			}
			for _, name := range []string{"X-GitHub-Event", "X-GitHub-Delivery", "X-Hub-Signature-256"} {
				if d.header.Get(name) == "" {
					t.Errorf("a delivery without %s: %q", name, e.data)
				}
			}
			for _, body := range [][]byte{d.body, escapeMarkup(d.body)} {
				var object map[string]json.RawMessage
				if json.Unmarshal(body, &object) != nil {
					t.Errorf("a body that is no JSON object: %q", body)
				}
			}
		}
	})
}
