package detect_test

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// drawClaim draws a claim token as the SDKs, the clerk command and logs have it.
func drawClaim(t *rapid.T) (token string, p piece) {
	seed := rapid.Int64().Draw(t, "seed")
	token = detecttest.ClaimToken(seed)
	text := rapid.SampledFrom([]string{
		`{"claimToken":"TOKEN","createdAt":"2026-01-02T03:04:05.000Z"}`,
		"{\n  \"claimToken\": \"TOKEN\",\n  \"createdAt\": \"2026-01-02T03:04:05.000Z\"\n}\n",
		`{"createdAt":"2026-01-02T03:04:05.000Z","claimToken":"TOKEN"}`,
		`{"claimUrl":"https://dashboard.clerk.com/apps/claim?token=TOKEN"}`,
		`{"claimUrl":"https:\/\/dashboard.clerk.com\/apps\/claim?token=TOKEN"}`,
		"2026-01-02 [clerk] open https://dashboard.clerk.com/apps/claim?token=TOKEN\n",
		"https://dashboard.clerk.com/apps/claim?token=TOKEN&return_url=http%3A%2F%2Flocalhost\n",
		"open https://dashboard.clerk.com/apps/claim?utm_source=cli&token=TOKEN\n",
		`{"url":"https://dashboard.clerk.com/apps/claim?return_url=http%3A%2F%2Flocalhost&token=TOKEN"}`,
	}).Draw(t, "text")
	before, behind, _ := strings.Cut(text, "TOKEN")
	return token, piece{before + token + behind, len(before), len(before) + len(token)}
}

// TestClaimHasOtherParameters finds the token behind other parameters of the same URL, and none behind its end.
func TestClaimHasOtherParameters(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	token := detecttest.ClaimToken(7)
	for url, want := range map[string]int{
		"https://dashboard.clerk.com/apps/claim?utm=x&token=":                              1,
		"https://dashboard.clerk.com/apps/claim?a=1&amp;b=&amp;token=":                     1,
		"https://dashboard.clerk.com/apps/claim?a=1\\u0026token=":                          1,
		"https://dashboard.clerk.com/apps/claim?my_token=":                                 0,
		"https://dashboard.clerk.com/apps/claim?a=1 &token=":                               0,
		"https://dashboard.clerk.com/apps/claim?a=" + strings.Repeat("x", 400) + "&token=": 0,
	} {
		if found := s.Scan(t.Context(), "a.log", []byte(url+token+"\n")); len(found) != want {
			t.Errorf("%s…: %d found, want %d", url, len(found), want)
		}
	}
}

// claimInBase64 is what base64 of a claim token is found by, where no line end tears it.
var claimInBase64 = regexp.MustCompile("Y2xhaW|NsYWlt|jbGFpb")

func TestEveryEncodingOfClaimsIsFound(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	encoders := wholeEncoders()
	for _, outer := range encoders[:2] {
		for _, inner := range encoders[4:] {
			encoders = append(encoders, encoder{outer.name + "+" + inner.name, func(t *rapid.T, p piece) piece { return outer.write(t, inner.write(t, p)) }})
		}
	}
	for _, e := range encoders {
		t.Run(e.name, rapid.MakeCheck(func(t *rapid.T) {
			token, p := drawClaim(t)
			if strings.Contains(e.name, "+utf-16") {
				return // base64 of UTF-16 has nothing to look for
			}
			if strings.HasPrefix(e.name, "utf-16") {
				p = e.write(t, surround(t, p))
			} else {
				p = surround(t, e.write(t, p))
			}
			if strings.HasPrefix(e.name, "base64") && !claimInBase64.MatchString(p.text) {
				return // a line end within it leaves nothing to look for
			}
			mustFind(t, s, p, token, e.name)
		}))
	}
}

// TestClaimIsMedium holds what is said of a claim token, whatever holds it.
func TestClaimIsMedium(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	kept := `{"claimToken":"` + detecttest.ClaimToken(1) + `","createdAt":"2026-01-02T03:04:05.000Z"}` + "\n"
	url := strings.Repeat("2026-01-02 [clerk] nothing to tell\n", 50) + `{"claimUrl":"` + detecttest.ClaimURL(1) + `"}` + "\n"
	for _, text := range []string{kept, url} {
		for name, content := range map[string]string{
			"plain": text, "gzip": gzipped(t, text), "zip": zipped(t, "app/kept.json", text), "tar.gz": gzipped(t, tarred(t, "app/kept.json", text)),
			"base64": base64.StdEncoding.EncodeToString([]byte(text)), "base64 of gzip": "data: " + base64.StdEncoding.EncodeToString([]byte(gzipped(t, text))),
			"percent": strings.NewReplacer(`"`, "%22", "{", "%7B", ":", "%3A", ",", "%2C", "/", "%2F", "?", "%3F", "=", "%3D").Replace(text),
			"JSON":    strings.NewReplacer(`"`, `\"`, "=", `\u003d`).Replace(text),
			"UTF-16":  encodeAs(t, "utf16", text),
		} {
			found := s.Scan(t.Context(), "backup/"+strings.ReplaceAll(name, " ", "-"), []byte(content))
			if len(found) != 1 || found[0].Kind != detect.ClaimURL || found[0].Confidence != detect.MediumConfidence ||
				found[0].Severity != detect.MediumSeverity || found[0].Secret.Reveal() != detecttest.ClaimToken(1) {
				t.Errorf("%s: %d findings, want one claim URL of medium confidence", name, len(found))
			}
		}
	}
}
