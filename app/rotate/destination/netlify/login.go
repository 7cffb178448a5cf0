package netlify

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

const usualBase = "https://api.netlify.com/api/v1"

// findLogin takes NETLIFY_AUTH_TOKEN, or the token of the command-line program.
func findLogin(m *destination.Machine) (*api, *destination.Problem) {
	base, err := destination.Base(m.Getenv("NETLIFY_API_URL"), usualBase)
	if err != nil {
		return nil, &destination.Problem{What: "NETLIFY_API_URL: " + err.Error(), Next: "unset it"}
	}
	if u, err := url.Parse(base); err == nil && u.Path == "" { // the program takes it so, too
		base += "/api/v1"
	}
	token := m.Getenv("NETLIFY_AUTH_TOKEN")
	if token == "" || token == "null" {
		token = programsToken(m)
	}
	if token == "" {
		return nil, &destination.Problem{What: "nobody is logged in to Netlify", Next: "run netlify login, or set NETLIFY_AUTH_TOKEN"}
	}
	return &api{client: m.NewAPI("Netlify", base, http.Header{"Authorization": {"Bearer " + token}})}, nil
}

func programsToken(m *destination.Machine) string {
	for _, file := range configFiles(m, runtime.GOOS) {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		var config struct {
			UserID string `json:"userId"`
			Users  map[string]struct {
				Auth struct {
					Token string `json:"token"`
				} `json:"auth"`
			} `json:"users"`
		}
		if json.Unmarshal(text, &config) == nil && config.Users[config.UserID].Auth.Token != "" {
			return config.Users[config.UserID].Auth.Token
		}
	}
	return ""
}

// configFiles are where the program keeps its login: of now, and of old.
func configFiles(m *destination.Machine, system string) []string {
	dir := filepath.Join(m.Home, ".config", "netlify")
	switch system {
	case "darwin":
		dir = filepath.Join(m.Home, "Library", "Preferences", "netlify")
	case "windows":
		roaming := m.Getenv("APPDATA")
		if roaming == "" {
			roaming = filepath.Join(m.Home, "AppData", "Roaming")
		}
		dir = filepath.Join(roaming, "netlify", "Config")
	default:
		if set := m.Getenv("XDG_CONFIG_HOME"); set != "" {
			dir = filepath.Join(set, "netlify")
		}
	}
	return []string{filepath.Join(dir, "config.json"), filepath.Join(m.Home, ".netlify", "config.json")}
}
