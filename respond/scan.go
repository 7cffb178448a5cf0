package respond

import (
	"slices"
	"time"
)

// Trigger is what a scan was made for, by the name of GitHub's event where there is one.
type Trigger string

// The triggers.
const (
	TriggerPush        Trigger = "push"
	TriggerPullRequest Trigger = "pull_request"
	TriggerMergeGroup  Trigger = "merge_group"
	TriggerCheckRun    Trigger = "check_run"   // somebody wants the commit checked again
	TriggerCheckSuite  Trigger = "check_suite" // the same
	TriggerBackfill    Trigger = "backfill"    // the whole history of a repository
	TriggerSweep       Trigger = "sweep"       // a ref that moved without an event
	TriggerAlert       Trigger = "secret_scanning_alert"
	TriggerAudit       Trigger = "audit" // of the default branch's Clerk configuration, which read no commit for keys
	TriggerText        Trigger = "text"  // something on GitHub that people wrote: no commit was read
)

// Rereads reports whether a scan of this trigger reads again what others have read before.
func (t Trigger) Rereads() bool {
	return t == TriggerCheckRun || t == TriggerCheckSuite || t == TriggerBackfill
}

// Scan is one reading of a range of history for a head commit. Several may be about one head: a push and a pull request.
type Scan struct {
	Repository int64
	Head       string
	Base       string // "" where there was none
	Ref        string
	Trigger    Trigger
	PullNumber int    // 0: none
	Pusher     string // login
	Commits    int
	Blobs      int
	Bytes      int64 // inflated
	PackBytes  int64
	Duration   time.Duration
	Skipped    []string // what could not be read, by anybody
	Unjudged   []string // what a limit of rekey's left out: the rest is not clean
	MorePlaces int      // of what was recorded: places that were not
	Finished   time.Time
	Failure    string // why it could not be finished; "" where it was

	PolicyChanged bool // the push changed the repository's policy file
	Outside       bool // somebody without write access to the repository brought what was read
}

// Gap is a range of history of which a limit left something unread, however often it was tried.
type Gap struct {
	ID         int64
	Ref        string // "" for the repository's whole history
	Base, Head string // Base is "" where the range has no beginning
	Reasons    []string
	At         time.Time // when rekey stopped trying
	Accepted   time.Time // when a maintainer accepted it; zero while it is open
	AcceptedBy string    // login
}

// Covers reports whether what a scan left unread is what the gap is about: the same part for the same reason. The text that was
// recorded is all that is known of a part, and so what it is told by: no sentence has a meaning of its own.
func (g Gap) Covers(left string) bool { return slices.Contains(g.Reasons, left) }
