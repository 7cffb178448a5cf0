package githubtest

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
)

// ClassicToken makes a personal access token (classic) with these scopes, as gh has one: "repo", "admin:org" and so on.
func (s *Server) ClassicToken(who *Account, scopes ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := "ghp_" + (rand.Text() + rand.Text())[:36]
	s.grants[token] = &grant{token: token, person: who, scopes: append([]string{}, scopes...)}
	return token
}

// AddOwner makes a person an owner of the organisation, who may see and set its secrets.
func (s *Server) AddOwner(org, who *Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(org.Login)
	s.owners[key] = append(s.owners[key], who)
}

// RequireSingleSignOn has the organisation refuse personal tokens, which were not let in by single sign-on.
func (s *Server) RequireSingleSignOn(org *Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signOn[strings.ToLower(org.Login)] = true
}

// personal finds the grant of a person's token, of either kind; nil if it is none, or has ended.
func (s *Server) personal(token string) *grant {
	if a := s.oauth.users[token]; a != nil && s.opt.Now().Before(a.until) {
		return &grant{person: a.who}
	}
	if g := s.grants[token]; g != nil && g.person != nil {
		return g
	}
	return nil
}

// showScopes says which scopes a token has, and which would do.
func (g *grant) showScopes(h http.Header, accepted string) {
	if g.scopes != nil {
		h.Set("X-OAuth-Scopes", strings.Join(g.scopes, ", "))
		h.Set("X-Accepted-OAuth-Scopes", accepted)
	}
}

// singleSignOn refuses a token that the organisation wants to see signed on first.
func (s *Server) singleSignOn(g *grant, owner *Account) (answer, bool) {
	if g == nil || g.scopes == nil || !s.signOn[strings.ToLower(owner.Login)] {
		return answer{}, false
	}
	a := fail(http.StatusForbidden, "Resource protected by organization SAML enforcement. You must grant your OAuth token access to this organization.")
	page := strings.Replace(s.baseURL, "http:", "https:", 1) + "/orgs/" + owner.Login + "/sso?authorization_request=A1B2C3"
	a.header = http.Header{"X-Github-Sso": {"required; url=" + page}}
	return a, true
}

// inOrganization lets in owners of the organisation that the path names, by a personal token that may administer it.
func (s *Server) inOrganization(e func(c *call, org *Account) answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, func() answer {
			g, a, fits := s.checkToken(r)
			if !fits {
				return a
			}
			if g == nil || g.scopes == nil {
				return fail(http.StatusForbidden, "Resource not accessible by integration")
			}
			g.showScopes(w.Header(), "admin:org")
			if a, fits := s.spend(w.Header(), g.payer()); !fits {
				return a
			}
			org := s.accounts[strings.ToLower(pathValue(r, "org"))]
			if org == nil || org.Type != "Organization" {
				return notFound()
			}
			if a, refused := s.singleSignOn(g, org); refused {
				return a
			}
			if !slices.Contains(g.scopes, "admin:org") || !slices.Contains(s.owners[strings.ToLower(org.Login)], g.person) {
				return fail(http.StatusForbidden, "You must be an org admin or have the org secrets fine-grained permission.")
			}
			return e(&call{s: s, r: r, grant: g}, org)
		})
	})
}
