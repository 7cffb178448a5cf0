package destination

import (
	"errors"
	"fmt"
	"net"
	"net/url"
)

// Advice is what a person does next, by the class of what went wrong: an infinitive without a full stop, such as "run vercel login".
type Advice map[error]string

// ErrMore is of a list of which only the first part was read.
var ErrMore = errors.New("there are more than rekey reads")

// On adds the next step to an error whose class the advice has. Other errors it returns as they are.
func (a Advice) On(err error) error {
	if next := a.next(err); next != "" {
		return fmt.Errorf("%w; %s", err, next)
	}
	return err
}

// Problem tells an error as a problem of a survey.
func (a Advice) Problem(err error) Problem {
	next := a.next(err)
	switch {
	case errors.Is(err, ErrMore):
		next = "look at the others yourself"
	case next == "":
		next = "try again later"
	}
	return Problem{What: err.Error(), Next: next}
}

// Err tells a problem as an error.
func (p Problem) Err() error { return errors.New(p.What + "; " + p.Next) }

func (a Advice) next(err error) string {
	for class, next := range a {
		if errors.Is(err, class) {
			return next
		}
	}
	return ""
}

// LoggedOut is the error of a vendor to whom nobody is logged in on this machine. Its class is [ErrLogin].
type LoggedOut string //nolint:errname // a state of the machine

// Error names the vendor.
func (l LoggedOut) Error() string { return "nobody is logged in to " + string(l) + " on this machine" }

// Unwrap returns the class.
func (LoggedOut) Unwrap() error { return ErrLogin }

// Base returns the address of an API: the one that the vendor's own program was told to use instead of its usual one, where there is one. It must be
// https, or on this machine: a login is sent to it.
func Base(told, usual string) (string, error) {
	if told == "" {
		return usual, nil
	}
	u, err := url.Parse(told)
	switch {
	case err != nil || u.Host == "":
		return "", fmt.Errorf("the address %q is none", told)
	case u.Scheme == "https":
		return told, nil
	case u.Scheme == "http" && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()):
		return told, nil
	}
	return "", fmt.Errorf("the address %s is not https", told)
}
