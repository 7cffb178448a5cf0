package github

import (
	"context"
	"errors"
	"slices"
)

// Release reads a release with its files, by REST's id. It needs [TextsAccess]. [ErrNotFound]: there is none.
func (c *Client) Release(ctx context.Context, id int64) (Text, error) {
	var release textJSON
	_, err := c.get(ctx, "read release", c.path("/releases/%d", id), "", &release)
	return release.text(Releases), err
}

// ReviewComment reads a comment of a review with the lines that it quotes, likewise.
func (c *Client) ReviewComment(ctx context.Context, id int64) (Text, error) {
	var comment textJSON
	_, err := c.get(ctx, "read review comment", c.path("/pulls/comments/%d", id), "", &comment)
	return comment.text(ReviewComments), err
}

// HasAsset reports whether a release still has the file. A file that takes its place has another id. It needs [TextsAccess].
func (c *Client) HasAsset(ctx context.Context, id int64) (bool, error) {
	var asset struct{}
	_, err := c.get(ctx, "look for release asset", c.path("/releases/assets/%d", id), "", &asset)
	return there(err)
}

// HasRunLogs reports whether the logs of a run of GitHub Actions can still be read, and reads nothing of them. While a run is run again
// GitHub has no logs of it, and those of the first attempt come back: they count as there. It needs [ActionsAccess].
func (c *Client) HasRunLogs(ctx context.Context, run int64) (bool, error) {
	const op = "look for logs"
	if c.wrong != nil {
		return false, &Error{Op: op, About: "GitHub", Err: c.wrong}
	}
	err := c.calls.request(ctx, op, read, func() error {
		resp, err := c.head(withoutFollowing(ctx), c.path("/actions/runs/%d/logs", run), "")
		if err == nil {
			_ = resp.Body.Close() // an address, which nobody follows
		}
		return err
	})
	if !errors.Is(err, ErrNotFound) {
		return there(err)
	}
	jobs, err := c.RunJobs(ctx, run)
	if err != nil {
		return there(err)
	}
	return len(jobs) == 0 || slices.ContainsFunc(jobs, func(j RunJob) bool { return !j.Ended }), nil
}

// there reads of an answer whether what was asked for exists.
func there(err error) (bool, error) {
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrGone) {
		return false, nil
	}
	return err == nil, err
}
