package detect

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
)

// TestSamples: what documentation prints is no finding, wherever it is. The samples themselves are not in this repository.
func TestSamples(t *testing.T) {
	t.Parallel()
	for _, fingerprint := range publicSamples {
		if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(fingerprint) {
			t.Errorf("%q is no fingerprint", fingerprint)
		}
	}
	random := sha256.Sum256([]byte("a webhook secret"))
	s := New(Options{})
	for _, value := range []string{"ak_" + strings.Repeat("aZ3x", 8) + "/qW=", "whsec_" + base64.StdEncoding.EncodeToString(random[:24]), "sk_" + "test_" + strings.Repeat("aZ3xQ7p", 6)} {
		for _, text := range []string{"CLERK_KEY=" + value + "\n", `import "@clerk/backend"; const a = "` + value + `"; // svix`} {
			s.samples = nil
			if len(s.Scan(t.Context(), "clerk/webhooks.ts", []byte(text))) == 0 && !strings.Contains(value, "aZ3x") {
				t.Errorf("a secret is not found in %q", text)
			}
			s.samples = []string{NewSecret(value).Fingerprint()}
			if found := s.Scan(t.Context(), "clerk/webhooks.ts", []byte(text)); len(found) > 0 {
				t.Errorf("a sample is found in %q", text)
			}
		}
	}
}
