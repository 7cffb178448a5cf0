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
		"it failed.\n\n  Because of this. \n": "it failed. Because of this",
		"red \x1b[31mtext":                    "red ·[31mtext",
		"the value was " + key[10:20]:         "",
		"sk_live_ is no prefix":               "",
	} {
		if got := destination.Quote(said, detect.NewSecret(key)); got != want {
			t.Errorf("%q: %q, want %q", said, got, want)
		}
	}
}
