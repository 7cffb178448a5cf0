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
