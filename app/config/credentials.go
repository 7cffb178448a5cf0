package config

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// credentialsFile is where set-up keeps an App's credentials in the data directory.
const credentialsFile = "github-app.json"

// Credentials are what set-up in the browser learned of an App: all that the server needs to act for it. They are kept in the data
// directory, and stand in for settings that neither a flag nor the environment gives.
type Credentials struct {
	GitHubURL     string    `json:"github_url"`
	PublicURL     string    `json:"public_url"`
	AppID         int64     `json:"app_id"`
	Slug          string    `json:"slug"`
	Owner         string    `json:"owner"` // login of the organisation or person that the App belongs to
	ClientID      string    `json:"client_id"`
	ClientSecret  string    `json:"client_secret"`
	WebhookSecret string    `json:"webhook_secret"`
	PrivateKey    string    `json:"private_key"` // PEM
	Created       time.Time `json:"created"`
}

// String leaves out the secrets.
func (c Credentials) String() string { return fmt.Sprintf("App %d (%s)", c.AppID, c.Slug) }

// CredentialsPath is where the credentials of a data directory are.
func CredentialsPath(data string) string { return filepath.Join(data, credentialsFile) }

// ReadCredentials reads what set-up has kept in the data directory. The error is [fs.ErrNotExist] where there is nothing, and never
// shows what the file holds.
func ReadCredentials(data string) (Credentials, error) {
	path := CredentialsPath(data)
	text, err := os.ReadFile(path)
	if err != nil {
		return Credentials{}, err
	}
	var c Credentials
	if json.Unmarshal(text, &c) != nil || c.AppID <= 0 || c.PrivateKey == "" {
		return Credentials{}, &Error{
			"REKEY_DATA", "has a file " + path + " that rekey cannot read",
			"restore it from a backup, or move it away: rekey serve then starts set-up again",
		}
	}
	return c, nil
}

// Save keeps the credentials in the data directory, which is made with mode 0700: whole or not at all, in a file that its owner alone
// can read, and on the disk when it returns.
func (c Credentials) Save(data string) error {
	text, err := json.MarshalIndent(c, "", "  ") //nolint:gosec // secrets, for a file that only its owner reads
	if err != nil {
		return err
	}
	if err := (Config{Data: data}).MakeData(); err != nil {
		return err
	}
	return writePrivate(CredentialsPath(data), append(text, '\n'))
}

// CanSave reports, as an error, why credentials could not be kept in the data directory. It leaves nothing behind but the directory.
func CanSave(data string) error {
	if err := (Config{Data: data}).MakeData(); err != nil {
		return err
	}
	probe := CredentialsPath(data) + "." + rand.Text()
	if err := writePrivate(probe, nil); err != nil {
		return err
	}
	return os.Remove(probe)
}

// writePrivate replaces a file: whoever reads it meanwhile, or after a crash, finds the old text or the new one.
func writePrivate(path string, text []byte) (err error) {
	temporary := path + ".new-" + rand.Text()
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreMissing(os.Remove(temporary)))
		}
	}()
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// withCredentials fills in what set-up has kept in the data directory.
func (f Flags) withCredentials(data string) (Flags, error) {
	kept, err := ReadCredentials(data)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		if f.namesApp() {
			return f, nil // nothing of the file is needed
		}
		if problem, ok := errors.AsType[*Error](err); ok {
			return f, problem
		}
		return f, &Error{"REKEY_DATA", "has credentials that cannot be read", err.Error()}
	}
	return f.WithCredentials(kept), nil
}

// WithCredentials fills in an App's credentials where flags and environment say nothing. They are about one App on one GitHub: where
// the settings name another, none of them is used.
func (f Flags) WithCredentials(c Credentials) Flags {
	if f.AppID != "" && strings.TrimSpace(f.AppID) != strconv.FormatInt(c.AppID, 10) ||
		f.GitHubURL != "" && strings.TrimRight(f.GitHubURL, "/") != c.GitHubURL {
		return f
	}
	keep := func(setting *string, file, value string) {
		if *setting == "" && file == "" {
			*setting = value
		}
	}
	keep(&f.GitHubURL, "", c.GitHubURL)
	keep(&f.PublicURL, "", c.PublicURL)
	keep(&f.AppID, "", strconv.FormatInt(c.AppID, 10))
	keep(&f.PrivateKey, f.PrivateKeyFile, c.PrivateKey)
	keep(&f.WebhookSecret, f.WebhookSecretFile, c.WebhookSecret)
	if f.ClientID == "" && f.ClientSecret == "" && f.ClientSecretFile == "" {
		f.ClientID, f.ClientSecret = c.ClientID, c.ClientSecret
	}
	return f
}

// namesApp reports whether flags and environment give all that the server cannot do without.
func (f Flags) namesApp() bool {
	return f.AppID != "" && f.PrivateKey+f.PrivateKeyFile != "" && f.WebhookSecret+f.WebhookSecretFile != ""
}

// NeedsSetUp reports whether nothing names an App yet, neither a setting nor what set-up has kept: rekey serve then starts set-up.
func (f Flags) NeedsSetUp() bool {
	if f.AppID+f.PrivateKey+f.PrivateKeyFile+f.WebhookSecret+f.WebhookSecretFile != "" {
		return false
	}
	if r, err := role(f.Role); err != nil || r != All {
		return false
	}
	data, err := dataDirectory(f.Data, os.Getenv)
	if err != nil {
		return false
	}
	_, err = ReadCredentials(data)
	return errors.Is(err, fs.ErrNotExist)
}
