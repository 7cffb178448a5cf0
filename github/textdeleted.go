package github

import (
	"context"
	"errors"
	"strings"
)

// Deleted reports whether an issue was deleted, or with comment a comment under it that [Client.Edits] doesn't find any more: an issue that
// was transferred to another repository took its comments along, and so it says no where it is not sure. It needs [TextsAccess].
func (c *Client) Deleted(ctx context.Context, number int, comment bool) (bool, error) {
	i, err := c.Issue(ctx, number)
	switch {
	case errors.Is(err, ErrGone):
		return true, nil
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrForbidden), errors.Is(err, ErrIssuesDisabled):
		return false, nil
	case err != nil:
		return false, err
	}
	// GitHub leads on to where the issue is now.
	here := strings.Contains(strings.ToLower(i.URL), strings.ToLower("/"+c.repo.Owner+"/"+c.repo.Name+"/"))
	return comment && here && i.Number == number, nil
}
