package job

import (
	"strconv"

	"github.com/riverqueue/river"
)

// Audit looks at the Clerk configuration of a commit: of a pull request's head, or of the default branch as it is when the job runs.
type Audit struct {
	Repository int64  `json:"repository"`
	Head       string `json:"head,omitempty"` // "": the default branch's
}

// Kind implements river.JobArgs.
func (Audit) Kind() string { return "audit" }

// Key implements [Singleton].
func (a Audit) Key() string { return strconv.FormatInt(a.Repository, 10) + "@" + a.Head }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Audit) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueRespond, MaxAttempts: RespondAttempts}
}

// AuditIssue brings the one issue of a repository about its Clerk configuration up to date.
type AuditIssue struct {
	Repository int64 `json:"repository"`
}

// Kind implements river.JobArgs.
func (AuditIssue) Kind() string { return "audit_issue" }

// Key implements [Singleton].
func (a AuditIssue) Key() string { return strconv.FormatInt(a.Repository, 10) }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (AuditIssue) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueRespond, MaxAttempts: RespondAttempts}
}
