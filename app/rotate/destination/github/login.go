package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// Session is a person's login on one GitHub. It is safe for concurrent use.
type Session struct {
	api    *destination.API
	host   string
	login  string // "" where the token is of no person
	source string // the variable that the token stands in; "": gh has it
	scopes []string
	scoped bool // the token is of a kind that has scopes
}

const (
	ghTimeout = 10 * time.Second
	publicHub = "github.com"
)

// Login logs a person in, with the token that gh would use: one in the environment, or gh's own. A token in the environment for GitHub Enterprise
// Server goes to the server in GH_HOST or GITHUB_SERVER_URL alone. Errors are [Problem]s where a person can do something.
func Login(ctx context.Context, m *destination.Machine, host string) (*Session, error) {
	s := &Session{host: host}
	token, err := s.token(ctx, m)
	if err != nil {
		return nil, err
	}
	s.api = m.NewAPI("GitHub", base(host), http.Header{
		"Authorization":        {"Bearer " + token},
		"Accept":               {"application/vnd.github+json"},
		"X-Github-Api-Version": {"2022-11-28"},
	})
	var user struct {
		Login string `json:"login"`
	}
	var header http.Header
	err = s.api.Do(ctx, destination.Request{Method: http.MethodGet, Path: "/user", Doing: "ask whose login it is", Header: &header}, &user)
	if err != nil && !errors.Is(err, destination.ErrForbidden) { // the token of a workflow is of no person
		return nil, s.explain(err)
	}
	s.login = user.Login
	if all, scoped := header[http.CanonicalHeaderKey("X-OAuth-Scopes")]; scoped {
		s.scoped = true
		for scope := range strings.SplitSeq(strings.Join(all, ","), ",") {
			s.scopes = append(s.scopes, strings.TrimSpace(scope))
		}
	}
	return s, nil
}

// Login returns whose login it is, "" for a token that is of no person.
func (s *Session) Login() string { return s.login }

// account says it for people.
func (s *Session) account() string {
	switch {
	case s.login == "":
		return "the token in " + cmp.Or(s.source, "gh")
	case s.source == "":
		return s.login
	}
	return s.login + " (" + s.source + ")"
}

func (s *Session) token(ctx context.Context, m *destination.Machine) (string, error) {
	for _, name := range variables(m, s.host) {
		if token := strings.TrimSpace(m.Getenv(name)); token != "" {
			s.source = name
			return token, nil
		}
	}
	out, err := m.Tools().Run(ctx, destination.Call{
		Program: "gh", Args: []string{"auth", "token", "--hostname", s.host}, Pass: []string{"GH_CONFIG_DIR"}, Timeout: ghTimeout,
	})
	if err := ctx.Err(); err != nil {
		return "", err //nolint:wrapcheck // as it is
	}
	if token := strings.TrimSpace(string(out)); err == nil && token != "" && !strings.ContainsAny(token, " \r\n\t") {
		return token, nil
	}
	p := Problem{What: "nobody is logged in to " + s.host, Next: "run " + s.logsIn()}
	switch names := variables(m, s.host); {
	case errors.Is(err, destination.ErrNotInstalled) && len(names) > 0:
		p.Next = fmt.Sprintf("set %s, or install gh (https://cli.github.com) and %s", names[0], p.Next)
	case errors.Is(err, destination.ErrNotInstalled):
		p.Next = "install gh (https://cli.github.com) and " + p.Next
	case len(names) > 0:
		p.Next += ", or set " + names[0]
	}
	return "", &p
}

func (s *Session) logsIn() string { return "gh auth login --hostname " + s.host }

// variables are those that tokens for a host may stand in.
func variables(m *destination.Machine, host string) []string {
	switch {
	case host == publicHub || strings.HasSuffix(host, ".ghe.com"):
		return []string{"GH_TOKEN", "GITHUB_TOKEN"}
	case m.Getenv("GITHUB_SERVER_URL") == "https://"+host:
		return []string{"GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"}
	case strings.EqualFold(m.Getenv("GH_HOST"), host):
		return []string{"GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"}
	}
	return nil
}

// base is the address of a host's API.
func base(host string) string {
	if host == publicHub {
		return "https://api.github.com"
	}
	if strings.HasSuffix(host, ".ghe.com") {
		return "https://api." + host
	}
	if onThisMachine(host) {
		return "http://" + host + "/api/v3"
	}
	return "https://" + host + "/api/v3"
}

func onThisMachine(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

// lacks reports whether the login surely lacks a scope.
func (s *Session) lacks(scope string) bool { return s.scoped && !slices.Contains(s.scopes, scope) }

// widen says how the login gets a scope.
func (s *Session) widen(scope string) string {
	if s.source == "" {
		return fmt.Sprintf("run gh auth refresh --hostname %s --scopes %s", s.host, scope)
	}
	return fmt.Sprintf("give the token in %s the scope %s", s.source, scope)
}
