package config

import (
	"cmp"
	"errors"
	"os"

	"github.com/rekey-app/rekey/github"
)

// AppOnly checks what it takes to know the App, and nothing else: its id, where GitHub is, and with withKey what it takes to act as the
// App. What set-up has kept in the data directory stands in for what is not given.
func (f Flags) AppOnly(withKey bool) (Config, error) {
	var c Config
	var errs []error
	check := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	if data, err := dataDirectory(f.Data, os.Getenv); err == nil { // else nothing is kept there
		c.Data = data
		kept, err := f.withCredentials(data)
		if err == nil {
			f = kept
		} else if withKey || f.AppID == "" {
			check(err)
		}
	}
	set(&c.GitHubURL, check)(secureURL("REKEY_GITHUB_URL", cmp.Or(f.GitHubURL, DefaultGitHubURL)))
	set(&c.GitHubAPIURL, check)(secureURL("REKEY_GITHUB_API_URL", f.GitHubAPIURL))
	if c.GitHubAPIURL == "" && c.GitHubURL != "" {
		var err error
		if c.GitHubAPIURL, err = github.APIURL(c.GitHubURL); err != nil {
			check(&Error{"REKEY_GITHUB_URL", "has no known API", err.Error()})
		}
	}
	set(&c.AppID, check)(appID(f.AppID))
	if withKey {
		set(&c.PrivateKey, check)(f.privateKey())
	}
	if len(errs) > 0 {
		return Config{}, errors.Join(errs...)
	}
	return c, nil
}
