package githubtest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// asUser lets tokens of users in.
func (s *Server) asUser(e func(c *call, who *Account) answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, func() answer {
			_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
			g := s.personal(token)
			if g == nil {
				return fail(http.StatusUnauthorized, "Bad credentials")
			}
			g.showScopes(w.Header(), "")
			if refusal, fits := s.spend(w.Header(), g.payer()); !fits { // quotas of users are apart
				return refusal
			}
			return e(&call{s: s, r: r, grant: g}, g.person)
		})
	})
}

// asReader lets tokens of users in, and whoever has none, who is nil and reads what is public.
func (s *Server) asReader(e func(c *call, who *Account) answer) http.Handler {
	asUser := s.asUser(e)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			asUser.ServeHTTP(w, r)
			return
		}
		s.serve(w, func() answer {
			if refusal, fits := s.spend(w.Header(), nobody); !fits {
				return refusal
			}
			return e(&call{s: s, r: r}, nil)
		})
	})
}

// getAccount is GET /users/{username}.
func getAccount(c *call, _ *Account) answer {
	who := c.s.accounts[strings.ToLower(c.path("user"))]
	if who == nil {
		return notFound()
	}
	return getUser(c, who)
}

// listAccountRepositories is GET /users/{username}/repos: those that are public.
func listAccountRepositories(c *call, _ *Account) answer {
	if c.s.accounts[strings.ToLower(c.path("user"))] == nil {
		return notFound()
	}
	return listRepositories(c, func(r *Repository) bool { return strings.EqualFold(r.owner.Login, c.path("user")) && !r.private })
}

// listOwnRepositories is GET /user/repos: those that the person owns or was let in to.
func listOwnRepositories(c *call, who *Account) answer {
	return listRepositories(c, func(r *Repository) bool { return r.owner == who || r.explicit(who) })
}

// listOrganizationRepositories is GET /orgs/{org}/repos, as a person.
func listOrganizationRepositories(c *call, who *Account) answer {
	if org := c.s.accounts[strings.ToLower(c.path("org"))]; org == nil || org.Type != "Organization" {
		return notFound()
	}
	return listRepositories(c, func(r *Repository) bool {
		return strings.EqualFold(r.owner.Login, c.path("org")) && (!r.private || who != nil && r.role(who.Login) != "none")
	})
}

func listRepositories(c *call, include func(*Repository) bool) answer {
	var list []*Repository
	for _, r := range c.s.repositories {
		if include(r) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, byRepositoryID)
	cut, link := page(c, list)
	answers := []object{}
	for _, r := range cut {
		answers = append(answers, c.s.repositoryJSON(r))
	}
	return answer{status: http.StatusOK, link: link, body: answers}
}

// getUser is GET /user.
func getUser(c *call, who *Account) answer {
	j := c.s.accountJSON(who)
	maps.Copy(j, object{
		"name": who.Login, "company": nil, "blog": "", "location": nil, "email": nil, "hireable": nil, "bio": nil,
		"public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
		"created_at": stamp(c.s.created), "updated_at": stamp(c.s.created),
	})
	return ok(j)
}

// listUserInstallations is GET /user/installations: those where the person has been let in to a repository.
func listUserInstallations(c *call, who *Account) answer {
	var list []object
	for _, id := range slices.Sorted(maps.Keys(c.s.installations)) {
		in := c.s.installations[id]
		if !in.deleted && slices.ContainsFunc(c.s.reached(in), func(r *Repository) bool { return r.explicit(who) }) {
			list = append(list, c.s.installationAPIJSON(in))
		}
	}
	cut, link := page(c, list)
	return answer{status: http.StatusOK, link: link, body: object{"total_count": len(list), "installations": append([]object{}, cut...)}}
}

// listUserRepositories is GET /user/installations/{id}/repositories: private ones that the person was let in to, and all public ones.
func listUserRepositories(c *call, who *Account) answer {
	in := c.s.installations[c.number("id")]
	switch {
	case in == nil || in.deleted || !slices.ContainsFunc(c.s.reached(in), func(r *Repository) bool { return r.explicit(who) }):
		return notFound()
	case in.suspended:
		return fail(http.StatusForbidden, "This installation has been suspended")
	}
	var list []*Repository
	for _, r := range c.s.reached(in) {
		if r.role(who.Login) != "none" {
			list = append(list, r)
		}
	}
	cut, link := page(c, list)
	rendered := []object{}
	for _, r := range cut {
		j := c.s.repositoryJSON(r)
		j["permissions"] = permissionsOf(r.role(who.Login))
		rendered = append(rendered, j)
	}
	return answer{status: http.StatusOK, link: link, body: object{"total_count": len(list), "repositories": rendered}}
}

// explicit reports whether a person was given a role in the repository.
func (r *Repository) explicit(who *Account) bool {
	role := r.roles[strings.ToLower(who.Login)]
	return role != "" && role != "none"
}

func permissionsOf(role string) object {
	rank := slices.Index([]string{"none", "read", "triage", "write", "maintain", "admin"}, role)
	return object{"pull": rank >= 1, "triage": rank >= 2, "push": rank >= 3, "maintain": rank >= 4, "admin": rank >= 5}
}

// deleteUserToken is DELETE /applications/{client_id}/token.
func (s *Server) deleteUserToken(w http.ResponseWriter, r *http.Request) {
	s.serve(w, func() answer {
		c := &call{s: s, r: r}
		id, secret, _ := r.BasicAuth()
		if id != s.ClientID() || secret != s.oauth.secret || c.path("client") != id {
			return notFound()
		}
		var body struct {
			AccessToken string `json:"access_token"`
		}
		if a, fits := c.decode(&body); !fits {
			return a
		}
		a := s.oauth.users[body.AccessToken]
		if a == nil {
			return notFound()
		}
		s.oauth.forget(a)
		return answer{status: http.StatusNoContent}
	})
}
