package githubtest

import (
	"cmp"
	"encoding/base64"
	"maps"
	"strings"
	"time"
)

// nodeID makes an id of GraphQL's kind.
func nodeID(kind string, id int64) string {
	return base64.StdEncoding.EncodeToString([]byte("0:" + kind + itoa(id)))
}

// accountJSON is a simple user.
func (s *Server) accountJSON(a *Account) object {
	if a == nil {
		return nil
	}
	login := strings.ReplaceAll(strings.ReplaceAll(a.Login, "[", "%5B"), "]", "%5D")
	api := s.APIURL() + "/users/" + login
	return object{
		"login": a.Login, "id": a.ID, "node_id": nodeID("User", a.ID),
		"avatar_url": s.baseURL + "/avatars/u/" + itoa(a.ID), "gravatar_id": "", "url": api,
		"html_url": s.baseURL + "/" + login, "followers_url": api + "/followers",
		"following_url": api + "/following{/other_user}", "gists_url": api + "/gists{/gist_id}",
		"starred_url": api + "/starred{/owner}{/repo}", "subscriptions_url": api + "/subscriptions",
		"organizations_url": api + "/orgs", "repos_url": api + "/repos", "events_url": api + "/events{/privacy}",
		"received_events_url": api + "/received_events", "type": a.Type, "user_view_type": "public", "site_admin": false,
	}
}

// organizationJSON is what events of an organisation's repositories carry beside the repository.
func (s *Server) organizationJSON(a *Account) object {
	api := s.APIURL() + "/orgs/" + a.Login
	return object{
		"login": a.Login, "id": a.ID, "node_id": nodeID("Organization", a.ID), "url": api, "repos_url": api + "/repos",
		"events_url": api + "/events", "hooks_url": api + "/hooks", "issues_url": api + "/issues",
		"members_url": api + "/members{/member}", "public_members_url": api + "/public_members{/member}",
		"avatar_url": s.baseURL + "/avatars/u/" + itoa(a.ID), "description": nil,
	}
}

// repositoryJSON is a repository as events and lists show it.
func (s *Server) repositoryJSON(r *Repository) object {
	api := s.APIURL() + "/repos/" + r.fullName()
	web := s.baseURL + "/" + r.fullName()
	visibility := "public"
	if r.private {
		visibility = "private"
	}
	open := 0
	for _, i := range r.issues {
		if !i.deleted && i.state == "open" {
			open++
		}
	}
	j := object{
		"id": r.id, "node_id": nodeID("Repository", r.id), "name": r.name, "full_name": r.fullName(), "private": r.private,
		"owner": s.accountJSON(r.owner), "html_url": web, "description": nil, "fork": r.parent != nil, "url": api,
		"git_url": strings.Replace(web, "http:", "git:", 1) + ".git", "ssh_url": "git@" + strings.TrimPrefix(web, "http://") + ".git",
		"clone_url": web + ".git", "svn_url": web, "homepage": nil, "size": 1, "stargazers_count": 0, "watchers_count": 0,
		"language": nil, "has_issues": !r.noIssues, "has_projects": true, "has_downloads": true, "has_wiki": true,
		"has_pages": false, "has_discussions": len(r.discussions) > 0, "forks_count": 0, "mirror_url": nil, "archived": r.archived,
		"disabled": false, "open_issues_count": open, "license": nil, "allow_forking": true, "is_template": false,
		"web_commit_signoff_required": false, "topics": []string{}, "visibility": visibility, "forks": 0, "open_issues": open,
		"watchers": 0, "default_branch": r.defaultBranch, "created_at": stamp(r.created), "updated_at": stamp(r.created),
		"pushed_at": stamp(r.lastPush()), "custom_properties": object{},
	}
	for name, tail := range repositoryURLs() {
		j[name] = api + tail
	}
	return j
}

// lastPush is the creation's time for a repository that nothing was pushed to.
func (r *Repository) lastPush() time.Time {
	if r.pushed.IsZero() {
		return r.created
	}
	return r.pushed
}

// repositoryURLs are the addresses below a repository's own.
func repositoryURLs() map[string]string {
	return map[string]string{
		"forks_url": "/forks", "keys_url": "/keys{/key_id}", "collaborators_url": "/collaborators{/collaborator}",
		"teams_url": "/teams", "hooks_url": "/hooks", "issue_events_url": "/issues/events{/number}", "events_url": "/events",
		"assignees_url": "/assignees{/user}", "branches_url": "/branches{/branch}", "tags_url": "/tags",
		"blobs_url": "/git/blobs{/sha}", "git_tags_url": "/git/tags{/sha}", "git_refs_url": "/git/refs{/sha}",
		"trees_url": "/git/trees{/sha}", "statuses_url": "/statuses/{sha}", "languages_url": "/languages",
		"stargazers_url": "/stargazers", "contributors_url": "/contributors", "subscribers_url": "/subscribers",
		"subscription_url": "/subscription", "commits_url": "/commits{/sha}", "git_commits_url": "/git/commits{/sha}",
		"comments_url": "/comments{/number}", "issue_comment_url": "/issues/comments{/number}",
		"contents_url": "/contents/{+path}", "compare_url": "/compare/{base}...{head}", "merges_url": "/merges",
		"archive_url": "/{archive_format}{/ref}", "downloads_url": "/downloads", "issues_url": "/issues{/number}",
		"pulls_url": "/pulls{/number}", "milestones_url": "/milestones{/number}",
		"notifications_url": "/notifications{?since,all,participating}", "labels_url": "/labels{/name}",
		"releases_url": "/releases{/id}", "deployments_url": "/deployments",
	}
}

// fullRepositoryJSON is a repository as its own endpoint shows it.
func (s *Server) fullRepositoryJSON(r *Repository) object {
	j := s.repositoryJSON(r)
	j["network_count"] = 0
	j["subscribers_count"] = 0
	j["temp_clone_token"] = nil
	j["permissions"] = object{"admin": false, "maintain": false, "push": false, "triage": false, "pull": false}
	if r.owner.Type == "Organization" {
		j["organization"] = s.accountJSON(r.owner)
	}
	if r.parent != nil {
		j["parent"] = s.repositoryJSON(r.parent)
		j["source"] = s.repositoryJSON(r.parent)
	}
	return j
}

// pushRepositoryJSON is a repository as push events show it: with times as numbers, and an owner that has a name.
func (s *Server) pushRepositoryJSON(r *Repository) object {
	j := s.repositoryJSON(r)
	j["created_at"] = r.created.Unix()
	j["pushed_at"] = r.lastPush().Unix()
	j["stargazers"] = 0
	j["master_branch"] = r.defaultBranch
	owner := s.accountJSON(r.owner)
	owner["name"] = r.owner.Login
	owner["email"] = r.owner.Email()
	j["owner"] = owner
	if r.owner.Type == "Organization" {
		j["organization"] = r.owner.Login
	}
	return j
}

// briefJSON lists repositories as installation events do.
func (s *Server) briefJSON(repos []*Repository) []object {
	list := []object{}
	for _, r := range repos {
		list = append(list, object{
			"id": r.id, "node_id": nodeID("Repository", r.id), "name": r.name, "full_name": r.fullName(), "private": r.private,
		})
	}
	return list
}

func (s *Server) appJSON() object {
	return object{
		"id": s.opt.AppID, "slug": s.opt.AppSlug, "node_id": nodeID("App", s.opt.AppID), "client_id": "Iv1." + itoa(s.opt.AppID),
		"owner": s.accountJSON(cmp.Or(s.owner, s.bot)), "name": s.opt.AppSlug, "description": nil, "external_url": s.baseURL,
		"html_url": s.baseURL + "/apps/" + s.opt.AppSlug, "created_at": stamp(s.created), "updated_at": stamp(s.created),
		"permissions": maps.Clone(s.opt.Permissions), "events": s.opt.Events,
	}
}

// installationJSON is an installation as events show it: with times as numbers.
func (s *Server) installationJSON(in *Installation) object {
	j := s.installationAPIJSON(in)
	j["created_at"] = in.created.Unix()
	j["updated_at"] = in.created.Unix()
	return j
}

// installationAPIJSON is an installation as REST shows it.
func (s *Server) installationAPIJSON(in *Installation) object {
	j := object{
		"id": in.id, "account": s.accountJSON(in.account), "repository_selection": in.selection(),
		"access_tokens_url": s.APIURL() + "/app/installations/" + itoa(in.id) + "/access_tokens",
		"repositories_url":  s.APIURL() + "/installation/repositories",
		"html_url":          s.baseURL + "/settings/installations/" + itoa(in.id),
		"app_id":            s.opt.AppID, "app_slug": s.opt.AppSlug, "target_id": in.account.ID, "target_type": in.account.Type,
		"permissions": maps.Clone(in.permissions), "events": s.opt.Events, "created_at": stamp(in.created),
		"updated_at": stamp(in.created), "single_file_name": nil, "has_multiple_single_files": false,
		"single_file_paths": []string{}, "suspended_by": nil, "suspended_at": nil,
	}
	if in.suspended {
		j["suspended_by"] = s.accountJSON(in.account)
		j["suspended_at"] = stamp(s.opt.Now())
	}
	return j
}
