package config

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond/ledger"
)

func testKeyPEM(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

// valid returns flags that resolve; tests break one of them.
func valid(t *testing.T) Flags {
	return Flags{
		Listen: "127.0.0.1:0", Data: t.TempDir(), GitHubURL: "https://github.com", AppID: "7",
		ClerkAPIURL: "https://api.clerk.com", Log: "info",
		PrivateKey: testKeyPEM(t), WebhookSecret: strings.Repeat("s", 32),
	}
}

func TestResolve(t *testing.T) {
	f := valid(t)
	f.WebhookSecret = strings.Repeat("a", 16) + ", " + strings.Repeat("b", 16)
	c, err := f.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.WebhookSecrets) != 2 {
		t.Errorf("got %d webhook secrets, want 2", len(c.WebhookSecrets))
	}
	if c.DatabaseURL != filepath.Join(f.Data, "rekey.db") {
		t.Errorf("database is %q", c.DatabaseURL)
	}
	if c.GitHubAPIURL != "https://api.github.com" {
		t.Errorf("API %q", c.GitHubAPIURL)
	}
}

func TestErrorsNameTheSettingInOneLine(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	empty := filepath.Join(t.TempDir(), "empty")
	names := filepath.Join(t.TempDir(), "rekey.yml")
	if err := os.WriteFile(names, []byte("notify: [{to: pager}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		breakIt func(*Flags)
		setting string
	}{
		"listen without port":    {func(f *Flags) { f.Listen = "localhost" }, "REKEY_LISTEN"},
		"GitHub URL":             {func(f *Flags) { f.GitHubURL = "git@github.com" }, "REKEY_GITHUB_URL"},
		"API URL":                {func(f *Flags) { f.GitHubAPIURL = "ftp://x" }, "REKEY_GITHUB_API_URL"},
		"Clerk URL":              {func(f *Flags) { f.ClerkAPIURL = "clerk" }, "REKEY_CLERK_API_URL"},
		"no App":                 {func(f *Flags) { f.AppID = "" }, "REKEY_APP_ID"},
		"App is no number":       {func(f *Flags) { f.AppID = "abc" }, "REKEY_APP_ID"},
		"API in the clear":       {func(f *Flags) { f.GitHubAPIURL = "http://github.example.com/api/v3" }, "REKEY_GITHUB_API_URL"},
		"no policy":              {func(f *Flags) { f.PolicyFile = missing }, "REKEY_POLICY_FILE"},
		"policy names no target": {func(f *Flags) { f.PolicyFile = names }, "REKEY_POLICY_FILE"},
		"no targets":             {func(f *Flags) { f.NotifyFile = missing }, "REKEY_NOTIFY_FILE"},
		"no key":                 {func(f *Flags) { f.PrivateKey = "" }, "REKEY_PRIVATE_KEY"},
		"key is no key":          {func(f *Flags) { f.PrivateKey = "nonsense" }, "REKEY_PRIVATE_KEY"},
		"key twice":              {func(f *Flags) { f.PrivateKeyFile = empty }, "REKEY_PRIVATE_KEY"},
		"key file missing":       {func(f *Flags) { f.PrivateKey, f.PrivateKeyFile = "", missing }, "REKEY_PRIVATE_KEY_FILE"},
		"secret file empty":      {func(f *Flags) { f.WebhookSecret, f.WebhookSecretFile = "", empty }, "REKEY_WEBHOOK_SECRET_FILE"},
		"no secret":              {func(f *Flags) { f.WebhookSecret = " , " }, "REKEY_WEBHOOK_SECRET"},
		"short secret":           {func(f *Flags) { f.WebhookSecret = "short" }, "REKEY_WEBHOOK_SECRET"},
		"database":               {func(f *Flags) { f.DatabaseURL = "mysql://x" }, "REKEY_DATABASE_URL"},
		"retention":              {func(f *Flags) { f.Retention = "a month" }, "REKEY_RETENTION"},
		"too short a retention":  {func(f *Flags) { f.Retention = "7d" }, "REKEY_RETENTION"},
		"forget before":          {func(f *Flags) { f.ForgetAfter = "-1h" }, "REKEY_FORGET_AFTER"},
		"log":                    {func(f *Flags) { f.Log = "loud" }, "REKEY_LOG"},
	} {
		t.Run(name, func(t *testing.T) {
			f := valid(t)
			c.breakIt(&f)
			_, err := f.Resolve()
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.HasPrefix(err.Error(), c.setting+" ") || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q does not name %s in one line", err, c.setting)
			}
		})
	}
}

func TestPrivateKeyForms(t *testing.T) {
	key := testKeyPEM(t)
	for name, form := range map[string]string{
		"as it is":         key,
		"escaped newlines": strings.ReplaceAll(key, "\n", `\n`),
		"base64":           base64.StdEncoding.EncodeToString([]byte(key)),
	} {
		if _, ok := parsePrivateKey(form); !ok {
			t.Errorf("%s: not taken", name)
		}
	}
}

func TestDataDirectory(t *testing.T) {
	for _, c := range []struct {
		name, given, xdg, home, want string
	}{
		{"given", "/srv/rekey", "/state", "/home/x", "/srv/rekey"},
		{"XDG", "", "/state", "/home/x", "/state/rekey"},
		{"relative XDG is invalid", "", "state", "/home/x", "/home/x/.local/state/rekey"},
	} {
		got, err := dataDirectory(c.given, func(name string) string {
			return map[string]string{"XDG_STATE_HOME": c.xdg, "HOME": c.home}[name]
		})
		if err != nil || got != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.name, got, err, c.want)
		}
	}
	if _, err := dataDirectory("", func(string) string { return "" }); err == nil {
		t.Error("no home: no error")
	}
}

func TestMakeDataClosesTheDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	if err := (Config{Data: dir}).MakeData(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
}

// TestMakeDataLeavesADirectoryAsItIs: who named a directory that others use keeps it usable to them.
func TestMakeDataLeavesADirectoryAsItIs(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := (Config{Data: dir}).MakeData(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, c := range []struct {
		retention, forgetAfter string
		want                   ledger.Retention
	}{
		{"", "", ledger.Retention{Keep: 30 * day, ForgetAfter: 7 * day}},
		{"8d", "0", ledger.Retention{Keep: 8 * day}},
		{"240h", "90m", ledger.Retention{Keep: 10 * day, ForgetAfter: 90 * time.Minute}},
	} {
		f := valid(t)
		f.Retention, f.ForgetAfter = c.retention, c.forgetAfter
		got, err := f.Resolve()
		if err != nil || got.Retention != c.want {
			t.Errorf("%q, %q: %+v, want %+v (%v)", c.retention, c.forgetAfter, got.Retention, c.want, err)
		}
	}
}
