package api

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"github.com/rekey-app/rekey/app/status"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Health says how the server is. Who does not see all is told of what is about their repositories, and of the server as a whole no
// more than whether its parts work.
type Health struct {
	Version    string             `json:"version"`
	Role       string             `json:"role"`
	Started    time.Time          `json:"started_at"`
	Now        time.Time          `json:"now"`
	Ready      bool               `json:"ready"`
	Components []status.Component `json:"components"`
	Processes  int                `json:"processes"` // that work the queue
	Deliveries Deliveries         `json:"deliveries"`
	Lag        *float64           `json:"delivery_lag_seconds,omitempty"` // behind GitHub's own log
	Queue      []Queue            `json:"queue"`
	Quotas     []status.Quota     `json:"quotas"`
}

// Queue are the jobs of a kind.
type Queue struct {
	Kind    string    `json:"kind"`
	Waiting int       `json:"waiting"`
	Running int       `json:"running"`
	GivenUp int       `json:"given_up"`
	Oldest  time.Time `json:"oldest_waiting_at,omitzero"`
}

func (a *api) health(q *ask) (any, error) {
	var report status.Report
	if q.sees.Everything {
		report = a.Status.Report(q.Context())
	} else {
		report = a.Status.Process(q.Context())
		for i := range report.Components {
			report.Components[i].Reason = "" // it may name addresses
		}
	}
	out := Health{
		Version: report.Version, Role: report.Role, Started: report.Started, Now: report.Now, Ready: report.Ready, Components: notNil(report.Components),
		Lag: report.Deliveries.LagSeconds, Queue: []Queue{}, Quotas: []status.Quota{},
	}
	for _, jobs := range report.Queue {
		out.Queue = append(out.Queue, Queue{jobs.Kind, jobs.Waiting, jobs.Running, jobs.GivenUp, jobs.Oldest})
	}
	var installations []ledger.InstallationRow
	err := a.view(q, func(ctx context.Context, tx Tx) error {
		deliveries, err := tx.DeliveryHealth(ctx, q.sees)
		if err != nil {
			return err
		}
		out.Deliveries = deliveriesOf(deliveries)
		if installations, err = tx.InstallationList(ctx, q.sees); err != nil {
			return err
		}
		if out.Processes, err = tx.Processes(ctx); err != nil || q.sees.Everything {
			return err
		}
		jobs, err := tx.VisibleJobs(ctx, q.sees)
		out.Queue = queueOf(jobs)
		return err
	})
	if err != nil {
		return nil, err
	}
	out.Quotas = a.quotas(installations, q.sees.Everything)
	return out, nil
}

// queueOf adds up jobs by kind.
func queueOf(jobs []ledger.Jobs) []Queue {
	out := []Queue{}
	for _, j := range jobs {
		i := slices.IndexFunc(out, func(q Queue) bool { return q.Kind == j.Kind })
		if i < 0 {
			i = len(out)
			out = append(out, Queue{Kind: j.Kind})
		}
		switch j.State {
		case ledger.JobRuns:
			out[i].Running += j.Count
		case ledger.JobWaits:
			out[i].Waiting += j.Count
		}
	}
	return out
}

// quotas are those of the installations that the viewer sees; of the App itself too, for those who see all.
func (a *api) quotas(installations []ledger.InstallationRow, all bool) []status.Quota {
	out := []status.Quota{}
	if a.Quotas == nil {
		return out
	}
	quotas := a.Quotas()
	for _, q := range status.Scarcest(quotas, len(quotas)) {
		i := slices.IndexFunc(installations, func(row ledger.InstallationRow) bool { return row.ID == q.Installation })
		switch {
		case i >= 0:
			out = append(out, status.Quota{Installation: q.Installation, Account: installations[i].Account, Limit: q.Limit, Left: q.Left})
		case all:
			out = append(out, status.Quota{Installation: q.Installation, Limit: q.Limit, Left: q.Left})
		}
	}
	return out
}

// Progress is how far the reading of an installation's histories is.
type Progress struct {
	Installation int64     `json:"installation"`
	Account      string    `json:"account"`
	Repositories int       `json:"repositories"`
	Read         int       `json:"read"`
	Reading      int       `json:"reading"`
	Waiting      int       `json:"waiting"`
	GivenUp      int       `json:"given_up"`
	Commits      int       `json:"commits"`
	Bytes        int64     `json:"bytes"`
	Speed        float64   `json:"bytes_per_second"`
	Left         *int64    `json:"seconds_left,omitempty"` // an estimate; absent where there is none
	Running      []Reading `json:"running"`
	Found        []Found   `json:"found"`
	Texts        Texts     `json:"texts"`
}

// Texts is how far the reading of texts is that were there before rekey.
type Texts struct {
	status.Texts
	Running []ReadingTexts `json:"running"`
}

// ReadingTexts is a repository whose texts are being read, or wait to be read on.
type ReadingTexts struct {
	Repository int64     `json:"repository"`
	FullName   string    `json:"full_name"`
	List       string    `json:"list"`
	Read       int       `json:"read"`
	Left       *int      `json:"left,omitempty"`
	Paused     time.Time `json:"paused_until,omitzero"`
	Reason     string    `json:"reason,omitempty"`
}

// Reading is a history that is being read.
type Reading struct {
	Repository int64    `json:"repository"`
	FullName   string   `json:"full_name"`
	Attempt    *Running `json:"attempt"`
}

// Found are the leaks of a severity and environment that were found.
type Found struct {
	Severity    string `json:"severity"`
	Environment string `json:"environment,omitempty"`
	Count       int    `json:"count"`
	Open        int    `json:"open"`
}

func (a *api) progress(q *ask) (any, error) {
	id, err := strconv.ParseInt(mux.Vars(q.Request)["id"], 10, 64)
	if err != nil {
		return nil, ledger.ErrNotFound
	}
	var p ledger.Progress
	err = a.view(q, func(ctx context.Context, tx Tx) (err error) {
		p, err = tx.Progress(ctx, q.sees, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return ProgressOf(p), nil
}

// ProgressOf is progress as the API and the page of the first look tell it.
func ProgressOf(p ledger.Progress) Progress {
	out := Progress{
		Installation: p.Installation, Account: p.Account, Repositories: p.Repositories, Read: p.Read, Reading: p.Reading, Waiting: p.Waiting,
		GivenUp: p.GivenUp, Commits: p.Commits, Bytes: p.Bytes, Speed: p.Speed, Running: []Reading{}, Found: []Found{},
	}
	if p.Left > 0 {
		out.Left = new(int64(p.Left.Seconds()))
	}
	for _, r := range p.Running {
		out.Running = append(out.Running, Reading{r.Repository, r.Owner + "/" + r.Name, runningOf(r.Backfill)})
	}
	out.Texts = Texts{Texts: status.TextsOf(p.Texts), Running: []ReadingTexts{}}
	for _, r := range p.Texts.Running {
		one := ReadingTexts{Repository: r.Repository, FullName: r.Owner + "/" + r.Name, List: r.List, Read: r.Read, Paused: r.Paused, Reason: r.Reason}
		if r.Left >= 0 {
			one.Left = &r.Left
		}
		out.Texts.Running = append(out.Texts.Running, one)
	}
	for _, f := range p.Found {
		out.Found = append(out.Found, Found{string(f.Severity), string(f.Environment), f.Count, f.Open})
	}
	return out
}
