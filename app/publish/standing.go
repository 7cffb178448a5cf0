package publish

import (
	"context"
	"time"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/text"
)

// standing is the one issue of a repository about something: it is filed, edited in place, closed and opened again.
type standing struct {
	w         *Worker
	client    *github.Client
	issue     github.Issue // as it is to be; Number 0: to be filed
	labels    []string     // of a new one
	assignees []string
	doubles   []github.Issue
}

// say has the issue say the text.
func (s *standing) say(number int, t text.IssueText) {
	s.issue = github.Issue{Number: number, Title: t.Title, Body: t.Body}
	s.labels, s.assignees = t.Labels, t.Assignees
}

// find looks for one that an interrupted run may have filed.
func (s *standing) find(ctx context.Context, marker string) error {
	if s.issue.Number != 0 {
		return nil
	}
	found, err := s.client.FindIssues(ctx, marker, time.Time{})
	if len(found) > 0 {
		s.issue.Number, s.doubles = found[0].Number, found[1:]
	}
	return err
}

// send files or edits it. state and reason are GitHub's, of one that is there; "" leaves its state alone.
func (s *standing) send(ctx context.Context, before func(context.Context) error, state, reason string) (github.Issue, error) {
	client := s.client.BeforeWrite(before)
	for _, i := range s.doubles {
		if _, err := client.EditIssue(ctx, duplicate(i.Number, s.issue.Number)); err != nil {
			return github.Issue{}, err
		}
	}
	issue := s.issue
	if issue.Number == 0 {
		issue.Labels, issue.Assignees = s.labels, s.assignees
		return client.CreateIssue(ctx, s.w.redactIssue(ctx, issue))
	}
	issue.State, issue.Reason = state, reason
	return client.EditIssue(ctx, s.w.redactIssue(ctx, issue))
}
