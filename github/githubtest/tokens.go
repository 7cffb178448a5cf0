package githubtest

import (
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

const (
	tokenLifetime = time.Hour
	jwtLifetime   = 10 * time.Minute // the most that exp may lie ahead
	maxNarrowed   = 500              // repositories that one token can name
)

// grant is what a token stands for: an installation's, or a person's.
type grant struct {
	token        string
	person       *Account // nil: the token is of installation
	scopes       []string // of a personal access token (classic); nil: a user token of the App, which only reads here
	installation *Installation
	permissions  map[string]string
	only         map[int64]bool // repositories it is narrowed to; nil: all of the installation's
	expires      time.Time
}

// payer is whose quota the token's requests are of.
func (g *grant) payer() int64 {
	if g.person != nil {
		return g.person.ID
	}
	return g.installation.id
}

func (g *grant) reaches(r *Repository) bool {
	if g.person != nil {
		return !r.deleted && r.role(g.person.Login) != "none"
	}
	return g.installation.reaches(r) && (g.only == nil || g.only[r.id])
}

func (g *grant) may(permission, level string) bool {
	switch {
	case g.person == nil && permission == toComment:
		permission = "issues"
	case g.person != nil && slices.Contains([]string{toComment, "secrets", "environments"}, permission):
		return slices.Contains(g.scopes, "repo")
	case g.person != nil:
		return level == "read" && !slices.Contains([]string{"secret_scanning_alerts", "security_events"}, permission)
	}
	return granted(g.permissions[permission], level)
}

// toComment is what commenting takes: everybody who reads an issue may.
const toComment = "comments"

// granted reports whether having is enough for what is wanted.
func granted(having, wanted string) bool {
	rank := func(level string) int { return slices.Index([]string{"", "read", "write", "admin"}, level) }
	return rank(having) >= rank(wanted)
}

// checkJWT reports whether the request carries a good JWT of the App.
func (s *Server) checkJWT(r *http.Request) (answer, bool) {
	text, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !found {
		return fail(http.StatusUnauthorized, "A JSON web token could not be decoded"), false
	}
	var claims jwt.MapClaims
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	if _, err := parser.ParseWithClaims(text, &claims, func(*jwt.Token) (any, error) { return &s.key.PublicKey, nil }); err != nil {
		return fail(http.StatusUnauthorized, "A JSON web token could not be decoded"), false
	}
	if fault := s.judgeClaims(claims); fault != "" {
		return fail(http.StatusUnauthorized, fault), false
	}
	return answer{}, true
}

// judgeClaims says in GitHub's words what is wrong with the claims, or nothing.
func (s *Server) judgeClaims(claims jwt.MapClaims) string {
	now := s.opt.Now()
	exp, expIsNumber := claims["exp"].(float64)
	iat, iatIsNumber := claims["iat"].(float64)
	switch {
	case s.unregistered:
		return "Integration not found"
	case fmt.Sprint(claims["iss"]) != itoa(s.opt.AppID) && claims["iss"] != float64(s.opt.AppID):
		return "'Issuer' claim ('iss') must be the App's id"
	case !expIsNumber:
		return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
	case !now.Before(time.Unix(int64(exp), 0)):
		return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
	case time.Unix(int64(exp), 0).After(now.Add(jwtLifetime)):
		return "'Expiration time' claim ('exp') is too far in the future"
	case !iatIsNumber || time.Unix(int64(iat), 0).After(now):
		return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
	}
	return ""
}

// checkToken finds the grant of the request's token. Without any credentials the grant is nil, and that fits.
func (s *Server) checkToken(r *http.Request) (*grant, answer, bool) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return nil, answer{}, true
	}
	scheme, token, _ := strings.Cut(header, " ")
	if strings.EqualFold(scheme, "basic") {
		_, token, _ = r.BasicAuth()
	}
	if g := s.personal(token); g != nil {
		return g, answer{}, true
	}
	g := s.grants[token]
	if g == nil || !s.opt.Now().Before(g.expires) || g.installation.suspended || g.installation.deleted {
		return nil, fail(http.StatusUnauthorized, "Bad credentials"), false
	}
	return g, answer{}, true
}

// RevokeTokens makes all installation tokens invalid before their time.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.grants, func(_ string, g *grant) bool { return g.person == nil })
}

// createToken is POST /app/installations/{id}/access_tokens.
func createToken(c *call) answer {
	in := c.s.installations[c.number("id")]
	switch {
	case in == nil || in.deleted:
		return notFound()
	case in.suspended:
		return fail(http.StatusForbidden, "This installation has been suspended")
	}
	var body struct {
		Repositories  []string          `json:"repositories"`
		RepositoryIDs []int64           `json:"repository_ids"`
		Permissions   map[string]string `json:"permissions"`
	}
	if a, fits := c.decode(&body); !fits {
		return a
	}
	g := &grant{installation: in, permissions: maps.Clone(in.permissions), expires: c.s.opt.Now().Add(tokenLifetime)}
	if len(body.Repositories)+len(body.RepositoryIDs) > maxNarrowed {
		return fail(http.StatusUnprocessableEntity, "Too many repositories: a token can name "+strconv.Itoa(maxNarrowed))
	}
	if len(body.Permissions) > 0 {
		g.permissions = map[string]string{"metadata": "read"}
		for name, level := range body.Permissions {
			if !granted(in.permissions[name], level) {
				return fail(http.StatusUnprocessableEntity, "The permissions requested are not granted to this installation.")
			}
			g.permissions[name] = level
		}
	}
	named, all := c.s.narrow(in, body.Repositories, body.RepositoryIDs)
	if !all {
		return fail(http.StatusUnprocessableEntity,
			"There is at least one repository that does not exist or is not accessible to the parent installation.")
	}
	answer := object{"permissions": g.permissions, "repository_selection": in.selection()}
	if named != nil {
		g.only = map[int64]bool{}
		var list []object
		for _, repo := range named {
			g.only[repo.id] = true
			list = append(list, c.s.repositoryJSON(repo))
		}
		answer["repository_selection"] = "selected"
		answer["repositories"] = list
	}
	// 36 characters behind the prefix, as GitHub's installation tokens have.
	g.token = "ghs_" + (rand.Text() + rand.Text())[:36]
	c.s.grants[g.token] = g
	answer["token"] = g.token
	answer["expires_at"] = stamp(g.expires)
	return created(answer)
}

// narrow finds the named repositories among those that the installation reaches. named is nil when none were named.
func (s *Server) narrow(in *Installation, names []string, ids []int64) (named []*Repository, all bool) {
	for _, repo := range s.repositories {
		if in.reaches(repo) && (slices.Contains(ids, repo.id) || slices.ContainsFunc(names, func(n string) bool {
			return strings.EqualFold(n, repo.name)
		})) {
			named = append(named, repo)
		}
	}
	slices.SortFunc(named, byRepositoryID)
	return named, len(named) >= max(len(names), len(ids))
}
