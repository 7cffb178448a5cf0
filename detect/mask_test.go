package detect_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

const removed = "(removed)"

func masking(detect.Finding) string { return removed }

// TestMask: everything but the keys stays as it is, and what can't be replaced alone leaves the text alone.
func TestMask(t *testing.T) {
	t.Parallel()
	live, test, webhook := detecttest.Key(1, detect.Live), detecttest.Key(2, detect.Test), detecttest.WebhookSecret(3)
	half := len(live) / 2
	scanner := detect.New(detect.Options{})
	for name, tt := range map[string]struct {
		text   string
		places int
		exact  bool
	}{
		"one":                     {"key: " + live + "\n", 1, true},
		"twice":                   {live + " and again " + live, 2, true},
		"several":                 {"A=" + live + "\nB=" + test + "\nC=" + webhook + "\n", 3, true},
		"CRLF":                    {"a\r\nCLERK_SECRET_KEY=" + live + "\r\n\r\nb", 1, true},
		"a code block":            {"```env\nCLERK_SECRET_KEY=" + live + "\n```", 1, true},
		"an unfinished one":       {"```env\nCLERK_SECRET_KEY=" + live, 1, true},
		"a reply by email":        {"> On Monday ada wrote:\r\n> > " + live + "\r\n>\r\n> thanks", 1, true},
		"other scripts":           {"ключ: " + live + " 密钥 🔑\u200d" + live + "é", 2, true},
		"JSON":                    {`{"secretKey":"` + live + `"}`, 1, true},
		"nothing":                 {"The key begins with sk_live_, right?", 0, true},
		"many times":              {strings.Repeat(live+"\n", 500), 500, true},
		"base64":                  {"a: " + base64.StdEncoding.EncodeToString([]byte("CLERK_SECRET_KEY="+live)), 0, false},
		"as it is and in base64":  {live + "\n" + base64.StdEncoding.EncodeToString([]byte("CLERK_SECRET_KEY="+live)), 0, false},
		"joined":                  {`const key = "` + live[:half] + `" + "` + live[half:] + `"`, 0, false},
		"escaped":                 {`CLERK_SECRET_KEY="` + live[:half] + `\u00` + fmt.Sprintf("%02x", live[half]) + live[half+1:] + `"`, 0, false},
		"one that can't, one can": {webhook + "\n" + `const key = "` + live[:half] + `" + "` + live[half:] + `"`, 0, false},
	} {
		got, places, exact := scanner.Mask(t.Context(), tt.text, masking)
		if places != tt.places || exact != tt.exact {
			t.Errorf("%s: %d places, exact %v; want %d, %v", name, places, exact, tt.places, tt.exact)
		}
		want := tt.text
		if tt.exact {
			want = strings.NewReplacer(live, removed, test, removed, webhook, removed).Replace(tt.text)
		}
		if got != want {
			t.Errorf("%s: something else was changed", name)
		}
	}
	stays := func(f detect.Finding) string {
		if f.Environment == detect.Test {
			return ""
		}
		return removed
	}
	if got, n, exact := scanner.Mask(t.Context(), live+" "+test, stays); got != removed+" "+test || n != 1 || !exact {
		t.Errorf("%d places, exact %v, and not the one of two", n, exact)
	}
}

// TestMaskTouchesNothingElse: of any text with keys in it the rest is the same byte for byte, and nothing is found any more.
func TestMaskTouchesNothingElse(t *testing.T) {
	t.Parallel()
	scanner := detect.New(detect.Options{})
	part := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"\r\n", "```\n", "> ", "\t", "é", "🔑", "<!--", "\x00", " = ", `"`, "(", "sk_live_", "\n\n"}))
	rapid.Check(t, func(t *rapid.T) {
		keys := []string{detecttest.Key(1, detect.Live), detecttest.Key(2, detect.Test), detecttest.WebhookSecret(3), detecttest.LegacyKey(4, detect.Live)}
		var text strings.Builder
		for range rapid.IntRange(1, 6).Draw(t, "keys") {
			between := part.Draw(t, "text")
			key := rapid.SampledFrom(keys).Draw(t, "key")
			text.WriteString(between + " " + key + " ")
		}
		found := scanner.Scan(t.Context(), "", []byte(text.String()))
		got, _, exact := scanner.Mask(t.Context(), text.String(), masking)
		if !exact {
			if got != text.String() {
				t.Fatal("not exact, and yet changed")
			}
			return
		}
		if left := scanner.Scan(t.Context(), "", []byte(got)); len(left) > 0 {
			t.Fatalf("%d found in what was masked", len(left))
		}
		values := map[string]bool{}
		for _, f := range found {
			values[f.Secret.Reveal()] = true
		}
		back := text.String()
		for _, key := range keys {
			if values[key] {
				back = strings.ReplaceAll(back, key, removed)
			}
		}
		if got != back {
			t.Fatal("something else was changed")
		}
		if len(values) > 0 && got == text.String() {
			t.Fatal("nothing was changed")
		}
	})
}

// FuzzMask: whatever a text is, masking leaves nothing to be found, or the text as it was.
func FuzzMask(f *testing.F) {
	key := detecttest.Key(1, detect.Live)
	f.Add("CLERK_SECRET_KEY=\x00\r\n```")
	f.Add("> > \x00\n\"\x00\" + \"\x00\"")
	f.Add("\xff\xfe\x00")
	scanner := detect.New(detect.Options{})
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ReplaceAll(text, "\x00", key)
		masked, _, exact := scanner.Mask(t.Context(), text, masking)
		switch {
		case !exact && masked != text:
			t.Fatal("changed, though not exactly")
		case exact && len(scanner.Scan(t.Context(), "", []byte(masked))) > 0:
			t.Fatal("something is left")
		}
	})
}
