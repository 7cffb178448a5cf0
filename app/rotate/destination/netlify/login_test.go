package netlify

import (
	"path/filepath"
	"testing"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

func TestConfigFiles(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		system  string
		environ []string
		want    string
	}{
		{"linux", nil, "/home/ada/.config/netlify/config.json"},
		{"linux", []string{"XDG_CONFIG_HOME=/settings"}, "/settings/netlify/config.json"},
		{"darwin", []string{"XDG_CONFIG_HOME=/settings"}, "/home/ada/Library/Preferences/netlify/config.json"},
		{"windows", nil, "/home/ada/AppData/Roaming/netlify/Config/config.json"},
		{"windows", []string{"APPDATA=/roaming"}, "/roaming/netlify/Config/config.json"},
	} {
		got := configFiles(&destination.Machine{Environ: test.environ, Home: "/home/ada"}, test.system)
		if len(got) != 2 || filepath.ToSlash(got[0]) != test.want || filepath.ToSlash(got[1]) != "/home/ada/.netlify/config.json" {
			t.Errorf("%s %v: %v, want %s", test.system, test.environ, got, test.want)
		}
	}
}
