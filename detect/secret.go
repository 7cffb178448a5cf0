package detect

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Secret holds a credential and cannot be printed: every way of formatting, logging or encoding it gives
// [Secret.Redacted]. The zero Secret is empty.
type Secret struct{ value string }

// NewSecret wraps a credential.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal returns the credential itself. Only a request to Clerk's API needs it.
func (s Secret) Reveal() string { return s.value }

// shownPrefixes are shown whole: they name the kind and the environment, and are no part of the secret. The tokens of Clerk's are
// no credentials that are looked for.
var shownPrefixes = func() []string {
	list := []string{"mt_", "oat_"}
	for _, c := range rules(false) {
		list = append(list, c.shown...)
	}
	return list
}()

// Redacted returns what of the credential may be shown: its public prefix and its last four characters, enough to find
// the row in Clerk's dashboard, whose list shows the same. Credentials under 24 characters keep their end to themselves.
func (s Secret) Redacted() string {
	if s.value == "" {
		return ""
	}
	prefix := ""
	for _, p := range shownPrefixes {
		if strings.HasPrefix(s.value, p) {
			prefix = p
			break
		}
	}
	if len(s.value) < len(prefix)+16 {
		return prefix + "…"
	}
	return prefix + "…" + s.value[len(s.value)-4:]
}

// fingerprintLabel is the fixed key of [Secret.Fingerprint], so that a fingerprint in a policy or a .rekeyignore means
// the same on every machine. A secret key's body holds 250 bits; no table can be made of it.
const fingerprintLabel = "rekey fingerprint v1"

// Fingerprint returns the keyed hash by which a credential is recognised without being kept: 32 hexadecimal digits of
// HMAC-SHA256.
func (s Secret) Fingerprint() string {
	mac := hmac.New(sha256.New, []byte(fingerprintLabel))
	mac.Write([]byte(s.value))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// String returns [Secret.Redacted].
func (s Secret) String() string { return s.Redacted() }

// GoString returns [Secret.Redacted], for %#v.
func (s Secret) GoString() string { return s.Redacted() }

// Format writes [Secret.Redacted] for every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.Redacted()) }

// LogValue returns [Secret.Redacted].
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.Redacted()) }

// MarshalText returns [Secret.Redacted], for JSON, XML, YAML and map keys.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.Redacted()), nil }
