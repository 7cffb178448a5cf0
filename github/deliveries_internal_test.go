package github

import (
	"encoding/json"
	"testing"
)

// FuzzDeliveryLog: whatever stands in GitHub's log, what is read of it has an id and a GUID, and a payload that is not a text is JSON.
func FuzzDeliveryLog(f *testing.F) {
	for _, entry := range []string{
		`{"id":3,"guid":"g3","delivered_at":"2026-03-01T12:00:03Z","event":"push","status_code":202,"request":{"payload":{"ref":"a"}}}`,
		`{"id":3,"guid":"g3","request":{"payload":"{\"ref\":"}}`, `{"id":1e300,"guid":"g"}`, `{"id":1,"guid":"g","request":null}`, `null`, `[`,
	} {
		f.Add([]byte(entry))
	}
	f.Fuzz(func(t *testing.T, entry []byte) {
		d, err := deliveryOf(entry)
		if err == nil && (d.ID == 0 || d.GUID == "" || d.OK() && d.Pending()) || err != nil && d != (Delivery{}) {
			t.Errorf("%+v, %v", d, err)
		}
		if payload := payloadOf(entry); payload != nil && !json.Valid(entry) {
			t.Errorf("%q of an entry that is not JSON", payload)
		}
	})
}
