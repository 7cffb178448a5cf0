package terminal

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// OpenBrowser shows an address in the user's browser, where there is one. Where there is none, nothing happens: the
// address has been printed.
func OpenBrowser(ctx context.Context, address string) {
	command := browserCommand(runtime.GOOS, os.Getenv)
	if command == nil {
		return
	}
	// It is not waited for: some browsers run in it.
	browser := exec.CommandContext(ctx, command[0], append(command[1:], address)...)
	browser.Env = withoutCredentials(os.Environ())
	_ = browser.Start()
}

// withoutCredentials leaves out what sounds like a credential: a browser needs none of them.
func withoutCredentials(environ []string) []string {
	return slices.DeleteFunc(environ, func(variable string) bool {
		name, _, _ := strings.Cut(strings.ToUpper(variable), "=")
		return slices.ContainsFunc([]string{"TOKEN", "SECRET", "KEY", "PASSWORD", "CREDENTIAL"}, func(word string) bool { return strings.Contains(name, word) })
	})
}

// browserCommand is what opens an address; nil where nobody looks at a screen.
func browserCommand(system string, getenv func(string) string) []string {
	switch {
	case system == "darwin":
		return []string{"open"}
	case system == "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler"}
	case getenv("DISPLAY") != "" || getenv("WAYLAND_DISPLAY") != "":
		return []string{"xdg-open"}
	}
	return nil
}
