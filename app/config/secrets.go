package config

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// secretOrFile returns the setting's value, or its file's content without surrounding white space. Both at once is an
// error, so that nobody wonders which one counts.
func secretOrFile(setting, value, file string) (string, error) {
	switch {
	case value != "" && file != "":
		return "", &Error{setting, "and " + setting + "_FILE are both set", "unset one of them"}
	case file == "":
		return strings.TrimSpace(value), nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", &Error{setting + "_FILE", "cannot be read", err.Error()}
	}
	s := strings.TrimSpace(string(text))
	if s == "" {
		return "", &Error{setting + "_FILE", "is an empty file", "write the value into " + file}
	}
	return s, nil
}

func (f Flags) privateKey() (*rsa.PrivateKey, error) {
	const setting = "REKEY_PRIVATE_KEY"
	const fix = "generate a private key in the App's settings, and use the .pem file"
	text, err := secretOrFile(setting, f.PrivateKey, f.PrivateKeyFile)
	if err != nil {
		return nil, err
	}
	if text == "" {
		return nil, &Error{setting, "is not set", fix + ", as REKEY_PRIVATE_KEY_FILE"}
	}
	key, ok := parsePrivateKey(text)
	if !ok {
		return nil, &Error{setting, "is not an RSA private key in PEM format", fix}
	}
	return key, nil
}

// parsePrivateKey takes PEM as it is, with its newlines written as \n, or in base64: the three ways in which it passes
// through environment variables.
func parsePrivateKey(text string) (*rsa.PrivateKey, bool) {
	if raw, err := base64.StdEncoding.DecodeString(text); err == nil {
		text = string(raw)
	}
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(text, `\n`, "\n")
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, false
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, true
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		rsaKey, ok := key.(*rsa.PrivateKey)
		return rsaKey, ok
	}
	return nil, false
}

// minWebhookSecret is the least length of a webhook secret in bytes. HMAC-SHA256 with less can be guessed offline by
// whoever sees one delivery.
const minWebhookSecret = 16

func (f Flags) webhookSecrets() ([]string, error) {
	const setting = "REKEY_WEBHOOK_SECRET"
	text, err := secretOrFile(setting, f.WebhookSecret, f.WebhookSecretFile)
	if err != nil {
		return nil, err
	}
	var secrets []string
	for _, s := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		if len(s) < minWebhookSecret {
			return nil, &Error{setting, "is shorter than 16 characters", "create one with `openssl rand -hex 32`, and set it in the App's settings too"}
		}
		secrets = append(secrets, s)
	}
	if len(secrets) == 0 {
		return nil, &Error{setting, "is not set", "set it to the App's webhook secret; without one, anyone could send events"}
	}
	return secrets, nil
}

// client reads what people sign in by: both the client's ID and its secret, or neither.
func (f Flags) client(c *Config) error {
	const setting = "REKEY_CLIENT_SECRET"
	secret, err := secretOrFile(setting, f.ClientSecret, f.ClientSecretFile)
	switch id := strings.TrimSpace(f.ClientID); {
	case err != nil:
		return err
	case id == "" && secret != "":
		return &Error{"REKEY_CLIENT_ID", "is not set, and REKEY_CLIENT_SECRET is", "copy the client ID from the App's settings page"}
	case id != "" && secret == "":
		return &Error{setting, "is not set, and REKEY_CLIENT_ID is", "generate a client secret on the App's settings page"}
	default:
		c.ClientID, c.ClientSecret = id, secret
	}
	return nil
}

func (f Flags) databaseURL(data string) (string, error) {
	const setting = "REKEY_DATABASE_URL"
	text, err := secretOrFile(setting, f.DatabaseURL, f.DatabaseURLFile)
	if err != nil {
		return "", err
	}
	if text == "" {
		return filepath.Join(data, "rekey.db"), nil
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return "", &Error{setting, "is not a PostgreSQL URL", "use postgres://USER:PASSWORD@HOST/DATABASE, or unset it to use SQLite"}
	}
	return text, nil
}
