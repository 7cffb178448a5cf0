package config

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// created returns what set-up would keep.
func created(t *testing.T) Credentials {
	return Credentials{
		GitHubURL: "https://octocorp.ghe.com", PublicURL: "https://rekey.example.com", AppID: 42, Slug: "rekey-acme", Owner: "acme",
		ClientID: "Iv1.abc", ClientSecret: "client secret", WebhookSecret: strings.Repeat("w", 40), PrivateKey: testKeyPEM(t),
		Created: time.Date(2026, 11, 28, 20, 0, 0, 0, time.UTC),
	}
}

// bare are the flags of somebody who has set nothing but a directory.
func bare(data string) Flags { return Flags{Listen: "127.0.0.1:0", Log: "info", Data: data} }

func TestCredentialsStandInForSettings(t *testing.T) {
	t.Parallel()
	kept := created(t)
	data := filepath.Join(t.TempDir(), "new", "data")
	if !bare(data).NeedsSetUp() {
		t.Error("an empty directory does not need set-up")
	}
	if err := kept.Save(data); err != nil {
		t.Fatal(err)
	}
	if bare(data).NeedsSetUp() {
		t.Error("set-up is needed although its credentials are there")
	}
	c, err := bare(data).Resolve()
	if err != nil {
		t.Fatal(err)
	}
	got := []any{c.GitHubURL, c.GitHubAPIURL, c.PublicURL, c.AppID, c.ClientID, c.ClientSecret, c.WebhookSecrets, c.PrivateKey != nil}
	want := []any{
		kept.GitHubURL, "https://api.octocorp.ghe.com", kept.PublicURL, kept.AppID, kept.ClientID, kept.ClientSecret,
		[]string{kept.WebhookSecret},
		true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestSettingsComeBeforeCredentials: what a flag or the environment says counts, and another App or GitHub shuts the whole file out.
func TestSettingsComeBeforeCredentials(t *testing.T) {
	t.Parallel()
	kept, data := created(t), t.TempDir()
	if err := kept.Save(data); err != nil {
		t.Fatal(err)
	}
	secretFile := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secretFile, []byte(strings.Repeat("f", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	f := bare(data)
	f.WebhookSecretFile, f.PublicURL, f.ClientID, f.ClientSecret = secretFile, "https://Other.example.com/", "Iv1.other", "other"
	c, err := f.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	if c.WebhookSecrets[0] != strings.Repeat("f", 32) || c.PublicURL != "https://other.example.com" || c.ClientID != "Iv1.other" || c.ClientSecret != "other" {
		t.Errorf("%+v", c)
	}
	if c.AppID != kept.AppID {
		t.Errorf("App %d", c.AppID)
	}
	for name, change := range map[string]func(*Flags){
		"another App":    func(f *Flags) { f.AppID = "43" },
		"another GitHub": func(f *Flags) { f.GitHubURL = "https://github.com" },
	} {
		f := bare(data)
		change(&f)
		if _, err := f.Resolve(); err == nil || !strings.Contains(err.Error(), "REKEY_PRIVATE_KEY is not set") {
			t.Errorf("%s: the file's key is used: %v", name, err)
		}
	}
}

func TestCredentialsAreForTheirOwnerAlone(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("these modes are Unix's")
	}
	data := filepath.Join(t.TempDir(), "data")
	for range 2 { // the second replaces the first
		if err := created(t).Save(data); err != nil {
			t.Fatal(err)
		}
	}
	for path, mode := range map[string]os.FileMode{data: 0o700, CredentialsPath(data): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	if left, err := os.ReadDir(data); err != nil || len(left) != 1 {
		t.Errorf("the directory holds %v, %v", left, err)
	}
	if err := CanSave(data); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(data); err != nil || len(left) != 1 {
		t.Errorf("after a trial the directory holds %v, %v", left, err)
	}
	if text := created(t).String(); strings.Contains(text, "secret") || strings.Contains(text, "PRIVATE") {
		t.Errorf("printed: %s", text)
	}
}

// TestDamagedCredentials are an error that names the file and shows nothing of it; they are no reason to set up a second App.
func TestDamagedCredentials(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if err := os.WriteFile(CredentialsPath(data), []byte(`{"app_id": 42, "private_key": "hush`), 0o600); err != nil {
		t.Fatal(err)
	}
	if bare(data).NeedsSetUp() {
		t.Error("set-up would make a second App")
	}
	_, err := bare(data).Resolve()
	if err == nil || !strings.HasPrefix(err.Error(), "REKEY_DATA ") || !strings.Contains(err.Error(), CredentialsPath(data)) || strings.Contains(err.Error(), "hush") {
		t.Error(err)
	}
	f := valid(t)
	f.Data = data
	if _, err := f.Resolve(); err != nil {
		t.Errorf("settings that say everything: %v", err)
	}
}

func TestNeedsSetUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Flags)
		want   bool
	}{
		"nothing is set":           {func(*Flags) {}, true},
		"an App's id":              {func(f *Flags) { f.AppID = "7" }, false},
		"a key":                    {func(f *Flags) { f.PrivateKeyFile = "key.pem" }, false},
		"a secret":                 {func(f *Flags) { f.WebhookSecret = "s" }, false},
		"a part of several":        {func(f *Flags) { f.Role = "web" }, false},
		"a public address":         {func(f *Flags) { f.PublicURL = "https://rekey.example.com" }, true},
		"another GitHub":           {func(f *Flags) { f.GitHubURL = "https://github.example.com" }, true},
		"a database for many":      {func(f *Flags) { f.DatabaseURL = "postgres://db/rekey" }, true},
		"a role that there is not": {func(f *Flags) { f.Role = "boss" }, false},
	} {
		f := bare(t.TempDir())
		c.change(&f)
		if got := f.NeedsSetUp(); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestAddressesAndClients(t *testing.T) {
	t.Parallel()
	base := valid(t)
	for name, c := range map[string]struct {
		change func(*Flags)
		want   string // what the error starts with
	}{
		"public address with a path":  {func(f *Flags) { f.PublicURL = "https://example.com/rekey" }, "REKEY_PUBLIC_URL has the path /rekey"},
		"public address in the clear": {func(f *Flags) { f.PublicURL = "http://rekey.example.com" }, "REKEY_PUBLIC_URL would send"},
		"public address with a query": {func(f *Flags) { f.PublicURL = "https://rekey.example.com?a" }, "REKEY_PUBLIC_URL is not"},
		"public address of this host": {func(f *Flags) { f.PublicURL = "http://localhost:8080" }, ""},
		"client without secret":       {func(f *Flags) { f.ClientID = "Iv1.a" }, "REKEY_CLIENT_SECRET is not set"},
		"secret without client":       {func(f *Flags) { f.ClientSecret = "a" }, "REKEY_CLIENT_ID is not set"},
		"client secret twice":         {func(f *Flags) { f.ClientID, f.ClientSecret, f.ClientSecretFile = "a", "a", "b" }, "REKEY_CLIENT_SECRET and"},
		"proxy in the clear":          {func(f *Flags) { f.WebhookProxy = "http://smee.io/a" }, "REKEY_WEBHOOK_PROXY would send"},
		"proxy":                       {func(f *Flags) { f.WebhookProxy = "https://smee.io/a" }, ""},
	} {
		f := base
		c.change(&f)
		_, err := f.Resolve()
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
