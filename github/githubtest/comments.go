package githubtest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// OpenIssue opens an issue as a person does, and sends issues.opened.
func (r *Repository) OpenIssue(ctx context.Context, title, body string, by *Account) (int, Delivery) {
	s := r.s
	s.mu.Lock()
	i := r.newIssue(by)
	i.title, i.body = title, body
	d := s.issueDelivery(r, i, "opened", by, nil)
	s.mu.Unlock()
	return i.number, s.send(ctx, d)
}

// Comment writes a comment as a person does, and sends issue_comment.created.
func (r *Repository) Comment(ctx context.Context, number int, body string, by *Account) (Delivery, error) {
	return r.onThread(ctx, number, r.thread, func(i *issue) *Delivery {
		return r.s.commentDelivery(r, i, r.addComment(i, body, by), "created", by, nil)
	})
}

// CloseIssue closes an issue as a person does, with a reason ("" is completed), and sends issues.closed.
func (r *Repository) CloseIssue(ctx context.Context, number int, reason string, by *Account) (Delivery, error) {
	return r.onIssue(ctx, number, func(i *issue) *Delivery {
		r.turn(i, "closed", reason, by)
		return r.s.issueDelivery(r, i, "closed", by, nil)
	})
}

// ReopenIssue reopens an issue as a person does, and sends issues.reopened.
func (r *Repository) ReopenIssue(ctx context.Context, number int, by *Account) (Delivery, error) {
	return r.onIssue(ctx, number, func(i *issue) *Delivery {
		r.turn(i, "open", "", by)
		return r.s.issueDelivery(r, i, "reopened", by, nil)
	})
}

// DeleteIssue deletes an issue as an administrator does, and sends issues.deleted.
func (r *Repository) DeleteIssue(ctx context.Context, number int, by *Account) (Delivery, error) {
	return r.onIssue(ctx, number, func(i *issue) *Delivery {
		i.deleted = true
		return r.s.issueDelivery(r, i, "deleted", by, nil)
	})
}

// TransferIssue moves an issue to another repository as a person does, and sends issues.transferred. It returns the
// number that the issue has there.
func (r *Repository) TransferIssue(ctx context.Context, number int, to *Repository, by *Account) (moved int, sent Delivery, err error) {
	sent, err = r.onIssue(ctx, number, func(i *issue) *Delivery {
		there := to.newIssue(i.author)
		there.title, there.body, there.state, there.comments = i.title, i.body, i.state, i.comments
		there.versions, there.renames = i.versions, i.renames
		i.movedTo, i.movedNumber, moved = to, there.number, there.number
		in := r.s.installationOf(r)
		if in == nil {
			return nil
		}
		return r.s.delivery("issues", in.id, r, by, object{
			"action": "transferred", "issue": r.s.issueJSON(r, i), "repository": r.s.repositoryJSON(r),
			"changes": object{"new_issue": r.s.issueJSON(to, there), "new_repository": r.s.repositoryJSON(to)},
		})
	})
	return moved, sent, err
}

// Comment writes a comment under the pull request as a person does, and sends issue_comment.created.
func (pr *PullRequest) Comment(ctx context.Context, body string, by *Account) Delivery {
	s := pr.base.s
	s.mu.Lock()
	d := s.commentDelivery(pr.base, pr.issue, pr.base.addComment(pr.issue, body, by), "created", by, nil)
	s.mu.Unlock()
	return s.send(ctx, d)
}

func (r *Repository) onIssue(ctx context.Context, number int, do func(*issue) *Delivery) (Delivery, error) {
	return r.onThread(ctx, number, r.issue, do)
}

func (r *Repository) onThread(ctx context.Context, number int, find func(int64) *issue, do func(*issue) *Delivery) (Delivery, error) {
	s := r.s
	s.mu.Lock()
	i := find(int64(number))
	var d *Delivery
	if i != nil && !i.deleted {
		d = do(i)
	}
	name := r.fullName()
	s.mu.Unlock()
	if i == nil {
		return Delivery{}, fmt.Errorf("%s has no issue %d", name, number)
	}
	return s.send(ctx, d), nil
}

func (r *Repository) addComment(i *issue, body string, by *Account) *comment {
	c := &comment{text: r.s.newText("IssueComment", body, by)}
	i.comments = append(i.comments, c)
	i.updated = c.created
	return c
}

// issueDelivery is nil if no installation reaches the repository.
func (s *Server) issueDelivery(r *Repository, i *issue, action string, by *Account, more object) *Delivery {
	return s.inRepositoryDelivery("issues", r, by, object{"action": action, "issue": s.issueJSON(r, i)}, more)
}

func (s *Server) commentDelivery(r *Repository, i *issue, c *comment, action string, by *Account, more object) *Delivery {
	return s.inRepositoryDelivery("issue_comment", r, by, object{
		"action": action, "issue": s.issueJSON(r, i), "comment": s.commentJSON(r, i, c),
	}, more)
}

// inRepositoryDelivery is an event of a repository; nil if no installation reaches it.
func (s *Server) inRepositoryDelivery(event string, r *Repository, by *Account, body, more object) *Delivery {
	in := s.installationOf(r)
	if in == nil {
		return nil
	}
	body["repository"] = s.repositoryJSON(r)
	maps.Copy(body, more)
	return s.delivery(event, in.id, r, by, body)
}

// echoIssue sends what the App's own change of an issue causes, or of a pull request by its issue's address.
func (s *Server) echoIssue(r *Repository, i *issue, action string, more object) {
	s.echo(r.issuePlace(i).event(action, s.bot, more))
}

// listComments is GET /repos/{owner}/{repo}/issues/{number}/comments.
func listComments(c *call) answer {
	i, a := c.findIssue()
	if i == nil {
		return a
	}
	since, err := time.Parse(time.RFC3339, cmp.Or(c.r.URL.Query().Get("since"), "1970-01-01T00:00:00Z"))
	if err != nil {
		return unfit("since is not a timestamp.")
	}
	var comments []*comment
	for _, one := range i.comments {
		if !one.updated.Before(since) {
			comments = append(comments, one)
		}
	}
	cut, link := page(c, comments)
	list := []object{}
	for _, one := range cut {
		list = append(list, c.s.commentJSON(c.repo, i, one))
	}
	return answer{status: 200, body: list, link: link}
}

// createComment is POST /repos/{owner}/{repo}/issues/{number}/comments.
func createComment(c *call) answer {
	i, a := c.findIssue()
	if i == nil {
		return a
	}
	if i.locked {
		return fail(http.StatusForbidden, "Unable to create comment because issue is locked.")
	}
	body, a, fits := c.commentBody()
	if !fits {
		return a
	}
	if who := c.grant.person; who != nil {
		one := c.repo.addComment(i, body, who)
		c.s.tell(c.s.commentDelivery(c.repo, i, one, "created", who, nil))
		return created(c.s.commentJSON(c.repo, i, one))
	}
	one := c.repo.addComment(i, body, c.s.bot)
	c.s.echo(c.s.commentDelivery(c.repo, i, one, "created", c.s.bot, nil))
	return created(c.s.commentJSON(c.repo, i, one))
}

func (c *call) commentBody() (string, answer, bool) {
	var req struct {
		Body string `json:"body"`
	}
	if a, fits := c.decode(&req); !fits {
		return "", a, false
	}
	switch {
	case strings.TrimSpace(req.Body) == "":
		return "", invalid(fieldError("IssueComment", "body", "missing_field", "")), false
	case utf8.RuneCountInString(req.Body) > maxIssueBody:
		return "", invalid(fieldError("IssueComment", "body", "custom", "body is too long (maximum is 65536 characters)")), false
	}
	return req.Body, answer{}, true
}

// findComment finds the comment that the path names.
func (c *call) findComment() (*issue, *comment) {
	for _, i := range c.repo.threads() {
		for _, one := range i.comments {
			if one.id == c.number("id") && !i.deleted {
				return i, one
			}
		}
	}
	return nil, nil
}

// deleteComment is DELETE /repos/{owner}/{repo}/issues/comments/{id}.
func deleteComment(c *call) answer {
	i, one := c.findComment()
	if one == nil {
		return notFound()
	}
	if !c.mayWrite(i) {
		return forbidden(c.r)
	}
	c.s.echo(c.s.commentDelivery(c.repo, i, one, "deleted", c.s.bot, nil))
	i.comments = without(i.comments, one)
	return answer{status: http.StatusNoContent}
}

// getComment is GET /repos/{owner}/{repo}/issues/comments/{id}.
func getComment(c *call) answer {
	i, one := c.findComment()
	if one == nil {
		return notFound()
	}
	return ok(c.s.commentJSON(c.repo, i, one))
}

// editComment is PATCH /repos/{owner}/{repo}/issues/comments/{id}.
func editComment(c *call) answer {
	i, one := c.findComment()
	if one == nil {
		return notFound()
	}
	if !c.mayWrite(i) {
		return forbidden(c.r)
	}
	body, a, fits := c.commentBody()
	if !fits {
		return a
	}
	before := one.body
	c.s.edit(&one.text, body, c.s.bot)
	c.s.echo(c.s.commentDelivery(c.repo, i, one, "edited", c.s.bot, object{"changes": changed("", "", before, body)}))
	return ok(c.s.commentJSON(c.repo, i, one))
}
