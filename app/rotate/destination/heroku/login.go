package heroku

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// token is what Heroku's tokens are made of, and keeps what a program prints from becoming a header.
var token = regexp.MustCompile(`^[A-Za-z0-9._-]{8,512}$`)

// logIn finds a login, if there is none yet.
func (d *Driver) logIn(ctx context.Context) error {
	if d.api != nil {
		return nil
	}
	base, err := base(d.machine.Getenv("HEROKU_HOST"))
	if err != nil {
		return fmt.Errorf("HEROKU_HOST: %w", err)
	}
	t, err := d.token(ctx)
	if err != nil {
		return err
	}
	d.api = d.machine.NewAPI("Heroku", base, http.Header{
		"Authorization": {"Bearer " + t}, "Accept": {"application/vnd.heroku+json; version=3"},
	})
	return nil
}

// base is where the API is: HEROKU_HOST is a domain, or an address.
func base(host string) (string, error) {
	if host != "" && !strings.HasPrefix(host, "http") {
		host = "https://api." + host
	}
	return destination.Base(host, "https://api.heroku.com") //nolint:wrapcheck // logIn says of what
}

// token is HEROKU_API_KEY, or what the command-line program is logged in with: it may keep that in the system's keychain, and tells it. Without the
// program, it is that of .netrc.
func (d *Driver) token(ctx context.Context) (string, error) {
	if t := d.machine.Getenv("HEROKU_API_KEY"); token.MatchString(t) {
		return t, nil
	}
	out, err := d.machine.Tools().Run(ctx, destination.Call{Program: "heroku", Args: []string{"auth:token"}, Pass: []string{"HEROKU_HOST"}})
	if ctx.Err() != nil {
		return "", ctx.Err() //nolint:wrapcheck // as it is
	}
	if t := strings.TrimSpace(string(out)); err == nil && token.MatchString(t) {
		return t, nil
	}
	if errors.Is(err, destination.ErrNotInstalled) && d.machine.Home != "" {
		file := ".netrc"
		if runtime.GOOS == "windows" {
			file = "_netrc"
		}
		if text, err := os.ReadFile(filepath.Join(d.machine.Home, file)); err == nil {
			if t := password(string(text), "api.heroku.com"); token.MatchString(t) {
				return t, nil
			}
		}
	}
	return "", destination.LoggedOut("Heroku")
}

// password reads a machine's from the words of a .netrc.
func password(netrc, machine string) string {
	words := strings.Fields(netrc)
	in := ""
	for i := 0; i+1 < len(words); i++ {
		switch words[i] {
		case "machine":
			i++
			in = words[i]
		case "password":
			i++
			if in == machine {
				return words[i]
			}
		}
	}
	return ""
}
