package terminal

import (
	"strings"
	"testing"
)

func TestBrowserIsOpenedWhereThereIsAScreen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ system, display, want string }{
		{"linux", "", ""},
		{"linux", ":0", "xdg-open"},
		{"darwin", "", "open"},
		{"windows", "", "rundll32 url.dll,FileProtocolHandler"},
	} {
		got := strings.Join(browserCommand(c.system, func(name string) string {
			if name == "DISPLAY" {
				return c.display
			}
			return ""
		}), " ")
		if got != c.want {
			t.Errorf("%s with DISPLAY=%s: %q, want %q", c.system, c.display, got, c.want)
		}
	}
}
