package vercel

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

const usualBase = "https://api.vercel.com"

// login is a token, and what the command-line program was set to.
type login struct {
	api         *api
	currentTeam string // "" for the person's own account
}

// findLogin takes VERCEL_TOKEN, or the token of the command-line program.
func findLogin(m *destination.Machine) (*login, *destination.Problem) {
	auth, config := readLogin(m)
	base, err := destination.Base(config.API, usualBase)
	if err != nil {
		return nil, &destination.Problem{What: "the Vercel CLI is set to another API: " + err.Error(), Next: "correct api in its config.json"}
	}
	token := m.Getenv("VERCEL_TOKEN")
	if token == "" {
		token = auth.Token
		switch {
		case token == "" && config.CredStorage == "keyring":
			return nil, &destination.Problem{
				What: "the Vercel CLI keeps its login in this machine's keyring", Next: "set VERCEL_TOKEN to a token from https://vercel.com/account/settings/tokens",
			}
		case token == "":
			return nil, &destination.Problem{What: "nobody is logged in to Vercel", Next: "run vercel login, or set VERCEL_TOKEN"}
		case auth.ExpiresAt > 0 && time.Unix(auth.ExpiresAt, 0).Before(m.Now()):
			return nil, &destination.Problem{What: "the login of the Vercel CLI has expired", Next: "run vercel whoami, which renews it, or set VERCEL_TOKEN"}
		}
	}
	header := http.Header{"Authorization": {"Bearer " + token}}
	return &login{api: &api{client: m.NewAPI("Vercel", base, header)}, currentTeam: config.CurrentTeam}, nil
}

// auth is the program's auth.json.
type auth struct {
	Token     string `json:"token"`
	ExpiresAt int64  `json:"expiresAt"` // seconds; 0 for a token that does not expire
}

// config is the program's config.json.
type config struct {
	CurrentTeam string `json:"currentTeam"`
	CredStorage string `json:"credStorage"`
	API         string `json:"api"`
}

// readLogin reads the files of the first directory that the program would use.
func readLogin(m *destination.Machine) (a auth, c config) {
	for _, dir := range dataDirs(m, runtime.GOOS) {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			continue
		}
		readJSON(filepath.Join(dir, "auth.json"), &a)
		readJSON(filepath.Join(dir, "config.json"), &c)
		return a, c
	}
	return a, c
}

func readJSON(path string, into any) {
	if text, err := os.ReadFile(path); err == nil {
		_ = json.Unmarshal(text, into) // a file that is broken is a login that is not there
	}
}

// dataDirs are where the program keeps its files.
func dataDirs(m *destination.Machine, system string) []string {
	if m.Home == "" && m.Getenv("XDG_DATA_HOME") == "" {
		return nil
	}
	data := filepath.Join(m.Home, ".local", "share")
	switch system {
	case "darwin":
		data = filepath.Join(m.Home, "Library", "Application Support")
	case "windows":
		roaming := m.Getenv("APPDATA")
		if roaming == "" {
			roaming = filepath.Join(m.Home, "AppData", "Roaming")
		}
		data = filepath.Join(roaming, "xdg.data")
	}
	if set := m.Getenv("XDG_DATA_HOME"); set != "" {
		data = set
	}
	dirs := []string{filepath.Join(data, "com.vercel.cli")}
	for _, dir := range filepath.SplitList(m.Getenv("XDG_DATA_DIRS")) {
		dirs = append(dirs, filepath.Join(dir, "com.vercel.cli"))
	}
	return append(dirs, filepath.Join(m.Home, ".now"))
}
