package guide_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/guide"
)

// TestThePageIsTheOneThatTheInstructionsLink holds the page that the command line names against the whole instructions, and
// every kind has lines of its own, or none for the kind without instructions of its own.
func TestThePageIsTheOneThatTheInstructionsLink(t *testing.T) {
	t.Parallel()
	general := guide.Brief("")
	for _, kind := range []detect.Kind{
		detect.SecretKey, detect.LegacyAPIKey, detect.WebhookSecret, detect.MachineSecretKey, detect.PlatformAPIKey, detect.APIKey,
		detect.OAuthClientSecret, detect.EncryptionKey, detect.ClaimURL,
	} {
		g := guide.For(t.Context(), guide.Leak{Kind: kind, Environment: detect.Live}, nil)
		text, page := fmt.Sprint(g.Steps), guide.Page(kind)
		if linked := strings.Contains(text, "](https://dashboard.clerk.com/"); linked != (page != "") || !strings.Contains(text, page) {
			t.Errorf("%s: page %q, steps %s", kind, page, text)
		}
		if brief := guide.Brief(kind); (brief[0] == general[0]) != (kind == detect.APIKey) {
			t.Errorf("%s: %q", kind, brief)
		}
	}
}
