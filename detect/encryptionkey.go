package detect

import "strings"

const (
	// shortestEncryptionKey is the length of 16 bytes in base64, padding included.
	shortestEncryptionKey = 24
	longestEncryptionKey  = 128
)

// encryptionKey is for CLERK_ENCRYPTION_KEY.
var encryptionKey = named{
	kind:     EncryptionKey,
	severity: LowSeverity,
	suffixes: []string{"encryptionkey"},

	plausible:  func(w tokenWalk) bool { return w.holds(shortestEncryptionKey) },
	genuine:    func(m *match) bool { return isEncryptionKey(m.value) },
	confidence: func(_, _ string) Confidence { return MediumConfidence },
}

// isEncryptionKey reports whether value may be a CLERK_ENCRYPTION_KEY and is no placeholder. People make these themselves, so
// the shape is assumed: Clerk's documentation says 32 bytes in hexadecimal digits, and elsewhere 128 bits. Entropy is low in
// what has sixteen digits only: of 32 random ones 1 in 1,000,000 is lost; TestLosses counts.
func isEncryptionKey(value string) bool {
	if n := len(value); n > longestEncryptionKey || n < 32 && !(n == shortestEncryptionKey && strings.HasSuffix(value, "==")) {
		return false
	}
	return secretLooking(value, 2.8) && generated(strings.TrimRight(value, "="))
}
