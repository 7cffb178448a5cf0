package github

import (
	"context"
	"net/http"

	gogithub "github.com/google/go-github/v62/github"
)

// EditIssueBody gives an issue or a pull request another body; what it said before stays in its edit history. It needs [RespondAccess],
// and for a pull request [PullsWriteAccess].
func (c *Client) EditIssueBody(ctx context.Context, number int, body string) error {
	const op = "edit the text of an issue"
	if err := firstError(issueNumber(number), limitText("body", body, maxIssueBody)); err != nil {
		return &Error{Op: op, About: c.calls.about, Err: err}
	}
	return c.change(ctx, op, writeIssue, http.MethodPatch, c.path("/issues/%d", number), map[string]string{"body": body})
}

// EditIssueComment gives a comment under an issue or a pull request another body, likewise. [ErrNotFound]: there is none.
func (c *Client) EditIssueComment(ctx context.Context, id int64, body string) error {
	const op = "edit comment"
	if err := firstError(required("comment", body), limitText("comment", body, maxIssueBody)); err != nil {
		return &Error{Op: op, About: c.calls.about, Err: err}
	}
	return c.change(ctx, op, writeIssue, http.MethodPatch, c.path("/issues/comments/%d", id), map[string]string{"body": body})
}

// DeleteReviewComment deletes a comment of a review with its edit history. It needs [ReviewsWriteAccess]. [ErrNotFound]: there is none.
func (c *Client) DeleteReviewComment(ctx context.Context, id int64) error {
	return c.change(ctx, "delete review comment", writeIssue, http.MethodDelete, c.path("/pulls/comments/%d", id), nil)
}

// DeleteRunLogs deletes the logs of a run of GitHub Actions; the run stays. It needs [ActionsWriteAccess]. [ErrNotFound]: there is no
// such run.
func (c *Client) DeleteRunLogs(ctx context.Context, run int64) error {
	return c.change(ctx, "delete logs", writeCheck, http.MethodDelete, c.path("/actions/runs/%d/logs", run), nil) // it notifies nobody
}

// change makes a request whose answer says nothing that its status does not say.
func (c *Client) change(ctx context.Context, op string, class class, method, path string, body any) error {
	return c.do(ctx, op, class, func(ctx context.Context, rest *gogithub.Client) error {
		request, err := rest.NewRequest(method, path, body)
		if err != nil {
			return err
		}
		_, err = rest.Do(ctx, request, nil)
		return err
	})
}
