package detect_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

func TestRedactLeavesNoKeyWhereverItStands(t *testing.T) {
	t.Parallel()
	key := detecttest.Key(1, detect.Live)
	other := detecttest.Key(2, detect.Test)
	scanner := detect.New(detect.Options{})
	for _, text := range []string{
		key, "CLERK_SECRET_KEY=" + key, "f-" + key, "v" + key, "k8s/" + key + "/deploy.yaml", key + "=" + other, "_" + key + "_",
		key + key, `{"ref":"refs/heads/f-` + key + `","message":"Set A=` + other + `\n"}`,
	} {
		got := scanner.RedactString(t.Context(), text)
		for _, k := range []string{key, other} {
			if strings.Contains(got, k[len("sk_live_"):]) {
				t.Errorf("%d bytes: a key is left", len(text))
			}
		}
		if json.Valid([]byte(text)) != json.Valid([]byte(got)) {
			t.Errorf("JSON did not stay JSON: %s", got)
		}
	}
	for _, text := range []string{"", "nothing here", "sk_live_short", "break_this_long_name_at_every_dash", detect.NewSecret(key).Redacted()} {
		if got := scanner.RedactString(t.Context(), text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// TestRedactWithholdsWhatItCannotSearch: a text that takes too much work, or longer than its context, is not given away; and
// what is packed in it is not unpacked.
func TestRedactWithholdsWhatItCannotSearch(t *testing.T) {
	t.Parallel()
	scanner := detect.New(detect.Options{})
	junk := strings.Repeat(`mFrX\n`, 200_000)
	if got := scanner.RedactString(t.Context(), junk); got != detect.Withheld {
		t.Errorf("%d bytes of junk became %.60q", len(junk), got)
	}
	short := strings.Repeat("c2tfbGl2ZV8 ", 1000)
	if got := scanner.RedactString(t.Context(), short); got != short {
		t.Errorf("became %.60q", got)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got := scanner.RedactString(ended, short); got != detect.Withheld {
		t.Errorf("behind the end of its time it became %.60q", got)
	}
	if got := scanner.RedactString(ended, "a short name"); got != "a short name" {
		t.Errorf("became %.60q", got)
	}
	comment := strings.Repeat(zeros45MB+"\n", 900)
	if got := scanner.RedactString(t.Context(), comment); got != comment {
		t.Errorf("a comment with compressed files became %.60q", got)
	}
}
