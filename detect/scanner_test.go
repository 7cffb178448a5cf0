package detect_test

import (
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

func TestScanPlain(t *testing.T) {
	t.Parallel()
	live, test := detecttest.Key(1, detect.Live), detecttest.Key(2, detect.Test)
	pk := detecttest.PublishableKey(detect.Live, "clerk.example.org")
	text := "# first\nCLERK_SECRET_KEY=" + live + "\nNEXT_PUBLIC_KEY=" + pk + "\n  VITE_CLERK_SECRET_KEY: '" + test + "' # rekey:allow\n"
	got := detect.New(detect.Options{}).Scan(t.Context(), "", []byte(text))
	if len(got) != 2 {
		t.Fatalf("%d findings, want 2: %v", len(got), got)
	}
	f := got[0]
	if f.Kind != detect.SecretKey || f.Environment != detect.Live || f.Secret.Reveal() != live || f.Confidence != detect.HighConfidence ||
		f.Place.Line != 2 || f.Place.Column != 18 || f.Place.EndColumn != 68 || f.Variable != "CLERK_SECRET_KEY" ||
		f.Instance != "clerk.example.org" || f.Browser || f.Allowed {
		t.Errorf("first: %+v", f)
	}
	if f := got[1]; f.Environment != detect.Test || f.Place.Line != 4 || !f.Browser || !f.Allowed || f.Variable != "VITE_CLERK_SECRET_KEY" || f.Instance != "" {
		t.Errorf("second: %+v", f)
	}
}

func TestScanKeyless(t *testing.T) {
	t.Parallel()
	text := detecttest.KeylessJSON(3, "proper-newt-12.clerk.accounts.dev")
	got := detect.New(detect.Options{}).Scan(t.Context(), ".clerk/.tmp/keyless.json", []byte(text))
	if len(got) == 0 || got[0].Dashboard != detecttest.APIKeysURL(3) || got[0].Instance != "proper-newt-12.clerk.accounts.dev" ||
		!strings.Contains(got[0].Reasons[0].String(), ".clerk/") {
		t.Errorf("%+v", got)
	}
}

// TestEverySeedIsFound reads many credentials of each kind: none may be lost to what stands in it by chance.
func TestEverySeedIsFound(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	for kind, line := range map[detect.Kind]func(seed int64) (line, secret string){
		detect.SecretKey:         assigned("KEY", func(s int64) string { return detecttest.Key(s, detect.Live) }),
		detect.LegacyAPIKey:      assigned("CLERK_API_KEY", func(s int64) string { return detecttest.LegacyKey(s, detect.Test) }),
		detect.WebhookSecret:     assigned("CLERK_WEBHOOK_SECRET", detecttest.WebhookSecret),
		detect.MachineSecretKey:  assigned("CLERK_MACHINE_SECRET_KEY", detecttest.MachineSecretKey),
		detect.PlatformAPIKey:    assigned("CLERK_PLATFORM_API_KEY", detecttest.PlatformAPIKey),
		detect.APIKey:            assigned("CLERK_USER_API_KEY", detecttest.APIKey),
		detect.OAuthClientSecret: assigned("CLERK_OAUTH_CLIENT_SECRET", detecttest.OAuthClientSecret),
		detect.EncryptionKey:     assigned("CLERK_ENCRYPTION_KEY", detecttest.EncryptionKey),
		detect.ClaimURL: func(s int64) (line, secret string) {
			return "claim " + detecttest.ClaimURL(s), detecttest.ClaimToken(s)
		},
	} {
		for seed := range int64(5000) {
			text, secret := line(seed)
			got := s.Scan(t.Context(), "", []byte(text+"\n"))
			if len(got) != 1 || got[0].Kind != kind || got[0].Secret.Reveal() != secret {
				t.Errorf("%s of seed %d: %d findings", kind, seed, len(got))
			}
		}
	}
}

func assigned(name string, key func(int64) string) func(int64) (line, secret string) {
	return func(seed int64) (line, secret string) {
		secret = key(seed)
		return name + "=" + secret, secret
	}
}
