package excerpt

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

func excerptsIn(t *testing.T, text []byte) ([]detect.Finding, []Excerpt) {
	t.Helper()
	found := detect.New(detect.Options{}).Scan(t.Context(), "", text)
	return found, All(bytes.NewReader(text), found)
}

func wide(text string, big bool) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return b
}

func TestExcerpts(t *testing.T) {
	t.Parallel()
	live, test, redacted := detecttest.Key(1, detect.Live), detecttest.Key(2, detect.Test), detect.NewSecret(detecttest.Key(1, detect.Live)).Redacted()
	other := detect.NewSecret(test).Redacted()
	stripe := "sk_" + "live_51" + detecttest.Random(3, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 97)
	for name, c := range map[string]struct {
		text              string
		line              string // of the first finding
		column, endColumn int
	}{
		"plain":              {"A=1\nCLERK_SECRET_KEY=" + live + "\nB=2\n", "CLERK_SECRET_KEY=" + redacted, 18, 68},
		"first and last":     {"CLERK_SECRET_KEY=" + live, "CLERK_SECRET_KEY=" + redacted, 18, 68},
		"CRLF":               {"CLERK_SECRET_KEY=" + live + "\r\nx", "CLERK_SECRET_KEY=" + redacted, 18, 68},
		"two on a line":      {`a("` + live + `", "` + test + `")`, `a("` + redacted + `", "` + other + `")`, 4, 54},
		"umlauts":            {"größe = " + live, "größe = " + redacted, 9, 59},
		"another vendor's":   {"CLERK_SECRET_KEY=" + live + " STRIPE=" + stripe, "CLERK_SECRET_KEY=" + redacted + " STRIPE=sk_live_…", 18, 68},
		"a password":         {"postgres://u:Xk29sLq8Zr41MnBv7@db/ CLERK_SECRET_KEY=" + live, "postgres://u:…@db/ CLERK_SECRET_KEY=" + redacted, 53, 103},
		"controls":           {"\x1b[31m\u202eCLERK_SECRET_KEY=" + live + "\x07", "·[31m·CLERK_SECRET_KEY=" + redacted + "·", 24, 74},
		"base64":             {"data: " + base64.StdEncoding.EncodeToString([]byte("CLERK_SECRET_KEY="+live+"\nDB=hunter2hunter2hunter2")), "data: …" + redacted + "…=", 29, 97},
		"UTF-16":             {string(wide("CLERK_SECRET_KEY="+live+" # it\n", false)), "CLERK_SECRET_KEY=" + redacted + " # it", 19, 69},
		"UTF-16, big endian": {string(wide("\nCLERK_SECRET_KEY="+live+" # it\n", true)), "CLERK_SECRET_KEY=" + redacted + " # it", 18, 68},
		"a long line":        {strings.Repeat("word ", 2000) + live + strings.Repeat(" word", 2000), "… word", 10001, 10051},
		"a longer line":      {strings.Repeat("word ", 5000) + live, "", 0, 0},
	} {
		found, shown := excerptsIn(t, []byte(c.text))
		if len(found) == 0 {
			t.Errorf("%s: nothing found", name)
			continue
		}
		e := shown[0]
		if strings.HasPrefix(c.line, "… word") {
			if !strings.HasPrefix(e.Line, "…") || !strings.Contains(e.Line, " word "+redacted+" word ") || len([]rune(e.Line)) > 150 {
				t.Errorf("%s: %q", name, e.Line)
			}
		} else if c.line != "" && e.Line != c.line {
			t.Errorf("%s: %q, want %q", name, e.Line, c.line)
		}
		if e.Column != c.column || c.endColumn != 0 && e.EndColumn != c.endColumn {
			t.Errorf("%s: columns %d to %d, want %d to %d", name, e.Column, e.EndColumn, c.column, c.endColumn)
		}
	}
}

// TestOtherSecretsAreMasked: what docs/scan.md promises of the lines that are shown.
func TestOtherSecretsAreMasked(t *testing.T) {
	t.Parallel()
	key := detecttest.Key(1, detect.Live)
	redacted := detect.NewSecret(key).Redacted()
	github, aws := "ghp_"+strings.Repeat("a1", 18), "AKIA"+strings.Repeat("EXAM", 4)
	for before, want := range map[string]string{
		"postgres://app:summer@db/shop ":                    "postgres://app:…@db/shop ",
		"redis://:winter@cache ":                            "redis://:…@cache ",
		"https://me:a/b@c@host/ ":                           "https://me:…@host/ ",
		`{pw:"autumn leaves", key:"`:                        `{pw:"…", key:"`,
		"DB_PASSWORD=spring ":                               "DB_PASSWORD=… ",
		`"dbPassword": "spring", "k": "`:                    `"dbPassword": "…", "k": "`,
		`{\"password\":\"spring\",\"k\":\"`:                 `{\"password\":\"…\",\"k\":\"`,
		"access_token: 'short' # ":                          "access_token: '…' # ",
		"STRIPE_SECRET=abc CLERK_SECRET_KEY=":               "STRIPE_SECRET=… CLERK_SECRET_KEY=",
		"mysql --password=spring -k ":                       "mysql --password=… -k ",
		"curl -H 'Authorization: Bearer abcdefgh' -H ":      "curl -H 'Authorization: Bearer …' -H ",
		"id " + aws + " ":                                   "id AKIA… ",
		"git clone https://" + github + "@host ":            "git clone https://ghp_…@host ",
		"openai sk-abcdefghij ":                             "openai sk-… ",
		"slack xoxb-12345678 ":                              "slack xoxb-… ",
		"const secret = process.env.CLERK_SECRET_KEY || \"": "const secret = process.env.CLERK_SECRET_KEY || \"",
		"token: ${{ secrets.TOKEN }} key: ":                 "token: ${{ secrets.TOKEN }} key: ",
		"password=$DB_PASSWORD ":                            "password=$DB_PASSWORD ",
		"PUBLISHABLE=pk_test_abc monkey=banana ":            "PUBLISHABLE=pk_test_abc monkey=banana ",
	} {
		_, shown := excerptsIn(t, []byte(before+key+"\n"))
		if got := strings.TrimSpace(want) + "|"; strings.TrimSuffix(shown[0].Line, redacted) == "" ||
			strings.TrimSpace(strings.TrimSuffix(shown[0].Line, redacted))+"|" != got {
			t.Errorf("%q is shown as %q, want %q", before, shown[0].Line, want+redacted)
		}
	}
	_, shown := excerptsIn(t, []byte("CLERK_SECRET_KEY="+key+" DB_PASSWORD=spring pw: 'summer'\n"))
	if want := "CLERK_SECRET_KEY=" + redacted + " DB_PASSWORD=… pw: '…'"; shown[0].Line != want {
		t.Errorf("%q, want %q", shown[0].Line, want)
	}
}

// TestNoExcerptShowsAKey: whatever stands around it, and however it is written.
func TestNoExcerptShowsAKey(t *testing.T) {
	t.Parallel()
	scanner := detect.New(detect.Options{})
	shown := 0
	rapid.Check(t, func(t *rapid.T) {
		var text []byte
		var keys []string
		for range rapid.IntRange(1, 6).Draw(t, "keys") {
			key := detecttest.Key(rapid.Int64Range(1, 1000).Draw(t, "seed"), rapid.SampledFrom([]detect.Environment{detect.Live, detect.Test}).Draw(t, "environment"))
			keys = append(keys, key)
			stands := rapid.SampledFrom([]string{"", " ", "\n", `"`, "CLERK_SECRET_KEY=", "\r\n", "é", "\x00", "-----\n"}).Draw(t, "before") + key
			switch rapid.SampledFrom([]string{"plain", "base64", "hex", "wide", "joined", "wrapped", "escaped"}).Draw(t, "written") {
			case "base64":
				stands = base64.StdEncoding.EncodeToString([]byte(stands))
			case "hex":
				stands = hex.EncodeToString([]byte(stands))
			case "wide":
				stands = string(wide(stands, false))
			case "joined":
				stands = `"` + key[:20] + "\" +\n  \"" + key[20:] + `"`
			case "wrapped":
				whole := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x=1\n", 20) + stands))
				stands = ""
				for len(whole) > 64 {
					stands += whole[:64] + "\n"
					whole = whole[64:]
				}
				stands += whole
			case "escaped":
				stands = strings.ReplaceAll(stands, "_", `\u005f`)
			}
			text = append(text, stands...)
			text = append(text, rapid.SampledFrom([]string{"", " ", "\n", ";", "\", \"", "\n\n"}).Draw(t, "behind")...)
		}
		found := scanner.Scan(t.Context(), "", text)
		for _, e := range All(bytes.NewReader(text), found) {
			if e.Line != "" {
				shown++
			}
			for _, key := range keys {
				for _, body := range []string{
					key[8:], base64.StdEncoding.EncodeToString([]byte(key[8:]))[:40], hex.EncodeToString([]byte(key[8:])),
				} {
					for at := 0; at+16 <= len(body); at++ {
						if strings.Contains(e.Line, body[at:at+16]) {
							t.Fatalf("%q shows a part of a key", e.Line)
						}
					}
				}
			}
		}
	})
	if shown == 0 {
		t.Error("no line was shown at all")
	}
}
