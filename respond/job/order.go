package job

import (
	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/respond"
)

// Order is a command about a leak that a person gave on the dashboard.
type Order struct {
	Leak    int64               `json:"leak"`
	Command respond.CommandKind `json:"command"`
	Reason  string              `json:"reason,omitempty"`
	By      string              `json:"by"` // login
	ID      string              `json:"id"` // the same order sent twice is one
	At      int64               `json:"at"` // Unix microseconds
}

// Kind implements river.JobArgs.
func (Order) Kind() string { return "order" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Order) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueRespond, MaxAttempts: RespondAttempts}
}
