package detect_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"pgregory.net/rapid"
)

// others are the credentials that are no secret keys, by the name of the variable that they stand in.
func others() map[string]func(int64) string {
	values := named()
	values["CLERK_WEBHOOK_SIGNING_SECRET"], values["WEBHOOK_SECRET"] = detecttest.WebhookSecret, detecttest.WebhookSecret
	return values
}

// TestTwiceEncodedIsFound is for base64 of base64 of what is no secret key, on one line each.
func TestTwiceEncodedIsFound(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	values := others()
	whole := wholeEncoders()[:2]
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(slices.Sorted(maps.Keys(values))).Draw(t, "name")
		value := values[name](rapid.Int64().Draw(t, "seed"))
		before := rapid.StringOfN(rapid.SampledFrom([]rune("ab=\n")), 0, 80, -1).Draw(t, "before") + "\n" + name + "="
		if strings.HasPrefix(name, "WEBHOOK") {
			before = "clerk:\n" + before
		}
		p := piece{before + value + "\nPORT=3000\n", len(before), len(before) + len(value)}
		p = rapid.SampledFrom(whole).Draw(t, "inner").write(t, p)
		if rapid.Bool().Draw(t, "outer text") {
			p = surround(t, p)
		}
		p = rapid.SampledFrom(whole).Draw(t, "outer").write(t, p)
		mustFind(t, s, surround(t, p), value, "base64")
	})
}

// TestTwiceWrappedIsFound: a line end may tear what is looked for of one credential, but not of all that a file holds.
func TestTwiceWrappedIsFound(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	values := others()
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Int64().Draw(t, "seed")
		var file strings.Builder
		var want []string
		for i, name := range slices.Sorted(maps.Keys(values)) {
			value := values[name](seed + int64(i))
			want = append(want, value)
			fmt.Fprintf(&file, "%s=%s\n", name, value)
		}
		p := wrappedBase64(t, wrappedBase64(t, piece{file.String(), 0, 1}))
		var got []string
		for _, f := range s.Scan(t.Context(), "", []byte(p.text)) {
			got = append(got, f.Secret.Reveal())
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%d findings, want these %d, in %q", len(got), len(want), p.text)
		}
	})
}

// TestShortPrefixInBase64IsFound: ak_ is too short to be looked for alone at two of the three alignments.
func TestShortPrefixInBase64IsFound(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	looked := regexp.MustCompile("YWtf|[GWm2]FrX|ha1[89]")
	rapid.Check(t, func(t *rapid.T) {
		key := detecttest.PlatformAPIKey(rapid.Int64().Draw(t, "seed"))
		before := rapid.SampledFrom([]string{"# Clerk\n", "clerk,", "Clerk\n\n"}).Draw(t, "before") +
			strings.Repeat(" ", rapid.IntRange(0, 3).Draw(t, "more")) + rapid.SampledFrom([]string{"", "'", "key: "}).Draw(t, "operator")
		p := piece{before + key + "\n", len(before), len(before) + len(key)}
		if rapid.Bool().Draw(t, "wrapped") {
			p = wrappedBase64(t, p)
		} else {
			p = wholeEncoders()[rapid.IntRange(0, 1).Draw(t, "alphabet")].write(t, p)
		}
		if !looked.MatchString(p.text) {
			return // a line end within the four characters leaves nothing to look for
		}
		mustFind(t, s, surround(t, p), key, "base64")
	})
}
