package notify

import (
	"encoding/json"
	"time"
)

// Event is one step in a leak's life, as JSON receivers get it. It holds no credential and no place.
type Event struct {
	ID         string     `json:"id"`   // the same for every attempt to tell of this step
	Type       string     `json:"type"` // leak.opened, leak.reopened, leak.revoked, leak.ignored, leak.resolved
	Time       time.Time  `json:"timestamp"`
	Repository Repository `json:"repository"`
	Leak       Leak       `json:"leak"`
	Issue      *Issue     `json:"issue,omitempty"` // nil: none is filed
	By         string     `json:"by,omitempty"`    // login, "Clerk" or "rekey"
	Reason     string     `json:"reason,omitempty"`
}

// Repository is where the leak is.
type Repository struct {
	ID      int64  `json:"id"`
	Name    string `json:"full_name"`
	URL     string `json:"url"`
	Private bool   `json:"private"`
}

// Leak is what is known of the credential.
type Leak struct {
	Fingerprint string        `json:"fingerprint"`
	Kind        string        `json:"kind"`
	Description string        `json:"description"` // production secret key
	Environment string        `json:"environment,omitempty"`
	Severity    string        `json:"severity"`
	Confidence  string        `json:"confidence"`
	Redacted    string        `json:"redacted"`
	Instance    string        `json:"instance,omitempty"`
	InstanceID  string        `json:"instance_id,omitempty"`
	State       string        `json:"state"`
	Pusher      string        `json:"pusher,omitempty"`
	Detected    time.Time     `json:"detected_at"`
	Took        time.Duration `json:"-"`                                // from detection to this step
	Seconds     int64         `json:"seconds_since_detected,omitempty"` // the same, for JSON
}

// Issue is where the leak is dealt with.
type Issue struct {
	Number int    `json:"number"`
	URL    string `json:"url"`
}

// Read reads an event that was kept as JSON. How long it took is not kept, but follows from its times.
func Read(text []byte) (Event, error) {
	var e Event
	if err := json.Unmarshal(text, &e); err != nil {
		return Event{}, err
	}
	if took := e.Time.Sub(e.Leak.Detected); took > 0 && !e.Leak.Detected.IsZero() {
		e.Leak.Took = took.Round(time.Second)
	}
	return e, nil
}
