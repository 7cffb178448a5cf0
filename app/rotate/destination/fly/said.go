package fly

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// says reports whether a program failed with one of these words.
func says(err error, words ...string) bool {
	var failed *destination.ToolError
	if !errors.As(err, &failed) {
		return false
	}
	for _, w := range words {
		if strings.Contains(strings.ToLower(failed.Said), w) {
			return true
		}
	}
	return false
}

func loggedOut(err error) bool {
	return says(err, "no access token", "auth login", "must be authenticated", "unauthorized", "token has expired", "invalid token")
}

func elsewhere(err error) bool { return says(err, "could not find app", "app not found", "not found") }

func problem(a app, err error) destination.Problem {
	switch {
	case errors.Is(err, destination.ErrNotInstalled):
		return destination.Problem{What: "flyctl isn't installed", Next: "install it (https://fly.io/docs/flyctl/install), and run fly auth login"}
	case loggedOut(err):
		return destination.Problem{What: "nobody is logged in to Fly, or the login expired", Next: loginNext}
	case elsewhere(err):
		return destination.Problem{What: "the login can't see the Fly app " + a.name + ", which " + a.file + " names", Next: accountNext}
	}
	return destination.Problem{What: "the secrets of the Fly app " + a.name + " can't be listed: " + err.Error(), Next: "try fly secrets list --app " + a.name}
}

const (
	loginNext   = "run fly auth login, or set FLY_API_TOKEN to a token of fly tokens create"
	accountNext = "run fly auth whoami; log in with an account of the app's organization, or unset FLY_API_TOKEN if it is another app's"
)

// refused says what to do about a failure.
func refused(doing, a string, err error) error {
	next := "see fly status --app " + a + ", then repeat it"
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, destination.ErrNotInstalled):
		next = "install flyctl"
	case loggedOut(err):
		next = loginNext
	case elsewhere(err), says(err, "not authorized", "permission", "forbidden"):
		next = accountNext
	}
	return fmt.Errorf("%s: %w; %s", doing, err, next)
}
