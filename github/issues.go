package github

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v62/github"
)

// GitHub's limits for issues, from the words of its 422.
const (
	maxIssueTitle = 256   // characters
	maxIssueBody  = 65536 // characters, comments too
)

// Issue is an issue as read from or written to GitHub.
type Issue struct {
	Number    int
	ID        int64
	URL       string // html_url
	Title     string // 256 characters
	Body      string // 65,536 characters
	State     string // open, closed
	Reason    string // state_reason: completed, not_planned, reopened
	Labels    []string
	Assignees []string
}

// CreateIssue files the issue. Labels that do not exist are made by GitHub; assignees that it does not take are dropped.
// Errors may be [ErrIssuesDisabled] or [ErrArchived].
func (c *Client) CreateIssue(ctx context.Context, i Issue) (Issue, error) {
	const op = "create issue"
	if err := firstError(required("issue's title", i.Title), i.validate()); err != nil {
		return Issue{}, &Error{Op: op, About: c.calls.about, Err: err}
	}
	request := &gogithub.IssueRequest{Title: &i.Title, Body: &i.Body, Labels: optionalList(i.Labels), Assignees: optionalList(i.Assignees)}
	created, err := c.createIssue(ctx, op, request)
	if request.Assignees != nil && refusesAssignees(err) {
		request.Assignees = nil
		created, err = c.createIssue(sameTurn(ctx, createIssue), op, request)
	}
	return created, err
}

func (c *Client) createIssue(ctx context.Context, op string, request *gogithub.IssueRequest) (created Issue, err error) {
	err = c.do(ctx, op, createIssue, func(ctx context.Context, rest *gogithub.Client) error {
		i, _, err := rest.Issues.Create(ctx, c.repo.Owner, c.repo.Name, request)
		created = issueOf(i)
		return err
	})
	return created, err
}

// refusesAssignees reports whether it is the assignees that GitHub does not take: people who left, bots, strangers.
func refusesAssignees(err error) bool {
	f, ok := failureOf(err)
	if !ok || f.status != http.StatusUnprocessableEntity {
		return false
	}
	for _, field := range f.fields {
		if strings.HasPrefix(field, "assignee") {
			return true
		}
	}
	return false
}

// EditIssue sets title, body, state and labels of issue i.Number; empty fields are left as they are. Assignees, if
// there are any, take the place of those before.
func (c *Client) EditIssue(ctx context.Context, i Issue) (Issue, error) {
	const op = "edit issue"
	if err := firstError(issueNumber(i.Number), i.validate()); err != nil {
		return Issue{}, &Error{Op: op, About: c.calls.about, Err: err}
	}
	request := &gogithub.IssueRequest{
		Title: optional(i.Title), Body: optional(i.Body), State: optional(i.State), StateReason: optional(i.Reason),
		Labels: optionalList(i.Labels), Assignees: optionalList(i.Assignees),
	}
	edited, err := c.editIssue(ctx, op, i.Number, request)
	if request.Assignees != nil && refusesAssignees(err) {
		request.Assignees = nil
		edited, err = c.editIssue(sameTurn(ctx, writeIssue), op, i.Number, request)
	}
	return edited, err
}

func (c *Client) editIssue(ctx context.Context, op string, number int, request *gogithub.IssueRequest) (edited Issue, err error) {
	err = c.do(ctx, op, writeIssue, func(ctx context.Context, rest *gogithub.Client) error {
		i, _, err := rest.Issues.Edit(ctx, c.repo.Owner, c.repo.Name, number, request)
		edited = issueOf(i)
		return err
	})
	return edited, err
}

// Issue reads one issue. A deleted one is [ErrGone] or [ErrNotFound].
func (c *Client) Issue(ctx context.Context, number int) (Issue, error) {
	if err := issueNumber(number); err != nil {
		return Issue{}, &Error{Op: "read issue", About: c.calls.about, Err: err}
	}
	var i gogithub.Issue
	if _, err := c.get(ctx, "read issue", c.path("/issues/%d", number), "", &i); err != nil {
		return Issue{}, err
	}
	return issueOf(&i), nil
}

// FindIssues looks through the App's own issues for those whose body contains marker, oldest first. It pages to the end, and
// never uses the Search API, which lags. since, if not zero, leaves out what was not touched after it.
func (c *Client) FindIssues(ctx context.Context, marker string, since time.Time) ([]Issue, error) {
	if err := required("marker", marker); err != nil {
		return nil, &Error{Op: "find issue", About: c.calls.about, Err: err}
	}
	return c.ownIssues(ctx, "find issue", marker, since)
}

// OwnIssues lists the App's own issues, oldest first. It pages to the end.
func (c *Client) OwnIssues(ctx context.Context) ([]Issue, error) {
	return c.ownIssues(ctx, "list issues", "", time.Time{})
}

func (c *Client) ownIssues(ctx context.Context, op, marker string, since time.Time) ([]Issue, error) {
	if c.wrong != nil {
		return nil, &Error{Op: op, About: c.calls.about, Err: c.wrong}
	}
	bot, err := c.bot(ctx)
	if err != nil {
		return nil, err
	}
	query := url.Values{
		"state": {"all"}, "sort": {"created"}, "direction": {"asc"}, "per_page": {"100"}, "creator": {bot},
	}
	if !since.IsZero() {
		query.Set("since", since.UTC().Format(time.RFC3339))
	}
	found, err := c.findIssues(ctx, op, query, bot, marker)
	if f, failed := failureOf(err); failed && f.status == http.StatusUnprocessableEntity {
		// A GitHub that does not take a bot for a creator is asked for everybody's issues.
		query.Del("creator")
		found, err = c.findIssues(ctx, op, query, bot, marker)
	}
	return found, err
}

// bot is the login under which the App writes.
func (c *Client) bot(ctx context.Context) (string, error) {
	slug, err := c.app.Slug(ctx)
	return slug + "[bot]", err
}

func (c *Client) findIssues(ctx context.Context, op string, query url.Values, author, marker string) (found []Issue, err error) {
	err = eachPage(ctx, c.calls, op, c.path("/issues?%s", query.Encode()), func(page []*gogithub.Issue) bool {
		for _, i := range page {
			// Anybody can copy a marker into an issue of their own.
			if !i.IsPullRequest() && strings.EqualFold(i.GetUser().GetLogin(), author) && strings.Contains(i.GetBody(), marker) {
				found = append(found, issueOf(i))
			}
		}
		return true
	})
	return found, err
}

// Comment writes a comment under an issue and returns its id.
func (c *Client) Comment(ctx context.Context, number int, body string) (id int64, err error) {
	const op = "comment on issue"
	if err := firstError(
		issueNumber(number), required("comment", body), limitText("comment", body, maxIssueBody),
	); err != nil {
		return 0, &Error{Op: op, About: c.calls.about, Err: err}
	}
	err = c.do(ctx, op, writeIssue, func(ctx context.Context, rest *gogithub.Client) error {
		written, _, err := rest.Issues.CreateComment(ctx, c.repo.Owner, c.repo.Name, number, &gogithub.IssueComment{Body: &body})
		id = written.GetID()
		return err
	})
	return id, err
}

// DeleteComment deletes a comment under an issue; ErrNotFound: there is none.
func (c *Client) DeleteComment(ctx context.Context, id int64) error {
	return c.do(ctx, "delete comment", writeIssue, func(ctx context.Context, rest *gogithub.Client) error {
		_, err := rest.Issues.DeleteComment(ctx, c.repo.Owner, c.repo.Name, id)
		return err
	})
}

// FindComment returns the id of the first comment of the App's own under an issue that contains marker, 0 if there is none: anybody
// can copy one. since, if not zero, leaves out what was not touched after it.
func (c *Client) FindComment(ctx context.Context, number int, marker string, since time.Time) (id int64, err error) {
	bot, err := c.bot(ctx)
	if err != nil {
		return 0, err
	}
	comments, err := c.Comments(ctx, number, since)
	for _, one := range comments {
		if strings.EqualFold(one.Author, bot) && strings.Contains(one.Body, marker) {
			return one.ID, err
		}
	}
	return 0, err
}

// IssueComment is a comment under an issue.
type IssueComment struct {
	ID          int64
	Body        string
	Author      string // login, "" for a deleted account
	AuthorType  string // User, Bot …
	Association string // OWNER, MEMBER, COLLABORATOR, NONE …
	CreatedAt   time.Time
}

// Comments lists the comments under an issue, oldest first; since, if not zero, leaves out what was not touched after it.
func (c *Client) Comments(ctx context.Context, number int, since time.Time) ([]IssueComment, error) {
	const op = "list comments"
	if err := firstError(issueNumber(number), c.wrong); err != nil {
		return nil, &Error{Op: op, About: c.calls.about, Err: err}
	}
	query := url.Values{"per_page": {"100"}}
	if !since.IsZero() {
		query.Set("since", since.UTC().Format(time.RFC3339))
	}
	var list []IssueComment
	err := eachPage(ctx, c.calls, op, c.path("/issues/%d/comments?%s", number, query.Encode()),
		func(page []*gogithub.IssueComment) bool {
			for _, comment := range page {
				list = append(list, IssueComment{
					ID:          comment.GetID(),
					Body:        comment.GetBody(),
					Author:      comment.GetUser().GetLogin(),
					AuthorType:  comment.GetUser().GetType(),
					Association: comment.GetAuthorAssociation(),
					CreatedAt:   comment.GetCreatedAt().Time,
				})
			}
			return true
		})
	return list, err
}

func (i Issue) validate() error {
	return errors.Join(
		limitText("issue's title", i.Title, maxIssueTitle),
		limitText("issue's body", i.Body, maxIssueBody),
	)
}

func issueOf(i *gogithub.Issue) Issue {
	if i == nil {
		return Issue{}
	}
	issue := Issue{
		Number: i.GetNumber(), ID: i.GetID(), URL: i.GetHTMLURL(), Title: i.GetTitle(), Body: i.GetBody(),
		State: i.GetState(), Reason: i.GetStateReason(),
	}
	for _, label := range i.Labels {
		issue.Labels = append(issue.Labels, label.GetName())
	}
	for _, assignee := range i.Assignees {
		issue.Assignees = append(issue.Assignees, assignee.GetLogin())
	}
	return issue
}

func optionalList(list []string) *[]string {
	if len(list) == 0 {
		return nil
	}
	return &list
}
