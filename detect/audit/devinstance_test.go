package audit_test

import (
	"slices"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit"
	"github.com/rekey-app/rekey/detect/audit/audittest"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// TestKeysOfDevelopmentInProduction: keys are told by what they are, not by how they begin.
func TestKeysOfDevelopmentInProduction(t *testing.T) {
	t.Parallel()
	dev, prod := detect.Test, detect.Live
	files := audittest.Files{".env.production": []byte("A=" + detecttest.Key(1, dev) + "\n" +
		"B=" + detecttest.PublishableKey(dev, "clean-mayfly-62.clerk.accounts.dev") + "\n" +
		"C=" + detecttest.Key(2, prod) + "\n" +
		"D=" + detecttest.PublishableKey(prod, "clerk.your-site.com") + "\n" +
		"E=pk_test_\nF=pk_test_ZZZ\nG=sk_test_\nH=sk_test_replace_me\n" +
		"I=" + detecttest.PublishableKey(dev, "example.clerk.accounts.dev") + "\n")}
	result, err := audit.Run(t.Context(), files, audit.Options{Level: audit.All})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		".env.production:1:1 C21 medium production is given the secret key of a development instance",
		".env.production:2:1 C21 medium production is given the publishable key of a development instance",
	}
	if got := lines(result); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
