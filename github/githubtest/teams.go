package githubtest

import (
	"net/http"
	"slices"
	"strings"
)

// SetTeam makes a team of an organisation, or gives one other members.
func (s *Server) SetTeam(organisation *Account, slug string, members ...*Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.teams == nil {
		s.teams = map[string][]*Account{}
	}
	s.teams[teamKey(organisation.Login, slug)] = members
}

func teamKey(organisation, slug string) string { return strings.ToLower(organisation) + "/" + slug }

// getTeamMembership is GET /orgs/{org}/teams/{slug}/memberships/{user}.
func getTeamMembership(c *call) answer {
	organisation, slug := c.path("org"), c.path("slug")
	if !c.grant.may("members", "read") || !strings.EqualFold(c.grant.installation.account.Login, organisation) {
		return fail(http.StatusForbidden, "Resource not accessible by integration")
	}
	members := c.s.teams[teamKey(organisation, slug)]
	if !slices.ContainsFunc(members, func(a *Account) bool { return strings.EqualFold(a.Login, c.path("user")) }) {
		return notFound()
	}
	return ok(object{"url": c.address(), "role": "member", "state": "active"})
}
