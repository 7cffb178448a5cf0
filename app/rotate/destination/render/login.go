package render

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

const usualBase = "https://api.render.com/v1"

// findLogin takes RENDER_API_KEY, or the key that the command-line program was given when somebody logged in.
func findLogin(m *destination.Machine) (*api, *destination.Problem) {
	file := readConfig(m).API
	told, key := m.Getenv("RENDER_HOST"), m.Getenv("RENDER_API_KEY")
	if key == "" {
		key = file.Key
		if file.Host != "" {
			told = file.Host
		}
		switch {
		case key == "":
			return nil, &destination.Problem{What: "nobody is logged in to Render", Next: "run render login, or set RENDER_API_KEY to a key from https://dashboard.render.com/u/settings#api-keys"}
		case file.ExpiresAt > 0 && time.Unix(file.ExpiresAt, 0).Before(m.Now()):
			return nil, &destination.Problem{What: "the login of the Render CLI has expired", Next: "run render whoami, which renews it, or render login"}
		}
	}
	base, err := destination.Base(told, usualBase)
	if err != nil {
		return nil, &destination.Problem{What: "the Render CLI is set to another API: " + err.Error(), Next: "unset RENDER_HOST, or run render login"}
	}
	return &api{client: m.NewAPI("Render", base, http.Header{"Authorization": {"Bearer " + key}})}, nil
}

// config is what is used of the program's cli.yaml.
type config struct {
	API struct {
		Key       string `yaml:"key"`
		ExpiresAt int64  `yaml:"expires_at"` // seconds; 0 for a key that does not expire
		Host      string `yaml:"host"`
	} `yaml:"api"`
}

func readConfig(m *destination.Machine) (c config) {
	path := expand(m, m.Getenv("RENDER_CLI_CONFIG_PATH"))
	if path == "" {
		dir := expand(m, m.Getenv("RENDER_CLI_CONFIG_DIR"))
		if dir == "" {
			dir = filepath.Join(m.Home, ".render")
		}
		path = filepath.Join(dir, "cli.yaml")
	}
	if text, err := os.ReadFile(path); err == nil {
		_ = yaml.Unmarshal(text, &c) // a file that is broken is a login that is not there
	}
	return c
}

func expand(m *destination.Machine, path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return filepath.Join(m.Home, rest)
	}
	return path
}
