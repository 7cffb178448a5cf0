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
		!strings.Contains(got[0].Reasons[0], ".clerk/") {
		t.Errorf("%+v", got)
	}
}
