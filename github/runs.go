package github

import (
	"context"
	"time"
)

// Run is a run of GitHub Actions that ended.
type Run struct {
	ID         int64
	Name       string // of its workflow
	URL        string // html_url
	Branch     string
	SHA        string
	Conclusion string // success, failure, cancelled …
	Ended      time.Time
}

// RunPage reads a page of the repository's runs that ended, newest first, with [ActionsAccess]: up to 100 a page, and not more than a
// thousand in all, as GitHub has it. Cursors are as in [Client.TextPage], but that new runs come first: a run may be listed again.
func (c *Client) RunPage(ctx context.Context, cursor string) (runs []Run, next string, err error) {
	const op = "list runs"
	at, err := pageAt("/actions/runs?status=completed&per_page=100", cursor)
	if err != nil {
		return nil, "", &Error{Op: op, About: c.calls.about, Err: err}
	}
	var page struct {
		Runs []struct {
			ID         int64     `json:"id"`
			Name       string    `json:"name"`
			URL        string    `json:"html_url"`
			Branch     string    `json:"head_branch"`
			SHA        string    `json:"head_sha"`
			Conclusion string    `json:"conclusion"`
			Updated    time.Time `json:"updated_at"`
		} `json:"workflow_runs"`
	}
	resp, err := c.get(ctx, op, c.path("")+at, "", &page)
	if err != nil {
		return nil, "", err
	}
	for _, r := range page.Runs {
		runs = append(runs, Run{r.ID, r.Name, r.URL, r.Branch, r.SHA, r.Conclusion, r.Updated.UTC()})
	}
	if next, err = c.cursor(resp.Header); err != nil {
		return nil, "", &Error{Op: op, About: c.calls.about, Err: err}
	}
	return runs, next, nil
}
