package app

import (
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// TestLaterEvidenceRaisesALeak pushes a webhook secret that only a repository with Clerk in it can have from Clerk, and then
// a key of Clerk's.
func TestLaterEvidenceRaisesALeak(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	w.pushed(map[string]string{"hook.ts": "import { Webhook } from \"svix\";\nconst SVIX_SECRET = \"" + detecttest.WebhookSecret(550) + "\";\n"})
	w.settle()
	if n := len(w.shop.Issues()); n != 0 {
		t.Fatalf("%d issues about what may be another vendor's", n)
	}
	w.pushed(map[string]string{"k.env": env(w.key(551, detect.Test))})
	w.settle()
	issues := w.shop.Issues()
	if len(issues) != 2 || !strings.Contains(issues[0].Title+issues[1].Title, "webhook") {
		t.Errorf("issues %+v, want one for the key and one for the webhook secret", issues)
	}
}
