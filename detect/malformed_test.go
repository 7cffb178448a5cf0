package detect_test

import (
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

func TestMalformed(t *testing.T) {
	t.Parallel()
	const base62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	key := func(n int) string { return "sk_" + "live_" + detecttest.Random(int64(n), base62, n) }
	hex := "sk_" + "live_" + detecttest.Random(1, "0123456789abcdef", 40)
	off, on := detect.New(detect.Options{}), detect.New(detect.Options{Malformed: true})
	for _, test := range []struct {
		text, reason string // no reason: none is found
	}{
		{"CLERK_SECRET_KEY=" + key(41), "has 41 characters"},
		{"CLERK_SECRET_KEY=\"" + key(43) + "\"\n", "has 43 characters"},
		{"CLERK_SECRET_KEY=" + key(36) + " # short", "has 36 characters"},
		{"CLERK_SECRET_KEY=" + key(60), "has 60 characters"},
		{"key: " + key(40) + " # for Clerk", "has 40 characters"},
		{"CLERK_SECRET_KEY=\"" + key(41)[:20] + "\" + \"" + key(41)[20:] + "\"", "has 41 characters"},
		{"clerk = sk%5Flive%5F" + key(44)[8:], "has 44 characters"},
		{"CLERK_SECRET_KEY=" + encodeAs(t, "base64", key(45)+"\n"), "has 45 characters"},
		{"-CLERK=1\nkey: " + key(41), ""},
		{"key: " + key(43) + " # for Clerk", ""}, // Knock's have this length
		{"CLERK_SECRET_KEY=" + key(35), ""},
		{"CLERK_SECRET_KEY=" + key(61), ""},
		{"CLERK_SECRET_KEY=" + key(41) + "-", ""},
		{"CLERK_SECRET_KEY=x" + key(41), ""},
		{"CLERK_SECRET_KEY=" + hex, ""}, // Paystack
		{"STRIPE_KEY=" + key(41) + " # not Clerk's", ""},
		{"CLERK_SECRET_KEY=" + key(41)[:8] + "51" + key(41)[10:], ""},
		{"CLERK_SECRET_KEY=" + key(41)[:8] + "a2V5Xz" + key(41)[14:], ""},
		{"CLERK_SECRET_KEY=" + key(41)[:8] + strings.Repeat("x", 41), ""},
	} {
		if found := off.Scan(t.Context(), "", []byte(test.text)); len(found) > 0 {
			t.Errorf("%q: found without being asked for", test.text)
		}
		found := on.Scan(t.Context(), "", []byte(test.text))
		switch {
		case test.reason == "" && len(found) > 0:
			t.Errorf("%q: %v", test.text, found)
		case test.reason == "":
		case len(found) != 1:
			t.Errorf("%q: %d findings, want 1", test.text, len(found))
		case found[0].Kind != detect.SecretKey || found[0].Confidence != detect.LowConfidence || found[0].Environment != detect.Live ||
			!strings.HasPrefix(found[0].Reasons[0].String(), test.reason):
			t.Errorf("%q: %+v", test.text, found[0])
		}
	}
	whole := "CLERK_SECRET_KEY=" + detecttest.Key(1, detect.Live)
	if found := on.Scan(t.Context(), "", []byte(whole)); len(found) != 1 || found[0].Confidence != detect.HighConfidence {
		t.Errorf("a whole key: %+v", found)
	}
}
