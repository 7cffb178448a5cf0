// Package job defines the jobs of the queue: the arguments of each kind, its queue and its limits. Jobs
// carry ids, and what was decided; what they are about is read from the ledger when they run. A job may have been enqueued by
// an older version: names of fields in its JSON stay.
package job

import (
	"strconv"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/respond"
)

// The queues. They are separate so that a backfill of ten thousand repositories never delays a push.
const (
	QueueScan     = "scan"
	QueueRespond  = "respond"
	QueueBackfill = "backfill"
	QueueLogs     = "logs" // of GitHub Actions: a busy organisation has thousands an hour, and nothing else waits for them
)

// Queues are all of them.
func Queues() []string { return []string{QueueScan, QueueRespond, QueueBackfill, QueueLogs} }

// Timeouts of the queues' jobs. Workers return them from Timeout.
const (
	ScanTimeout     = 10 * time.Minute
	RespondTimeout  = 2 * time.Minute
	BackfillTimeout = time.Hour
)

// Attempts of the queues' jobs, with River's back-off of attempt⁴ seconds between them: 10 attempts last about
// 4 hours, 8 about an hour and a quarter. Snoozes do not count.
//
// An attempt whose process ended in the middle of it does not count either; see [CrashesOf].
const (
	ScanAttempts     = 10
	RespondAttempts  = 10
	BackfillAttempts = 8
)

// All lists a job of each kind, without arguments.
func All() []Args {
	return []Args{
		Delivery{},
		Check{},
		Issue{},
		Summary{},
		Effects{},
		Verify{},
		Notify{},
		Digest{},
		Backfill{},
		Sweep{},
		Reconcile{},
		Issues{},
		Order{},
		Policy{},
		Alert{},
		CodeScanning{},
		Texts{},
		Mask{},
		DeleteTexts{},
		Wiki{},
		Assets{},
		Logs{},
		DeleteLogs{},
		TextHistory{},
		Audit{},
		AuditIssue{},
	}
}

// Kinds are the kinds of all jobs.
func Kinds() []string {
	var kinds []string
	for _, args := range All() {
		kinds = append(kinds, args.Kind())
	}
	return kinds
}

// Singleton is a job of which at most one waits and at most one runs for a key, whatever is enqueued. Enqueueing it while
// one waits does nothing; while one runs, another is queued and starts when that one has ended. So a worker that
// reads its state after it was started never misses a change.
type Singleton interface {
	river.JobArgs
	Key() string
}

// Delivery handles one webhook delivery from the ledger.
type Delivery struct {
	GUID string `json:"guid" river:"unique"`

	// What is known of it when it comes says when it has its turn; jobs of older versions do not have it.
	Installation int64  `json:"installation,omitempty"`
	Repository   int64  `json:"repository,omitempty"`
	Lane         string `json:"lane,omitempty"`  // deliveries of one lane are handled one after the other
	Class        string `json:"class,omitempty"` // of respond/turn, by name; "": push
}

// Kind implements river.JobArgs.
func (Delivery) Kind() string { return "delivery" }

// InsertOpts implements river.JobArgsWithInsertOpts. The ledger sets the queue by [QueueOf].
func (Delivery) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueScan, MaxAttempts: ScanAttempts}
}

// OfText reports whether an event is about something that people write outside git, and its payload holds it. A pull_request has texts too,
// but is about code.
func OfText(event string) bool {
	switch event {
	case "issues", "issue_comment", "pull_request_review", "pull_request_review_comment", "commit_comment", "discussion", "discussion_comment", "release":
		return true
	}
	return false
}

// QueueOf names the queue for a delivery of a webhook event: what is about code goes to [QueueScan], the rest to [QueueRespond].
// No delivery goes to [QueueBackfill]: an installation that ends must not wait until histories are read.
func QueueOf(event string) string {
	if OfText(event) {
		return QueueRespond
	}
	switch event {
	case "gollum", "workflow_run", "installation", "installation_repositories", "installation_target", "repository", "github_app_authorization",
		"secret_scanning_alert", "secret_scanning_alert_location":
		return QueueRespond
	}
	return QueueScan
}

// Issue brings a leak's issue up to date: files it, edits it, closes it.
type Issue struct {
	Leak int64 `json:"leak"`
	// Refresh means that the text may be the same: a turn to write is taken only once that is known.
	Refresh bool `json:"refresh,omitempty"`
}

// Kind implements river.JobArgs.
func (Issue) Kind() string { return "issue" }

// Key implements [Singleton].
func (i Issue) Key() string { return strconv.FormatInt(i.Leak, 10) }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Issue) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueRespond, MaxAttempts: RespondAttempts}
}

// Check brings a commit's check run up to date.
type Check struct {
	Repository int64  `json:"repository"`
	Head       string `json:"head"`
}

// Kind implements river.JobArgs.
func (Check) Kind() string { return "check" }

// Key implements [Singleton].
func (c Check) Key() string { return strconv.FormatInt(c.Repository, 10) + "@" + c.Head }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Check) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueRespond, MaxAttempts: RespondAttempts}
}

// Backfill reads a repository's whole history: at installation, when it was added, made public or unarchived.
type Backfill struct {
	Installation int64 `json:"installation"`
	Repository   int64 `json:"repository"`
}

// Kind implements river.JobArgs.
func (Backfill) Kind() string { return "backfill" }

// Key implements [Singleton].
func (f Backfill) Key() string { return strconv.FormatInt(f.Repository, 10) }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Backfill) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueBackfill, MaxAttempts: BackfillAttempts}
}

// Effects performs effects on a leak's issue, one after the other: comments, closing, reopening. What they are was
// chosen when the job was queued.
type Effects struct {
	Leak    int64            `json:"leak"`
	Actions []respond.Action `json:"actions"`
}

// Kind implements river.JobArgs.
func (Effects) Kind() string { return "effects" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Effects) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueRespond, MaxAttempts: RespondAttempts}
}

// Verify asks Clerk whether a leak's key still works.
type Verify struct {
	Leak     int64                `json:"leak"`
	Question respond.Verification `json:"question"`
}

// Kind implements river.JobArgs.
func (Verify) Kind() string { return "verify" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Verify) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueRespond, MaxAttempts: RespondAttempts}
}

// Notify notifies one target of a step in a leak's life.
type Notify struct {
	Leak   int64          `json:"leak"`
	Target string         `json:"target"`
	Event  respond.Notice `json:"event"`
}

// Kind implements river.JobArgs.
func (Notify) Kind() string { return "notify" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Notify) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueRespond, MaxAttempts: RespondAttempts}
}

// Digest sends one target all that waited since the last digest.
type Digest struct {
	Target string `json:"target"`
}

// Kind implements river.JobArgs.
func (Digest) Kind() string { return "digest" }

// Key implements [Singleton].
func (d Digest) Key() string { return d.Target }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Digest) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueRespond, MaxAttempts: RespondAttempts}
}

// Summary brings the one issue up to date that stands for a repository's leaks which wait for an issue of their own.
type Summary struct {
	Repository int64 `json:"repository"`
}

// Kind implements river.JobArgs.
func (Summary) Kind() string { return "summary" }

// Key implements [Singleton].
func (s Summary) Key() string { return strconv.FormatInt(s.Repository, 10) }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Summary) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueRespond, MaxAttempts: RespondAttempts}
}

// Issues compares the issues in a repository with what the ledger knows of them: events may be lost.
type Issues struct {
	Repository int64 `json:"repository"` // where the issues are
}

// Kind implements river.JobArgs.
func (Issues) Kind() string { return "issues" }

// Key implements [Singleton].
func (i Issues) Key() string { return strconv.FormatInt(i.Repository, 10) }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Issues) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueRespond, MaxAttempts: RespondAttempts}
}

// Reconcile compares what the ledger knows of an installation's repositories with GitHub's list, and queues the
// backfills, the repositories that were pushed to last before the others.
type Reconcile struct {
	Installation int64 `json:"installation"`
}

// Kind implements river.JobArgs.
func (Reconcile) Kind() string { return "reconcile" }

// Key implements [Singleton].
func (r Reconcile) Key() string { return strconv.FormatInt(r.Installation, 10) }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Reconcile) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueRespond, MaxAttempts: RespondAttempts}
}

// Sweep reads what moved in a repository without an event: more than three tags in one push, lost deliveries.
type Sweep struct {
	Repository int64 `json:"repository"`
}

// Kind implements river.JobArgs.
func (Sweep) Kind() string { return "sweep" }

// Key implements [Singleton].
func (s Sweep) Key() string { return strconv.FormatInt(s.Repository, 10) }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Sweep) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueBackfill, MaxAttempts: BackfillAttempts}
}

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

// Policy brings up to date what depends on a repository's policy, after that changed. Of an organisation's .github repository that is
// what depends on it in all others.
type Policy struct {
	Repository int64 `json:"repository"`
	// Settled means that the change is so long ago that no process has the policy as it was.
	Settled bool `json:"settled,omitempty"`
}

// Kind implements river.JobArgs.
func (Policy) Kind() string { return "policy" }

// Key implements [Singleton].
func (p Policy) Key() string { return strconv.FormatInt(p.Repository, 10) }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Policy) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueRespond, MaxAttempts: RespondAttempts}
}

// Alert makes an alert of GitHub's secret scanning say what its leak says.
type Alert struct {
	Repository int64 `json:"repository"`
	Number     int   `json:"number"`
}

// Kind implements river.JobArgs.
func (Alert) Kind() string { return "alert" }

// Key implements [Singleton].
func (a Alert) Key() string {
	return strconv.FormatInt(a.Repository, 10) + "#" + strconv.Itoa(a.Number)
}

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Alert) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueRespond, MaxAttempts: RespondAttempts}
}

// CodeScanning brings what the Security tab shows of a repository up to date.
type CodeScanning struct {
	Repository int64 `json:"repository"`
}

// Kind implements river.JobArgs.
func (CodeScanning) Kind() string { return "code_scanning" }

// Key implements [Singleton].
func (c CodeScanning) Key() string { return strconv.FormatInt(c.Repository, 10) }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (CodeScanning) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueRespond, MaxAttempts: RespondAttempts}
}
