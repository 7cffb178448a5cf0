package respond

import (
	"time"

	"github.com/rekey-app/rekey/detect"
)

// Verdict is what Clerk says of a key.
type Verdict string

// The verdicts. Only KeyRevoked is safe.
const (
	KeyAlive   Verdict = "alive"
	KeyRevoked Verdict = "revoked"
	// KeyFenced is a refusal that does not say that the key is invalid: it may work from other addresses.
	KeyFenced  Verdict = "fenced"
	KeyUnknown Verdict = "unknown"
	// KeyNotAsked says that Clerk was not asked: the policy forbids it since the question was put.
	KeyNotAsked Verdict = "not_asked"
)

// Answer is what came of asking Clerk.
type Answer struct {
	State       Verdict
	InstanceID  string             // ins_…, where the key is alive
	Environment detect.Environment // of that instance
	RetryAfter  time.Duration      // what Clerk wishes before the next question; 0: nothing said. At most a day
	Detail      string             // why the answer is KeyFenced or KeyUnknown, in words that hold no credential
}
