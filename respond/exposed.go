package respond

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/rekey-app/rekey/detect"
)

// ExposedKey is the kind of a leak without a key in any text: a mistake in a package, told of by an advisory, makes a server give its secret
// key away. It is one leak of a repository for each advisory, whose ID stands in for the part of the key that may be shown. Clerk can't be
// asked about it: nobody knows the key but the server, and whoever got it.
const ExposedKey detect.Kind = "exposed_secret_key"

// Exposed returns the leak that an advisory causes. seen says what of the repository is affected, in words that hold nothing of its text.
func Exposed(advisory string, severity detect.Severity, seen string) Leak {
	sum := sha256.Sum256([]byte("exposed by " + advisory))
	return Leak{
		Fingerprint: hex.EncodeToString(sum[:16]), Kind: ExposedKey, Severity: severity, Confidence: detect.HighConfidence,
		Reasons: []string{seen}, Redacted: advisory, State: Open,
	}
}

// ExposedStill says what follows for such a leak where the default branch has an affected version: closed as resolved, it opens again, as
// each new key is given away too. Who knows better calls it a false positive.
func ExposedStill(f LeakFacts, at time.Time) Decision {
	var d Decision
	if f.Leak.State != Resolved {
		return d
	}
	d.move(f, Open, Self, "the default branch has an affected version", at)
	if f.Hidden {
		d.conceal(f, "", false)
	}
	return d
}
