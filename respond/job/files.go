package job

import (
	"strconv"
	"time"

	"github.com/riverqueue/river"
)

// Wiki reads what the wiki's git repository got.
type Wiki struct {
	Repository int64 `json:"repository"`
}

// Kind implements river.JobArgs.
func (Wiki) Kind() string { return "wiki" }

// Key implements [Singleton].
func (w Wiki) Key() string { return strconv.FormatInt(w.Repository, 10) }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Wiki) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueScan, MaxAttempts: ScanAttempts}
}

// Assets reads the files of a release that were not read yet.
type Assets struct {
	Repository int64 `json:"repository"`
	Release    int64 `json:"release"`
}

// Kind implements river.JobArgs.
func (Assets) Kind() string { return "assets" }

// Key implements [Singleton].
func (a Assets) Key() string {
	return strconv.FormatInt(a.Repository, 10) + "/" + strconv.FormatInt(a.Release, 10)
}

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Assets) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueBackfill, MaxAttempts: BackfillAttempts}
}

// Logs reads the logs of a run of GitHub Actions that has ended.
type Logs struct {
	Repository int64     `json:"repository"`
	Run        int64     `json:"run"`
	URL        string    `json:"url"`
	Actor      string    `json:"actor,omitempty"` // login
	Ended      time.Time `json:"ended"`
}

// Kind implements river.JobArgs.
func (Logs) Kind() string { return "logs" }

// Key implements [Singleton].
func (l Logs) Key() string { return strconv.FormatInt(l.Run, 10) }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Logs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueLogs, MaxAttempts: LogsAttempts}
}

// LogsAttempts is how often logs are tried to be read: about five minutes.
const LogsAttempts = 5

// DeleteLogs deletes the logs of Actions that hold a leak, for somebody who asked for it.
type DeleteLogs struct {
	Leak int64  `json:"leak"`
	By   string `json:"by"`  // login
	ID   string `json:"key"` // of the comment that answers
}

// Kind implements river.JobArgs.
func (DeleteLogs) Kind() string { return "delete_logs" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (DeleteLogs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueRespond, MaxAttempts: RespondAttempts}
}
