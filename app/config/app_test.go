package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/app/config"
)

// TestAppOnly: the id alone is enough where nobody acts as the App; what set-up has kept is found.
func TestAppOnly(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if _, err := (config.Flags{Data: data}).AppOnly(false); err == nil || !strings.Contains(err.Error(), "REKEY_APP_ID is not set") {
		t.Errorf("without an id: %v", err)
	}
	c, err := config.Flags{Data: data, AppID: "21", GitHubURL: "https://git.example.com"}.AppOnly(false)
	if err != nil || c.AppID != 21 || c.GitHubAPIURL != "https://git.example.com/api/v3" {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := (config.Flags{Data: data, AppID: "21"}).AppOnly(true); err == nil || !strings.Contains(err.Error(), "REKEY_PRIVATE_KEY") {
		t.Errorf("without a key: %v", err)
	}
	kept := config.Credentials{GitHubURL: "https://github.com", AppID: 22, PrivateKey: "pem", WebhookSecret: "s"}
	if err := kept.Save(data); err != nil {
		t.Fatal(err)
	}
	if c, err := (config.Flags{Data: data}).AppOnly(false); err != nil || c.AppID != 22 {
		t.Errorf("what set-up kept: %+v, %v", c, err)
	}
	if err := os.WriteFile(config.CredentialsPath(data), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (config.Flags{Data: data}).AppOnly(false); err == nil {
		t.Error("a broken file is taken for none")
	}
	if c, err := (config.Flags{Data: data, AppID: "21"}).AppOnly(false); err != nil || c.AppID != 21 {
		t.Errorf("a broken file that is not needed: %+v, %v", c, err)
	}
}
