package respond

import (
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect"
)

// NoticeKind is what a notice is about.
type NoticeKind string

// The kinds of notices.
const (
	NoticeOpened   NoticeKind = "opened"
	NoticeReopened NoticeKind = "reopened"
	NoticeRevoked  NoticeKind = "revoked"
	NoticeIgnored  NoticeKind = "ignored"
	NoticeResolved NoticeKind = "resolved"
	NoticeReminded NoticeKind = "reminded" // it is still open
	// NoticePublished says that GitHub found an open leak's key in a public repository.
	NoticePublished NoticeKind = "published"
)

// NoticeKinds returns all kinds of notices.
func NoticeKinds() []NoticeKind {
	return []NoticeKind{NoticeOpened, NoticeReopened, NoticeRevoked, NoticeIgnored, NoticeResolved, NoticeReminded, NoticePublished}
}

// Notice is one step in a leak's life, as JSON receivers get it. It holds no credential and no place.
type Notice struct {
	ID         string           `json:"id"`   // the same for every attempt to tell of this step
	Type       string           `json:"type"` // leak.opened, leak.reopened, leak.revoked, leak.ignored, leak.resolved, leak.reminded, leak.published
	Time       time.Time        `json:"timestamp"`
	Repository NoticeRepository `json:"repository"`
	Leak       NoticeLeak       `json:"leak"`
	Issue      *NoticeIssue     `json:"issue,omitempty"` // nil: none is filed
	By         string           `json:"by,omitempty"`    // login, "Clerk" or "rekey"
	Reason     string           `json:"reason,omitempty"`
	ApprovedBy string           `json:"approved_by,omitempty"` // login of the second person who confirmed it
	Until      time.Time        `json:"until,omitzero"`        // of leak.ignored: when the leak opens again by itself
}

// NoticeRepository is where the leak is.
type NoticeRepository struct {
	ID      int64  `json:"id"`
	Name    string `json:"full_name"`
	URL     string `json:"url"`
	Private bool   `json:"private"`
}

// NoticeLeak is what is known of the credential.
type NoticeLeak struct {
	Fingerprint string             `json:"fingerprint"`
	Kind        detect.Kind        `json:"kind"`
	Description string             `json:"description"` // production secret key
	Environment detect.Environment `json:"environment,omitempty"`
	Severity    detect.Severity    `json:"severity"`
	Confidence  detect.Confidence  `json:"confidence"`
	Redacted    string             `json:"redacted"`
	Instance    string             `json:"instance,omitempty"`
	InstanceID  string             `json:"instance_id,omitempty"`
	State       State              `json:"state"`
	Pusher      string             `json:"pusher,omitempty"` // login of who pushed it first; "" where it was first found in a text
	Author      string             `json:"author,omitempty"` // login of who wrote that text
	Detected    time.Time          `json:"detected_at"`
	Seconds     int64              `json:"seconds_since_detected,omitempty"` // [Notice.Took], set when it is sent
}

// NoticeIssue is where the leak is dealt with.
type NoticeIssue struct {
	Number int    `json:"number"`
	URL    string `json:"url"`
}

// Type returns the type of notices of this kind.
func (k NoticeKind) Type() string { return noticePrefix + string(k) }

const noticePrefix = "leak."

// Kind returns what the notice is about.
func (n Notice) Kind() NoticeKind { return NoticeKind(strings.TrimPrefix(n.Type, noticePrefix)) }

// Took returns how long it took from the leak's detection to this step, in whole seconds; 0 where that is not known.
func (n Notice) Took() time.Duration {
	if n.Leak.Detected.IsZero() {
		return 0
	}
	return max(0, n.Time.Sub(n.Leak.Detected).Round(time.Second))
}

// The limits of notices that a target gets one by one in an hour: what is beyond goes into a digest. Those of one
// repository are fewer, so that a flood in one hides nothing of the others.
const (
	noticesOfRepository = 10
	noticesInAll        = 60
)

// NotifyNow reports whether a target that was told so often in the last hour, of this repository and in all, is told of
// another event by itself.
func NotifyNow(ofRepository, inAll int) bool {
	return ofRepository < noticesOfRepository && inAll < noticesInAll
}
