package githubtest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxIssueTitle = 256
	maxIssueBody  = 65536 // of comments too
	maxLabel      = 50
	maxAssignees  = 10
)

type issue struct {
	text
	number          int
	title           string
	state, reason   string
	labels          []*label
	assignees       []*Account
	comments        []*comment
	closed          time.Time
	closedBy        *Account
	deleted, locked bool
	movedTo         *Repository // where it was transferred to, as number movedNumber
	movedNumber     int
	pull            *PullRequest // what GitHub counts as an issue though it is none; nil for issues
}

type label struct {
	id   int64
	name string
}

// comment is a comment of any kind.
type comment struct {
	text
	spot               // of a pull request's review, or of a commit
	replies []*comment // of a discussion
}

// Issue is an issue as it stands.
type Issue struct {
	ID        int64
	Number    int
	Title     string
	Body      string
	Author    string
	State     string // open, closed
	Reason    string // completed, not_planned, reopened, or ""
	Labels    []string
	Assignees []string
	Comments  []Comment
	Deleted   bool
	Created   time.Time
	Updated   time.Time
}

// Comment is a comment under an issue.
type Comment struct {
	ID      int64
	Author  string
	Body    string
	Created time.Time
}

// Issues lists the repository's issues, also deleted ones, oldest first.
func (r *Repository) Issues() []Issue {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	list := make([]Issue, 0, len(r.issues))
	for _, i := range r.issues {
		one := Issue{
			ID: i.id, Number: i.number, Title: i.title, Body: i.body, Author: i.author.Login, State: i.state, Reason: i.reason,
			Deleted: i.deleted, Created: i.created, Updated: i.updated,
		}
		for _, l := range i.labels {
			one.Labels = append(one.Labels, l.name)
		}
		for _, a := range i.assignees {
			one.Assignees = append(one.Assignees, a.Login)
		}
		for _, c := range i.comments {
			one.Comments = append(one.Comments, Comment{ID: c.id, Author: c.author.Login, Body: c.body, Created: c.created})
		}
		list = append(list, one)
	}
	return list
}

func (r *Repository) issue(number int64) *issue {
	for _, i := range r.issues {
		if int64(i.number) == number {
			return i
		}
	}
	return nil
}

// issueRequest is the body of creating and editing. Absent fields are nil.
type issueRequest struct {
	Title     *string  `json:"title"`
	Body      *string  `json:"body"`
	State     *string  `json:"state"`
	Reason    *string  `json:"state_reason"`
	Labels    []any    `json:"labels"`
	Assignee  *string  `json:"assignee"`
	Assignees []string `json:"assignees"`
}

// findIssue finds the issue that the path names, or says why there is none.
func (c *call) findIssue() (*issue, answer) {
	if c.repo.noIssues {
		return nil, issuesDisabled()
	}
	i := c.repo.thread(c.number("number"))
	switch {
	case i == nil:
		return nil, notFound()
	case i.deleted:
		return nil, fail(http.StatusGone, "This issue was deleted")
	case i.movedTo != nil:
		to := fmt.Sprintf("%s/repos/%s/issues/%d", c.s.APIURL(), i.movedTo.fullName(), i.movedNumber)
		return nil, answer{status: http.StatusMovedPermanently, location: to, body: object{"message": "Moved Permanently", "url": to}}
	}
	return i, answer{}
}

func issuesDisabled() answer {
	return fail(http.StatusGone, "Issues has been disabled in this repository.")
}

// createIssue is POST /repos/{owner}/{repo}/issues.
func createIssue(c *call) answer {
	if c.repo.noIssues {
		return issuesDisabled()
	}
	var req issueRequest
	if a, fits := c.decode(&req); !fits {
		return a
	}
	if deref(req.Title) == "" {
		return invalid(fieldError("Issue", "title", "missing_field", ""))
	}
	if a, fits := c.repo.checkIssue(&req); !fits {
		return a
	}
	i := c.repo.newIssue(c.s.bot)
	i.title, i.body = *req.Title, deref(req.Body)
	c.repo.edit(i, &req)
	c.s.echoIssue(c.repo, i, "opened", nil)
	return created(c.s.issueJSON(c.repo, i))
}

func (r *Repository) newIssue(author *Account) *issue {
	r.numbers++
	i := &issue{text: r.s.newText("Issue", "", author), number: r.numbers, state: "open"}
	r.issues = append(r.issues, i)
	return i
}

// editIssue is PATCH /repos/{owner}/{repo}/issues/{number}.
func editIssue(c *call) answer {
	i, a := c.findIssue()
	if i == nil {
		return a
	}
	if !c.mayWrite(i) {
		return forbidden(c.r)
	}
	var req issueRequest
	if a, fits := c.decode(&req); !fits {
		return a
	}
	if a, fits := c.repo.checkIssue(&req); !fits {
		return a
	}
	was, title, body := i.state, i.title, i.body
	c.repo.edit(i, &req)
	if req.State != nil && *req.State != was {
		c.repo.turn(i, *req.State, deref(req.Reason), c.s.bot)
	}
	switch {
	case i.state == "closed" && was == "open":
		c.s.echoIssue(c.repo, i, "closed", nil)
	case i.state == "open" && was == "closed":
		c.s.echoIssue(c.repo, i, "reopened", nil)
	case i.title != title || i.body != body:
		c.s.echoIssue(c.repo, i, "edited", object{"changes": changed(title, i.title, body, i.body)})
	}
	return ok(c.s.issueJSON(c.repo, i))
}

// changed is what an edit's event says of it.
func changed(title, newTitle, body, newBody string) object {
	changes := object{}
	if title != newTitle {
		changes["title"] = object{"from": title}
	}
	if body != newBody {
		changes["body"] = object{"from": body}
	}
	return changes
}

// checkIssue holds a request against GitHub's limits.
func (r *Repository) checkIssue(req *issueRequest) (answer, bool) {
	switch {
	case utf8.RuneCountInString(deref(req.Title)) > maxIssueTitle:
		return invalid(fieldError("Issue", "title", "custom", "title is too long (maximum is 256 characters)")), false
	case utf8.RuneCountInString(deref(req.Body)) > maxIssueBody:
		return invalid(fieldError("Issue", "body", "custom", "body is too long (maximum is 65536 characters)")), false
	case req.State != nil && *req.State != "open" && *req.State != "closed":
		return unfit("%s is not a member of [\"open\", \"closed\"].", *req.State), false
	case req.Reason != nil && !slices.Contains([]string{"completed", "not_planned", "duplicate", "reopened"}, *req.Reason):
		return unfit("%s is not a reason for a state.", *req.Reason), false
	}
	for _, l := range req.Labels {
		if name := labelName(l); name == "" || utf8.RuneCountInString(name) > maxLabel {
			return invalid(fieldError("Label", "name", "invalid", "")), false
		}
	}
	if len(req.Assignees) > maxAssignees {
		return invalid(fieldError("Issue", "assignees", "invalid", "")), false
	}
	for _, login := range req.people() {
		if !r.assignable(login) {
			e := fieldError("Issue", "assignees", "invalid", "")
			e["value"] = login
			return invalid(e), false
		}
	}
	return answer{}, true
}

func (req *issueRequest) people() []string {
	if req.Assignees == nil && deref(req.Assignee) != "" {
		return []string{*req.Assignee}
	}
	return req.Assignees
}

// labelName reads a label that is given by name or as an object.
func labelName(l any) string {
	switch l := l.(type) {
	case string:
		return l
	case map[string]any:
		name, _ := l["name"].(string)
		return name
	}
	return ""
}

// edit makes a checked request part of the issue; the state apart.
func (r *Repository) edit(i *issue, req *issueRequest) {
	r.s.rename(&i.text, &i.title, req.Title, r.s.bot)
	if req.Body != nil {
		r.s.edit(&i.text, *req.Body, r.s.bot)
	}
	if req.Labels != nil {
		i.labels = nil
		for _, l := range req.Labels {
			i.labels = append(i.labels, r.label(labelName(l)))
		}
	}
	if people := req.people(); people != nil {
		i.assignees = nil
		for _, login := range people {
			i.assignees = append(i.assignees, r.s.accounts[strings.ToLower(login)])
		}
	}
	i.updated = r.s.opt.Now()
}

// label finds the label of that name, and makes one at the first call.
func (r *Repository) label(name string) *label {
	key := strings.ToLower(name)
	if r.labels[key] == nil {
		r.labels[key] = &label{id: r.s.id(), name: name}
	}
	return r.labels[key]
}

// turn closes or reopens an issue.
func (r *Repository) turn(i *issue, state, reason string, by *Account) {
	now := r.s.opt.Now()
	i.state, i.updated = state, now
	if state == "closed" {
		i.reason, i.closed, i.closedBy = cmp.Or(reason, "completed"), now, by
		return
	}
	i.reason, i.closed, i.closedBy = "reopened", time.Time{}, nil
}

// getIssue is GET /repos/{owner}/{repo}/issues/{number}.
func getIssue(c *call) answer {
	i, a := c.findIssue()
	if i == nil {
		return a
	}
	return ok(c.s.issueJSON(c.repo, i))
}
