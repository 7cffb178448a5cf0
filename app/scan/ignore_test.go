package scan

import (
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
)

func TestIgnoreFile(t *testing.T) {
	t.Parallel()
	secret := detect.NewSecret("a credential")
	i, err := parseIgnore(".rekeyignore", strings.NewReader("\ufeff# a comment\r\n\r\n"+strings.ToUpper(secret.Fingerprint())+"  # why\r\ntestdata/\n*.pem\na#b\nbackup.zip!app/*\n"))
	if err != nil {
		t.Fatal(err)
	}
	all := ignores{base: i}
	for path, want := range map[string]bool{
		"testdata/a": true, "testdata/a/b": true, "x/testdata": false, "a.pem": true, "x/y/a.pem": true, "a.pem.txt": false,
		"a#b": true, "a": false, "backup.zip!app/.env": true,
	} {
		file, member, _ := strings.Cut(path, "!")
		h := Hit{File: file, Finding: detect.Finding{Member: member, Secret: detect.NewSecret("another")}}
		if got := all.matches(h); got != want {
			t.Errorf("%s: ignored %v, want %v", path, got, want)
		}
	}
	if !all.matches(Hit{File: "anything", Finding: detect.Finding{Secret: secret}}) {
		t.Error("the fingerprint is not ignored")
	}
	for _, wrong := range []string{"[a", "!x", strings.Repeat("x", 1<<17)} {
		if _, err := parseIgnore(".rekeyignore", strings.NewReader("fine\n"+wrong)); err == nil || !strings.Contains(err.Error(), ".rekeyignore") {
			t.Errorf("%.20q: error %v", wrong, err)
		}
	}
}

func TestEscapes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain ä 漢 €":           "plain ä 漢 €",
		"a\u202eb\u200b\u0085c": `a\u202eb\u200b\u0085c`,
		"\x7f\U000e0001":        `\u007f\udb40\udc01`,
		"a\nb":                  "a\nb", // JSON's own
	} {
		if got := string(escapeHarmful([]byte(text))); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	if got := Printable("a\nb\tc\x1b\xff\u202e\u200bä"); got != "a·b c····ä" {
		t.Errorf("%q", got)
	}
}
