// Package webhooktest has GitHub's example payloads of webhooks, for tests.
//
// They are published under the MIT licence; testdata/README.md says where. `make descriptions` fetches them.
package webhooktest

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
)

//go:embed testdata/examples.json.gz
var compressed []byte

//go:embed testdata/schemas.json.gz
var schemas []byte

// Schemas returns GitHub's schemas of events that have no examples, or none of what is read, as one JSON Schema: each is in $defs by
// its name, such as webhook-secret-scanning-alert-created.
func Schemas() ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(schemas))
	if err != nil {
		return nil, fmt.Errorf("GitHub's schemas of payloads: %w", err)
	}
	return io.ReadAll(r)
}

// Event has GitHub's example payloads of one event.
type Event struct {
	Name     string            `json:"name"` // as in X-GitHub-Event
	Examples []json.RawMessage `json:"examples"`
}

// Events returns all of GitHub's examples: 329 payloads.
func Events() ([]Event, error) {
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, fmt.Errorf("GitHub's example payloads: %w", err)
	}
	var events []Event
	if err := json.NewDecoder(r).Decode(&events); err != nil {
		return nil, fmt.Errorf("GitHub's example payloads: %w", err)
	}
	return events, nil
}
