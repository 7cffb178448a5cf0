package detect_test

import (
	"encoding/base64"
	"encoding/hex"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what was found into testdata/found")

// placeholder is {{kind:argument}}, or {{encoding|kind:argument}}.
var placeholder = regexp.MustCompile(`\{\{([a-z0-9|-]+)(?::([^{}]*))?\}\}`)

// expand puts credentials, look-alikes and characters that cannot be seen into a test text. It returns the secrets among
// them, in order.
func expand(t *testing.T, text string) (string, []string) {
	t.Helper()
	var secrets []string
	text = strings.ReplaceAll(text, "{{trim}}\n", "")
	out := placeholder.ReplaceAllStringFunc(text, func(s string) string {
		m := placeholder.FindStringSubmatch(s)
		steps := strings.Split(m[1], "|")
		kind, arg := steps[len(steps)-1], m[2]
		value, secret := generate(t, kind, arg)
		if secret != "" {
			secrets = append(secrets, secret)
		}
		for i := len(steps) - 2; i >= 0; i-- {
			value = encodeAs(t, steps[i], value)
		}
		return value
	})
	return out, secrets
}

func generate(t *testing.T, kind, arg string) (value, secret string) {
	t.Helper()
	seed, _ := strconv.ParseInt(arg, 10, 64)
	one := func(s string) (string, string) { return s, s }
	switch kind {
	case "live", "test":
		return one(detecttest.Key(seed, detect.Environment(kind)))
	case "env": // a whole file
		key := detecttest.Key(seed, detect.Test)
		return "PORT=3000\nCLERK_SECRET_KEY=" + key + "\nDEBUG=1\n", key
	case "env-encryption", "env-machine": // one without a secret key
		name, value := "CLERK_ENCRYPTION_KEY", detecttest.EncryptionKey(seed)
		if kind == "env-machine" {
			name, value = "CLERK_MACHINE_SECRET_KEY", detecttest.MachineSecretKey(seed)
		}
		return "PORT=3000\n" + name + "=" + value + "\n", value
	case "lf": // with the line end that echo adds
		key := detecttest.Key(seed, detect.Live)
		return key + "\n", key
	case "legacy-live", "legacy-test":
		return one(detecttest.LegacyKey(seed, detect.Environment(kind[7:])))
	case "webhook":
		return one(detecttest.WebhookSecret(seed))
	case "machine":
		return one(detecttest.MachineSecretKey(seed))
	case "platform":
		return one(detecttest.PlatformAPIKey(seed))
	case "apikey":
		return one(detecttest.APIKey(seed))
	case "oauth":
		return one(detecttest.OAuthClientSecret(seed))
	case "encryption":
		return one(detecttest.EncryptionKey(seed))
	case "base64-key", "base64-short": // as openssl rand -base64 makes them
		raw, err := hex.DecodeString(detecttest.EncryptionKey(seed))
		if err != nil {
			t.Fatal(err)
		}
		if kind == "base64-short" {
			raw = raw[:16]
		}
		return one(base64.StdEncoding.EncodeToString(raw))
	case "claim":
		return detecttest.ClaimURL(seed), detecttest.ClaimToken(seed)
	case "token":
		return one(detecttest.ClaimToken(seed))
	// What is no secret.
	case "likeness": // a secret key where none must be found
		return detecttest.Key(seed, detect.Live), ""
	case "webhook-likeness":
		return detecttest.WebhookSecret(seed), ""
	case "pk-live", "pk-test":
		return detecttest.PublishableKey(detect.Environment(kind[3:]), arg), ""
	case "page":
		return detecttest.APIKeysURL(seed), ""
	case "id":
		return detecttest.ID(7, arg), ""
	case "rid":
		return detecttest.ResourceID(7, arg), ""
	case "base62", "digits", "lowerhex", "upperhex", "urlsafe", "std", "lowernum", "lower":
		n, seed, _ := strings.Cut(arg, ":")
		length, err := strconv.Atoi(n)
		if err != nil {
			t.Fatalf("length in %s:%s: %v", kind, arg, err)
		}
		s, _ := strconv.ParseInt(seed, 10, 64)
		lower, digits := "abcdefghijklmnopqrstuvwxyz", "0123456789"
		alphabet := map[string]string{
			"base62": strings.ToUpper(lower) + lower + digits, "digits": digits, "lowerhex": digits + "abcdef", "upperhex": digits + "ABCDEF",
			"urlsafe": strings.ToUpper(lower) + lower + digits + "-_", "std": strings.ToUpper(lower) + lower + digits + "+/",
			"lowernum": lower + digits, "lower": lower,
		}[kind]
		return detecttest.Random(s, alphabet, length), ""
	case "sk", "sk-live": // a prefix, apart from what follows it
		return map[string]string{"sk": "sk_" + "test_", "sk-live": "sk_" + "live_"}[kind], ""
	case "text":
		return arg, ""
	case "cr":
		return "\r", ""
	case "nothing":
		return "", ""
	}
	t.Fatalf("no placeholder %s", kind)
	return "", ""
}

func encodeAs(t *testing.T, encoding, s string) string {
	t.Helper()
	switch encoding {
	case "base64":
		return base64.StdEncoding.EncodeToString([]byte(s))
	case "base64url":
		return base64.RawURLEncoding.EncodeToString([]byte(s))
	case "hex":
		return hex.EncodeToString([]byte(s))
	case "utf16":
		var b strings.Builder
		for _, c := range []byte(s) {
			b.WriteByte(c)
			b.WriteByte(0)
		}
		return b.String()
	case "percent":
		return strings.ReplaceAll(url.QueryEscape(s), "_", "%5F")
	case "markdown":
		return strings.ReplaceAll(s, "_", `\_`)
	case "unicode":
		return strings.ReplaceAll(s, "_", `\u005f`)
	case "halves":
		return s[:20] + `" + "` + s[20:]
	case "mime":
		return wrapAt(s, 76, "\r\n")
	case "pem":
		return wrapAt(s, 64, "\n    ")
	case "soft": // as quoted-printable breaks a line
		return s[:22] + "=\n" + s[22:]
	case "first": // cut short
		return s[:len(s)-1]
	}
	t.Fatalf("no encoding %s", encoding)
	return ""
}

func wrapAt(s string, width int, sep string) string {
	var b strings.Builder
	for i := 0; i < len(s); i += width {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(s[i:min(len(s), i+width)])
	}
	return b.String()
}

// TestContexts reads the files of testdata/found, where each secret must be found, with what is said of it in the file
// named want.
func TestContexts(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	for _, name := range archives(t, "found") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			want := ""
			for _, f := range a.Files {
				if f.Name == "want" {
					want = string(f.Data)
					continue
				}
				text, secrets := expand(t, string(f.Data))
				found := s.Scan(t.Context(), f.Name, []byte(text))
				missing := map[string]int{}
				for _, secret := range secrets {
					missing[secret]++
				}
				for _, f2 := range found {
					missing[f2.Secret.Reveal()]--
					fmt.Fprintf(&got, "%s:%d:%d %s %s\n", f.Name, f2.Place.Line, f2.Place.Column, describe(f2), strings.Join(f2.Reasons.Texts(), "; "))
				}
				for secret, n := range missing {
					if n != 0 {
						t.Errorf("%s: %v: %d times too few", f.Name, detect.NewSecret(secret), n)
					}
				}
				checkAt(t, s, f.Name, text, found)
			}
			if *update {
				setFile(a, "want", got.String())
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got.String()); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// checkAt checks that a path that is told later gives the same findings.
func checkAt(t *testing.T, s *detect.Scanner, path, text string, found []detect.Finding) {
	t.Helper()
	var later []string
	for _, f := range s.Scan(t.Context(), "", []byte(text)) {
		if f, ok := f.At(path); ok {
			later = append(later, describe(f)+strings.Join(f.Reasons.Texts(), ";"))
		}
	}
	var now []string
	for _, f := range found {
		now = append(now, describe(f)+strings.Join(f.Reasons.Texts(), ";"))
	}
	if diff := cmp.Diff(now, later); diff != "" {
		t.Errorf("%s: findings without a path, then At (-Scan +At):\n%s", path, diff)
	}
}

// describe gives everything of a finding but its place and reasons.
func describe(f detect.Finding) string {
	s := fmt.Sprintf("%s %s %s %s %s", f.Kind, f.Environment, f.Severity, f.Confidence, f.Encoding)
	for _, field := range []struct{ name, value string }{
		{"variable", f.Variable}, {"instance", f.Instance}, {"dashboard", f.Dashboard}, {"member", f.Member},
	} {
		if field.value != "" {
			s += " " + field.name + "=" + field.value
		}
	}
	if f.Browser {
		s += " browser"
	}
	if f.Allowed {
		s += " allowed"
	}
	return strings.Join(strings.Fields(s), " ")
}

// TestLookalikes reads the files of testdata/none, where nothing must be found.
func TestLookalikes(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	for _, name := range archives(t, "none") {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			text, _ := expand(t, string(f.Data))
			for _, found := range s.Scan(t.Context(), f.Name, []byte(text)) {
				t.Errorf("%s: %s:%d: %s: %s", name, f.Name, found.Place.Line, describe(found), strings.Join(found.Reasons.Texts(), "; "))
			}
		}
	}
}

func archives(t *testing.T, folder string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", folder, "*.txtar"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no archives in testdata/%s: %v", folder, err)
	}
	return names
}

func setFile(a *txtar.Archive, name, data string) {
	for i := range a.Files {
		if a.Files[i].Name == name {
			a.Files[i].Data = []byte(data)
			return
		}
	}
	a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(data)})
}
