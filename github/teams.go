package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// ErrNoMembers is returned where the installation does not let the App see who is in a team: the permission Members: read-only is missing.
var ErrNoMembers = errors.New("github: the App may not see members of the organisation")

// TeamMember reports whether a person is an active member of an organisation's team, as the installation sees it. A team that is not
// there has no members. [ErrNoMembers]: the installation doesn't say.
func (a *App) TeamMember(ctx context.Context, installation int64, organisation, slug, login string) (bool, error) {
	const op = "read team membership"
	about := organisation + "/" + slug
	if !isName(organisation) || !isName(slug) || !isLogin(login) {
		return false, &Error{Op: op, About: about, Err: &InvalidError{"team", fmt.Sprintf("%.80q and %.80q are no names", about, login)}}
	}
	calls := a.caller(a.authorize(a.rest, tokenKey{installation: installation, access: membersAccess}), installation, about)
	var answer struct {
		State string `json:"state"`
	}
	_, err := calls.get(ctx, op, "orgs/"+organisation+"/teams/"+slug+"/memberships/"+url.PathEscape(login), "", &answer)
	f, failed := failureOf(err)
	_, limited := f.limit(a.now())
	switch {
	case failed && !limited && (f.status == http.StatusForbidden || f.status == http.StatusUnprocessableEntity && f.token):
		return false, fmt.Errorf("%w: %w", ErrNoMembers, err)
	case failed && f.status == http.StatusNotFound:
		return false, nil
	case err != nil:
		return false, err
	}
	return answer.State == "active", nil
}
