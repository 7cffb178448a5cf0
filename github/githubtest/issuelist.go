package githubtest

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// listIssues is GET /repos/{owner}/{repo}/issues. Pull requests are issues too, as GitHub has it.
func listIssues(c *call) answer {
	if c.repo.noIssues {
		return issuesDisabled()
	}
	q := c.r.URL.Query()
	since, err := time.Parse(time.RFC3339, cmp.Or(q.Get("since"), "1970-01-01T00:00:00Z"))
	if err != nil {
		return unfit("since is not a timestamp.")
	}
	var issues []*issue
	for _, i := range c.repo.threads() {
		if !i.deleted && i.movedTo == nil && !i.updated.Before(since) && i.matches(q) {
			issues = append(issues, i)
		}
	}
	slices.SortStableFunc(issues, func(a, b *issue) int {
		var order int
		switch q.Get("sort") {
		case "updated":
			order = a.updated.Compare(b.updated)
		case "comments":
			order = cmp.Compare(len(a.comments), len(b.comments))
		default:
			order = a.created.Compare(b.created)
		}
		order = cmp.Or(order, cmp.Compare(a.number, b.number))
		if q.Get("direction") != "asc" {
			return -order
		}
		return order
	})
	list := []object{}
	cut, link := page(c, issues)
	for _, i := range cut {
		list = append(list, c.s.issueJSON(c.repo, i))
	}
	return answer{status: 200, body: list, link: link}
}

// matches reports whether the issue fits a list's filters, since apart.
func (i *issue) matches(q url.Values) bool {
	if state := cmp.Or(q.Get("state"), "open"); state != "all" && state != i.state {
		return false
	}
	if creator := q.Get("creator"); creator != "" && !strings.EqualFold(creator, i.author.Login) {
		return false
	}
	switch assignee := q.Get("assignee"); {
	case assignee == "none" && len(i.assignees) > 0, assignee == "*" && len(i.assignees) == 0:
		return false
	case assignee != "" && assignee != "none" && assignee != "*" &&
		!slices.ContainsFunc(i.assignees, func(a *Account) bool { return strings.EqualFold(a.Login, assignee) }):
		return false
	}
	if q.Get("labels") != "" {
		for name := range strings.SplitSeq(q.Get("labels"), ",") {
			if !slices.ContainsFunc(i.labels, func(l *label) bool { return strings.EqualFold(l.name, name) }) {
				return false
			}
		}
	}
	return true
}

func (s *Server) issueJSON(r *Repository, i *issue) object {
	api := fmt.Sprintf("%s/repos/%s/issues/%d", s.APIURL(), r.fullName(), i.number)
	labels, assignees := []object{}, []object{}
	for _, l := range i.labels {
		labels = append(labels, object{
			"id": l.id, "node_id": nodeID("Label", l.id), "url": s.APIURL() + "/repos/" + r.fullName() + "/labels/" + url.PathEscape(l.name),
			"name": l.name, "color": "ededed", "default": false, "description": nil,
		})
	}
	for _, a := range i.assignees {
		assignees = append(assignees, s.accountJSON(a))
	}
	var assignee, closedBy, app any
	if len(assignees) > 0 {
		assignee = assignees[0]
	}
	if i.closedBy != nil {
		closedBy = s.accountJSON(i.closedBy)
	}
	if i.author == s.bot {
		app = s.appJSON()
	}
	made := object{
		"url": api, "repository_url": s.APIURL() + "/repos/" + r.fullName(), "labels_url": api + "/labels{/name}",
		"comments_url": api + "/comments", "events_url": api + "/events",
		"html_url": r.page(i), "id": i.id, "node_id": i.node(),
		"number": i.number, "title": i.title, "user": s.accountJSON(i.author), "labels": labels, "state": i.state,
		"locked": i.locked, "assignee": assignee, "assignees": assignees, "milestone": nil, "comments": len(i.comments),
		"created_at": stamp(i.created), "updated_at": stamp(i.updated), "closed_at": stampOrNull(i.closed),
		"author_association": r.association(i.author), "active_lock_reason": nil, "body": orNull(i.body), "draft": false,
		"reactions": reactionsJSON(api), "timeline_url": api + "/timeline", "performed_via_github_app": app,
		"state_reason": orNull(i.reason), "closed_by": closedBy,
	}
	if i.pull != nil {
		made["pull_request"] = object{
			"url": s.pullURL(i.pull), "html_url": r.page(i), "diff_url": r.page(i) + ".diff", "patch_url": r.page(i) + ".patch",
			"merged_at": nil,
		}
	}
	return made
}

func reactionsJSON(of string) object {
	return object{
		"url": of + "/reactions", "total_count": 0, "+1": 0, "-1": 0, "laugh": 0, "hooray": 0, "confused": 0, "heart": 0,
		"rocket": 0, "eyes": 0,
	}
}

func (s *Server) commentJSON(r *Repository, i *issue, c *comment) object {
	api := fmt.Sprintf("%s/repos/%s/issues", s.APIURL(), r.fullName())
	var app any
	if c.author == s.bot {
		app = s.appJSON()
	}
	return object{
		"url": api + "/comments/" + itoa(c.id), "id": c.id, "node_id": c.node(),
		"html_url":  fmt.Sprintf("%s#issuecomment-%d", r.page(i), c.id),
		"issue_url": fmt.Sprintf("%s/%d", api, i.number), "user": s.accountJSON(c.author), "created_at": stamp(c.created),
		"updated_at": stamp(c.updated), "author_association": r.association(c.author), "body": c.body,
		"reactions": reactionsJSON(api + "/comments/" + itoa(c.id)), "performed_via_github_app": app,
	}
}
