package github

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// Problem is an error about which a person can do something.
type Problem struct { //nolint:errname // what a destination.Problem is made of
	What string // what failed and why
	Next string // what to do
	Err  error
}

// Error says both.
func (p *Problem) Error() string { return strings.TrimSuffix(p.What, ".") + "; " + p.Next }

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// explain makes a problem of an error where it is known what helps.
func (s *Session) explain(err error) error {
	var refused *destination.Refused
	if !errors.As(err, &refused) {
		return err
	}
	p := &Problem{What: err.Error(), Err: err}
	header := refused.Header
	switch {
	case refused.Status == http.StatusMovedPermanently, refused.Status == http.StatusTemporaryRedirect:
		p.Next = "the repository has another name now: use that"
	case errors.Is(err, destination.ErrLogin) && s.source == "":
		p.Next = "run " + s.logsIn()
	case errors.Is(err, destination.ErrLogin):
		p.Next = "put a new token into " + s.source
	case errors.Is(err, destination.ErrLimited) && refused.After > 0:
		p.Next = "run this again then"
	case errors.Is(err, destination.ErrLimited):
		p.Next = "run this again in a few minutes"
	case errors.Is(err, destination.ErrUnavailable):
		p.Next = "look at the network, and at https://www.githubstatus.com; then run this again"
	case s.singleSignOn(header) != "":
		p.Next = fmt.Sprintf("open %s and let the token in, then run this again", s.singleSignOn(header))
	case strings.Contains(refused.Said, "archived"):
		p.Next = "unarchive the repository meanwhile, if anything still uses it"
	case s.lacking(header) != "":
		p.Next = s.widen(s.lacking(header))
	case s.permission(header) != "":
		p.Next = s.permission(header)
	case errors.Is(err, destination.ErrForbidden), errors.Is(err, destination.ErrNotFound):
		p.Next = askAdministrator
	default:
		return err
	}
	return p
}

const askAdministrator = "ask an administrator for it, or log in as one"

// permission says how a token with permissions, which has no scopes, gets the one that is missing: to write, as reading alone does not do.
func (s *Session) permission(h http.Header) string {
	wants, _, _ := strings.Cut(h.Get("X-Accepted-Github-Permissions"), ";")
	if s.scoped || wants == "" {
		return ""
	}
	wants = destination.Quote(strings.ReplaceAll(wants, "=read", "=write"), noSecret)
	if s.source == "" {
		return fmt.Sprintf("make a token with the permission %s, and log in with it: %s --with-token", wants, s.logsIn())
	}
	return fmt.Sprintf("give the token in %s the permission %s", s.source, wants)
}

// singleSignOn is where a person lets the token in to an organisation, "" where that is not what is missing.
func (s *Session) singleSignOn(h http.Header) string {
	_, at, found := strings.Cut(h.Get("X-Github-Sso"), "url=")
	if !found || !strings.HasPrefix(at, "https://"+s.host+"/") {
		return ""
	}
	return destination.Quote(at, noSecret)
}

// lacking is a scope that would have let a request through, and that the login has not.
func (s *Session) lacking(h http.Header) string {
	if !s.scoped {
		return ""
	}
	lacking := ""
	for scope := range strings.SplitSeq(h.Get("X-Accepted-Oauth-Scopes"), ",") {
		scope = strings.TrimSpace(scope)
		if !s.lacks(scope) {
			return "" // one of them is enough
		}
		if lacking == "" && scope != "" {
			lacking = destination.Quote(scope, noSecret)
		}
	}
	return lacking
}
