package destination_test

import (
	"testing"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

func TestQuote(t *testing.T) {
	t.Parallel()
	key := detecttest.Key(1, detect.Live)
	for said, want := range map[string]string{
		"it failed.\n\n  Because of this. \n":    "it failed. Because of this",
		"\x1b[31m✘ \x1b[1;97mERROR\x1b[0m \x1b[": "✘ ERROR",
		"red \x07text":                "red ·text",
		"the value was " + key[10:20]: "",
		"sk_live_ is no prefix":       "",
	} {
		if got := destination.Quote(said, detect.NewSecret(key)); got != want {
			t.Errorf("%q: %q, want %q", said, got, want)
		}
	}
}
