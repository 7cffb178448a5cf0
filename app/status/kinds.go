package status

import (
	"time"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// queued is the jobs of a kind.
type queued struct {
	count  map[ledger.JobState]int
	oldest time.Time
}

// byKind adds up jobs, for every kind that there is.
func byKind(jobs []ledger.Jobs) map[string]queued {
	kinds := map[string]queued{}
	for _, kind := range job.Kinds() {
		kinds[kind] = queued{count: map[ledger.JobState]int{ledger.JobWaits: 0, ledger.JobRuns: 0, ledger.JobGivenUp: 0}}
	}
	for _, j := range jobs {
		q, known := kinds[j.Kind]
		if !known {
			continue // of another version
		}
		q.count[j.State] += j.Count
		if !j.Oldest.IsZero() && (q.oldest.IsZero() || j.Oldest.Before(q.oldest)) {
			q.oldest = j.Oldest
		}
		kinds[j.Kind] = q
	}
	return kinds
}
