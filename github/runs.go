package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
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
	Actor      string // login of who started it; "" for a deleted account
	Ended      time.Time
}

// RunJob is a job of a run.
type RunJob struct {
	Name string
	URL  string // html_url, below which #step:3:12 is line 12 of step 3
	// Ended: it neither runs nor waits.
	Ended bool
}

// RunJobs lists the jobs of a run's last attempt, with [ActionsAccess]: up to 100 of them.
func (c *Client) RunJobs(ctx context.Context, run int64) (jobs []RunJob, err error) {
	var page struct {
		Jobs []struct {
			Name   string `json:"name"`
			URL    string `json:"html_url"`
			Status string `json:"status"`
		} `json:"jobs"`
	}
	_, err = c.get(ctx, "list jobs", c.path("/actions/runs/%d/jobs?per_page=100", run), "", &page)
	for _, j := range page.Jobs {
		jobs = append(jobs, RunJob{j.Name, j.URL, j.Status == "completed"})
	}
	return jobs, err
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
			Actor      actorJSON `json:"actor"`
			Updated    time.Time `json:"updated_at"`
		} `json:"workflow_runs"`
	}
	resp, err := c.get(ctx, op, c.path("")+at, "", &page)
	if err != nil {
		return nil, "", err
	}
	for _, r := range page.Runs {
		runs = append(runs, Run{r.ID, r.Name, r.URL, r.Branch, r.SHA, r.Conclusion, r.Actor.Login, r.Updated.UTC()})
	}
	if next, err = c.cursor(resp.Header); err != nil {
		return nil, "", &Error{Op: op, About: c.calls.about, Err: err}
	}
	return runs, next, nil
}

// pageAt is a page's address below the repository's: the cursor is its query.
func pageAt(first, cursor string) (string, error) {
	if cursor == "" {
		return first, nil
	}
	query, err := url.ParseQuery(cursor)
	if err != nil {
		return "", &InvalidError{"cursor", fmt.Sprintf("%.80q is none", cursor)}
	}
	at, err := url.Parse(first)
	if err != nil {
		return "", err
	}
	at.RawQuery = query.Encode()
	return at.String(), nil
}

// cursor is the next page's query, which stays good when the repository is renamed.
func (c *Client) cursor(header http.Header) (string, error) {
	next, err := c.calls.nextPage(header)
	if err != nil || next == "" {
		return "", err
	}
	u, err := url.Parse(next)
	if err != nil {
		return "", err
	}
	return u.RawQuery, nil
}
