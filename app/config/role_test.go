package config

import (
	"strings"
	"testing"
)

// TestRoles: each part of the server needs what it uses and no more, and parts share a database that can be shared.
func TestRoles(t *testing.T) {
	t.Parallel()
	const shared = "postgres://rekey@db/rekey"
	base := valid(t)
	for _, c := range []struct {
		name   string
		change func(*Flags)
		wrong  string // settings, in the errors' order
	}{
		{"all, by default", func(f *Flags) { f.Role = "" }, ""},
		{"all on PostgreSQL", func(f *Flags) { f.Role, f.DatabaseURL = "all", shared }, ""},
		{"web needs no key", func(f *Flags) { f.Role, f.DatabaseURL, f.AppID, f.PrivateKey = "web", shared, "", "" }, ""},
		{"web reads no key", func(f *Flags) { f.Role, f.DatabaseURL, f.PrivateKey = "web", shared, "nonsense" }, ""},
		{"web without a secret", func(f *Flags) { f.Role, f.DatabaseURL, f.WebhookSecret = "web", shared, "" }, "REKEY_WEBHOOK_SECRET"},
		{"worker needs no secret", func(f *Flags) { f.Role, f.DatabaseURL, f.WebhookSecret = "worker", shared, "" }, ""},
		{"worker without a key", func(f *Flags) { f.Role, f.DatabaseURL, f.PrivateKey, f.AppID = "worker", shared, "", "" }, "REKEY_APP_ID REKEY_PRIVATE_KEY"},
		{"web on SQLite", func(f *Flags) { f.Role = "web" }, "REKEY_ROLE"},
		{"worker on SQLite", func(f *Flags) { f.Role = "worker" }, "REKEY_ROLE"},
		{"no role", func(f *Flags) { f.Role = "boss" }, "REKEY_ROLE"},
	} {
		f := base
		c.change(&f)
		cfg, err := f.Resolve()
		var wrong []string
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				setting, _, _ := strings.Cut(line, " ")
				wrong = append(wrong, setting)
			}
		}
		if got := strings.Join(wrong, " "); got != c.wrong {
			t.Errorf("%s: %q, want %q: %v", c.name, got, c.wrong, err)
		}
		if c.wrong == "" && (cfg.Role.Takes() != (len(cfg.WebhookSecrets) > 0) || cfg.Role.Works() != (cfg.PrivateKey != nil)) {
			t.Errorf("%s: %+v", c.name, cfg)
		}
	}
}
