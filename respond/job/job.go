// Package job names what waits in the queue: the arguments of each kind of job, their queues and their limits. Jobs
// carry ids only; what they are about is read from the ledger when they run.
package job

import "time"

// The queues. They are separate so that a backfill of ten thousand repositories never delays a push.
const (
	Scan     = "scan"
	Respond  = "respond"
	Backfill = "backfill"
)

// Timeouts of the queues' jobs. After kill -9 a job is taken up again when its timeout and a minute have passed.
const (
	ScanTimeout     = 10 * time.Minute
	RespondTimeout  = 2 * time.Minute
	BackfillTimeout = time.Hour
)

// Delivery handles one webhook delivery from the ledger.
type Delivery struct {
	GUID string `json:"guid" river:"unique"`
}

// Kind implements river.JobArgs.
func (Delivery) Kind() string { return "delivery" }

// Issue brings a leak's issue up to date: files it, edits it, closes it.
type Issue struct {
	Leak int64 `json:"leak" river:"unique"`
}

// Kind implements river.JobArgs.
func (Issue) Kind() string { return "issue" }

// Check brings a commit's check run up to date.
type Check struct {
	Repository int64  `json:"repository" river:"unique"`
	Head       string `json:"head" river:"unique"`
}

// Kind implements river.JobArgs.
func (Check) Kind() string { return "check" }

// FirstLook reads a repository's whole history: at installation, when it was added, made public or unarchived.
type FirstLook struct {
	Installation int64 `json:"installation"`
	Repository   int64 `json:"repository" river:"unique"`
}

// Kind implements river.JobArgs.
func (FirstLook) Kind() string { return "first_look" }
