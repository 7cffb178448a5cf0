package github_test

import (
	"errors"
	"maps"
	"net/http"
	"testing"

	"github.com/rekey-app/rekey/github"
)

// TestTeamMember: who is in a team is GitHub's to say; where it doesn't let the App see, that is said, and nobody is taken for a member.
func TestTeamMember(t *testing.T) {
	w := newWorld(t)
	w.SetTeam(w.org, "security", w.ada)
	is := func(organisation, slug, login string) (bool, error) {
		return w.app.TeamMember(t.Context(), w.in.ID(), organisation, slug, login)
	}
	if member, err := is("acme", "security", "ada"); member || !errors.Is(err, github.ErrNoMembers) {
		t.Errorf("without the permission: %v, %v", member, err)
	}
	with := maps.Clone(github.Wanted().Permissions)
	with["members"] = "read"
	w.in.AcceptPermissions(t.Context(), w.ada, with)
	for who, want := range map[[3]string]bool{
		{"acme", "security", "ada"}: true, {"acme", "security", "bob"}: false, {"acme", "others", "ada"}: false,
	} {
		if member, err := is(who[0], who[1], who[2]); member != want || err != nil {
			t.Errorf("%v: %v, %v", who, member, err)
		}
	}
	if member, err := is("umbrella", "security", "ada"); member || !errors.Is(err, github.ErrNoMembers) {
		t.Errorf("another organisation's: %v, %v", member, err)
	}
	if member, err := is("acme", "security/../x", "ada"); member || err == nil {
		t.Errorf("a path: %v, %v", member, err)
	}
}

// TestPendingTeamMember: who was invited and has not accepted is none, and a limit of requests is no answer.
func TestPendingTeamMember(t *testing.T) {
	s := newStub()
	s.HandleFunc("GET /api/v3/orgs/acme/teams/security/memberships/kim", answer(200, `{"state":"pending","role":"member"}`))
	s.HandleFunc("GET /api/v3/orgs/acme/teams/security/memberships/lee", answer(http.StatusForbidden, `{"message":"You have exceeded a secondary rate limit"}`))
	if member, err := s.app(t).TeamMember(t.Context(), 1, "acme", "security", "kim"); member || err != nil {
		t.Errorf("pending: %v, %v", member, err)
	}
	if member, err := s.app(t).TeamMember(t.Context(), 1, "acme", "security", "lee"); member || err == nil || errors.Is(err, github.ErrNoMembers) {
		t.Errorf("limited: %v, %v", member, err)
	}
}
