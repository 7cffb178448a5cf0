package status

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

const (
	// maxQuotas is how many installations a report shows the quotas of: those with the smallest share left.
	maxQuotas = 20
	// maxAccounts is how many installations are named.
	maxAccounts = 10_000
)

// Report is how a server is, for people. Its JSON is what GET /status answers with. Times are UTC.
type Report struct {
	Version    string      `json:"version"`
	Role       string      `json:"role"` // all, web or worker
	Started    time.Time   `json:"started"`
	Now        time.Time   `json:"now"`
	Ready      bool        `json:"ready"`
	Components []Component `json:"components"`
	// Unknown says why what follows is missing; "": it is not.
	Unknown string `json:"unknown,omitempty"`

	Deliveries   Deliveries   `json:"deliveries"`
	Queue        []Queue      `json:"queue"`  // kinds of which jobs wait, run or were given up
	Quotas       []Quota      `json:"quotas"` // GitHub's, by this process's last answers
	Repositories Repositories `json:"repositories"`
	Texts        Texts        `json:"texts"`
	Leaks        []Leaks      `json:"leaks"` // open ones, the most urgent first
}

// Deliveries are webhook deliveries.
type Deliveries struct {
	Done    ledger.Recent `json:"done"`
	Ignored ledger.Recent `json:"ignored"` // there was nothing to do
	Waiting ledger.Recent `json:"waiting"`
	GivenUp ledger.Recent `json:"given_up"`
	// Requests counts what this process has answered since its start, by outcome.
	Requests map[string]int `json:"requests"`
	Last     time.Time      `json:"last,omitzero"`   // when the last one was received
	Oldest   time.Time      `json:"oldest,omitzero"` // when the oldest was received that waits
	// LagSeconds is how far the ledger is behind GitHub's own log of deliveries; absent: not known.
	LagSeconds *float64 `json:"lag_seconds,omitempty"`
}

// Queue are the jobs of a kind.
type Queue struct {
	Kind    string    `json:"kind"`
	Waiting int       `json:"waiting"`
	Running int       `json:"running"`
	GivenUp int       `json:"given_up"`        // in the last week
	Oldest  time.Time `json:"oldest,omitzero"` // when the oldest of those that wait was queued
}

// Quota is what is left of an installation's hourly requests to GitHub.
type Quota struct {
	Installation int64  `json:"installation"` // 0: the App itself
	Account      string `json:"account,omitempty"`
	Limit        int    `json:"limit"`
	Left         int    `json:"left"`
}

// Repositories are repositories by how far the reading of their histories is.
type Repositories struct {
	Done    int `json:"done"`
	Reading int `json:"reading"`
	Waiting int `json:"waiting"`
	GivenUp int `json:"given_up"`
}

// Leaks are the open leaks of a severity and environment.
type Leaks struct {
	Severity    string    `json:"severity"`
	Environment string    `json:"environment"`
	Count       int       `json:"count"`
	Oldest      time.Time `json:"oldest"` // when the first of them was detected
}

// Reporter makes reports. It is safe for concurrent use.
type Reporter struct {
	Version, Role string
	Started       time.Time
	Checks        Checks
	Store         ledger.Scoped[Tx]
	Metrics       prometheus.Gatherer
	Quotas        func() []github.Quota // nil: this process does not ask GitHub
}

// Process says how this process is, and nothing of what the ledger holds.
func (r *Reporter) Process(ctx context.Context) Report {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	components := r.Checks.Components(ctx)
	return Report{
		Version: r.Version, Role: r.Role, Started: r.Started.UTC(), Now: r.Checks.Now().UTC(), Components: components, Ready: Ready(components),
	}
}

// Report says how the server is now.
func (r *Reporter) Report(ctx context.Context) Report {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	report := r.Process(ctx)
	var outcomes ledger.Outcomes
	var accounts map[int64]string
	counts, err := r.Checks.Counter.Counts(ctx)
	if err == nil {
		err = r.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
			if outcomes, err = tx.Outcomes(ctx); err == nil {
				accounts, err = tx.Accounts(ctx, maxAccounts)
			}
			return err
		})
	}
	report.Quotas = r.quotas(accounts)
	report.Deliveries = deliveriesOf(outcomes, counts.Stats, gathered(r.Metrics))
	if err != nil {
		report.Unknown = err.Error()
		return report
	}
	b := counts.Backfills
	report.Repositories = Repositories{Done: b.Done, Reading: b.Reading, Waiting: b.Waiting, GivenUp: b.GivenUp}
	report.Texts = TextsOf(counts.Texts)
	report.Queue, report.Leaks = queueOf(counts.Stats.Jobs), leaksOf(counts.Stats.Open)
	return report
}

func deliveriesOf(o ledger.Outcomes, s ledger.Stats, m measured) Deliveries {
	return Deliveries{
		Done: o.Done, Ignored: o.Ignored, Waiting: o.Waiting, GivenUp: o.GivenUp,
		Requests: m.requests, Last: latest(s.LastDelivery, m.last), Oldest: s.OldestUnfinished, LagSeconds: m.lag,
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func queueOf(jobs []ledger.Jobs) []Queue {
	list := []Queue{}
	kinds := byKind(jobs)
	for _, kind := range job.Kinds() {
		q := kinds[kind]
		line := Queue{
			Kind: kind, Waiting: q.count[ledger.JobWaits], Running: q.count[ledger.JobRuns], GivenUp: q.count[ledger.JobGivenUp], Oldest: q.oldest,
		}
		if line.Waiting+line.Running+line.GivenUp > 0 {
			list = append(list, line)
		}
	}
	return list
}

func leaksOf(open []ledger.OpenLeaks) []Leaks {
	list := []Leaks{}
	for _, o := range open { // of several kinds of credentials
		i := slices.IndexFunc(list, func(l Leaks) bool { return l.Severity == o.Severity && l.Environment == o.Environment })
		if i < 0 {
			list = append(list, Leaks{Severity: o.Severity, Environment: o.Environment, Count: o.Count, Oldest: o.Oldest})
			continue
		}
		list[i].Count += o.Count
		if o.Oldest.Before(list[i].Oldest) {
			list[i].Oldest = o.Oldest
		}
	}
	slices.SortFunc(list, func(a, b Leaks) int {
		return cmp.Or(detect.Severity(a.Severity).Compare(detect.Severity(b.Severity)), cmp.Compare(a.Environment, b.Environment))
	})
	return list
}

func (r *Reporter) quotas(accounts map[int64]string) []Quota {
	list := []Quota{}
	if r.Quotas == nil {
		return list
	}
	for _, q := range Scarcest(r.Quotas(), maxQuotas) {
		list = append(list, Quota{Installation: q.Installation, Account: accounts[q.Installation], Limit: q.Limit, Left: q.Left})
	}
	return list
}

// Scarcest returns up to n quotas, those of which the smallest share is left, in that order.
func Scarcest(quotas []github.Quota, n int) []github.Quota {
	quotas = slices.Clone(quotas)
	slices.SortStableFunc(quotas, func(a, b github.Quota) int { return cmp.Compare(a.Left*b.Limit, b.Left*a.Limit) })
	return quotas[:min(n, len(quotas))]
}
