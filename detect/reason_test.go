package detect_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// TestEveryReasonHasItsText: no two codes read alike, and what a reason is about is in its text.
func TestEveryReasonHasItsText(t *testing.T) {
	t.Parallel()
	about := []detect.ReasonCode{detect.AssignedTo, detect.AssignedToOther, detect.AssignedToOtherToo, detect.PublishableKeyInFile, detect.ClerkInFile, detect.WrongLength}
	seen := map[string]detect.ReasonCode{}
	for code := detect.AssignedTo; code <= detect.ClerkRepository; code++ {
		text := detect.Reason{Code: code, Of: "NAME"}.String()
		if text == "" || strings.Contains(text, "%") || strings.Contains(text, "NAME") != slices.Contains(about, code) {
			t.Errorf("reason %d reads %q", code, text)
		}
		if other, is := seen[text]; is {
			t.Errorf("reasons %d and %d both read %q", code, other, text)
		}
		seen[text] = code
	}
}

// TestPathsGiveTheirReasonOnce judges findings by their path twice. The reason that the path settles goes, the others stay.
func TestPathsGiveTheirReasonOnce(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	for _, c := range []struct {
		text, path string
		want       []detect.ReasonCode
	}{
		{"key = " + detecttest.Key(1, detect.Live) + "\n", ".clerk/.tmp/keyless.json", []detect.ReasonCode{detect.ClerkFolder, detect.RightLength}},
		{"VITE_KEY=" + detecttest.Key(1, detect.Live) + "\n", "clerk/notes", []detect.ReasonCode{detect.ClerkPath, detect.RightLength, detect.BrowserVariable}},
		{"VITE_SECRET=" + detecttest.WebhookSecret(1) + "\n", "clerk/webhook.ts", []detect.ReasonCode{detect.ClerkPath, detect.BrowserVariable}},
		{"import svix\nSECRET=" + detecttest.WebhookSecret(1) + "\n", "clerk/hooks.ts", []detect.ReasonCode{detect.ClerkPath, detect.SvixInFile}},
	} {
		found := s.Scan(t.Context(), "", []byte(c.text))
		if len(found) != 1 {
			t.Fatalf("%s: %d findings", c.path, len(found))
		}
		f, _ := found[0].At(c.path)
		f, ok := f.At(c.path)
		var codes []detect.ReasonCode
		for _, r := range f.Reasons {
			codes = append(codes, r.Code)
		}
		if !ok || !slices.Equal(codes, c.want) {
			t.Errorf("%s: %q", c.path, f.Reasons)
		}
	}
}

// TestRemovedLinesSayWhatElseSpeaksAgainstThem: that a diff removes the line comes first, and hides no other reason.
func TestRemovedLinesSayWhatElseSpeaksAgainstThem(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{Malformed: true})
	key := detecttest.Key(1, detect.Live)
	for line, want := range map[string][]detect.ReasonCode{
		"CLERK_SECRET_KEY=" + key:      {detect.RemovedLine, detect.AssignedTo, detect.RightLength},
		"STRIPE_KEY=" + key:            {detect.RemovedLine, detect.AssignedToOther, detect.RightLength},
		"CLERK_SECRET_KEY=" + key[:47]: {detect.RemovedLine, detect.WrongLength, detect.AssignedTo},
	} {
		found := s.Scan(t.Context(), "", []byte("@@ -1,2 +1 @@\n a\n-"+line+"\n"))
		var codes []detect.ReasonCode
		for _, f := range found {
			for _, r := range f.Reasons {
				codes = append(codes, r.Code)
			}
		}
		if len(found) != 1 || found[0].Confidence != detect.LowConfidence || !slices.Equal(codes, want) {
			t.Errorf("%s…: %d findings, %v, want %v", line[:12], len(found), codes, want)
		}
	}
}
