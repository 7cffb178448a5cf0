package api

import (
	"context"
	"time"

	"github.com/rekey-app/rekey/respond/ledger"
)

// Repositories is a page of repositories.
type Repositories struct {
	Repositories []Watched `json:"repositories"`
	Next         string    `json:"next,omitempty"` // for after; absent on the last page
	Total        int       `json:"total"`
}

// Watched is a repository, and what was read of it.
type Watched struct {
	Repository
	Installation  int64     `json:"installation"`
	Account       string    `json:"account"`
	Suspended     bool      `json:"suspended"`
	DefaultBranch string    `json:"default_branch"`
	OpenLeaks     int       `json:"open_leaks"`
	Gaps          int       `json:"gaps"`
	Read          time.Time `json:"read_at,omitzero"`
	Pushed        time.Time `json:"pushed_at,omitzero"`
	History       History   `json:"history"`
}

// History is how far the reading of a repository's whole history is.
type History struct {
	State   string    `json:"state"`
	Read    time.Time `json:"read_at,omitzero"` // when it was last read whole
	Commits int       `json:"commits,omitempty"`
	Bytes   int64     `json:"bytes,omitempty"`
	Took    int64     `json:"took_seconds,omitempty"`
	Running *Running  `json:"attempt,omitempty"`
}

// Running is an attempt to read a history.
type Running struct {
	Phase   string    `json:"phase"`
	Attempt int       `json:"number"`
	Objects int       `json:"objects"`
	Total   int       `json:"objects_total,omitempty"`
	Bytes   int64     `json:"bytes"`
	Started time.Time `json:"started_at"`
	Updated time.Time `json:"updated_at"`
	Reason  string    `json:"reason,omitempty"`
}

func runningOf(b ledger.Backfill) *Running {
	if b.Attempt == 0 {
		return nil
	}
	return &Running{
		Phase: string(b.Phase), Attempt: b.Attempt, Objects: b.Objects, Total: b.Total, Bytes: b.Bytes, Started: b.Started, Updated: b.Updated, Reason: b.Reason,
	}
}

func (a *api) repositories(q *ask) (any, error) {
	query := repositoryQuery(&q.params)
	var page ledger.RepositoryPage
	err := a.view(q, func(ctx context.Context, tx Tx) (err error) {
		page, err = tx.RepositoryList(ctx, q.sees, query)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := Repositories{Repositories: []Watched{}, Next: page.Next, Total: page.Total}
	for _, row := range page.Repositories {
		r := row.Repository
		out.Repositories = append(out.Repositories, Watched{
			Repository: a.repository(r), Installation: r.Installation, Account: row.Account, Suspended: row.Suspended, DefaultBranch: r.DefaultBranch,
			OpenLeaks: row.OpenLeaks, Gaps: row.Gaps, Read: row.Read, Pushed: row.Pushed,
			History: History{
				State: string(row.History), Read: r.Backfilled, Commits: row.Last.Commits, Bytes: row.Last.Bytes, Took: int64(row.Last.Took.Seconds()),
				Running: runningOf(row.Backfill),
			},
		})
	}
	return out, nil
}

// Activities is a page of what was done, latest first.
type Activities struct {
	Activity []Activity `json:"activity"`
	Next     string     `json:"next,omitempty"` // for after; absent on the last page
}

// Activity is something that was done, and by whom.
type Activity struct {
	At         time.Time `json:"at"`
	By         string    `json:"by"`
	Kind       string    `json:"kind"`
	What       string    `json:"what"`
	Detail     string    `json:"detail,omitempty"`
	Repository int64     `json:"repository,omitempty"`
	FullName   string    `json:"full_name,omitempty"`
	Leak       int64     `json:"leak,omitempty"`
	From       string    `json:"from,omitempty"`
	To         string    `json:"to,omitempty"`
}

func (a *api) activity(q *ask) (any, error) {
	query := activityQuery(&q.params)
	var page ledger.ActivityPage
	err := a.view(q, func(ctx context.Context, tx Tx) (err error) {
		page, err = tx.Activity(ctx, q.sees, query)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := Activities{Activity: []Activity{}, Next: page.Next}
	for _, e := range page.Entries {
		name := ""
		if e.Repository != 0 {
			name = e.Owner + "/" + e.Name
		}
		out.Activity = append(out.Activity, Activity{
			At: e.At, By: e.By, Kind: string(e.Kind), What: e.What, Detail: e.Detail, Repository: e.Repository, FullName: name, Leak: e.Leak,
			From: string(e.From), To: string(e.To),
		})
	}
	return out, nil
}
