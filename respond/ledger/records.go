package ledger

import (
	"time"

	"github.com/rekey-app/rekey/respond/turn"
)

// Times in records are UTC with microseconds; the zero time is stored as 0 and read back as the zero time.

// Delivery is one webhook POST from GitHub.
type Delivery struct {
	GUID         string // X-GitHub-Delivery
	Event        string // X-GitHub-Event
	Action       string
	Installation int64 // 0 where the payload names none
	Repository   int64
	Lane         string // deliveries of one lane are handled one after the other, in their order; "" is none
	Class        turn.Class
	Head         string // what a push made its ref point to; "" for other events
	Body         []byte // as it came; at most 25 MiB; emptied when the delivery is finished
	Received     time.Time
	Finished     time.Time
	Outcome      string // what became of it, in words; "" while it waits
	GivenUp      bool   // finished without being done: if it comes again it is done again
}

// Acceptance says what became of a delivery that was offered to the ledger.
type Acceptance string

// The acceptances.
const (
	Accepted Acceptance = "accepted" // new: stored with its job
	Waiting  Acceptance = "waiting"  // known, its job has not finished and waits or runs
	Requeued Acceptance = "requeued" // known, its job had died or was given up: queued again
	Done     Acceptance = "done"     // known and finished: dropped
)

// Installation is an App installation.
type Installation struct {
	ID        int64
	AccountID int64
	Account   string // login
	Suspended bool
}

// Repository is a repository that an installation reaches. It is keyed by ID; names change.
type Repository struct {
	ID            int64
	Installation  int64
	Owner, Name   string
	DefaultBranch string
	Private       bool
	Archived      bool
	FirstLooked   time.Time // when its history had been read whole; zero: not yet
}

// Tip is what a ref pointed to when last heard of. Tips serve as haves.
type Tip struct {
	Ref  string
	SHA  string
	Seen time.Time
}

// LeakState is where a leak is in its life.
type LeakState string

// The states of a leak.
const (
	Open     LeakState = "open"
	Revoked  LeakState = "revoked"  // Clerk no longer takes the key
	Ignored  LeakState = "ignored"  // somebody entitled said that it is no secret
	Resolved LeakState = "resolved" // somebody entitled said that it is dealt with; Clerk was not asked or did not say
)

// Leak is one credential in one repository.
type Leak struct {
	ID          int64
	Repository  int64
	Fingerprint string
	Kind        string // detect.Kind
	Environment string // detect.Environment
	Severity    string
	Confidence  string
	Reasons     []string
	Redacted    string
	Instance    string // Frontend API host nearby
	Dashboard   string // exact API-keys page
	Variable    string
	Browser     bool

	State      LeakState
	Introduced time.Time // author date of the first sighting's commit
	Detected   time.Time // when rekey first saw it, or it was admitted
	Responded  time.Time // first word of a person
	Closed     time.Time
	ClosedBy   string // login; "Clerk" where its answer closed it
	Reason     string // why it is in this state, in words
	Pusher     string // login of who pushed it first, "" if unknown

	// Outside reports that only pull requests of people without write access brought it so far. It gets a check run, and
	// nothing else until it is admitted.
	Outside bool

	InstanceID string    // ins_…, as Clerk answered
	Asked      time.Time // when Clerk was last asked
	Answer     string    // alive, revoked, unknown, or ""

	IssueRepository int64 // where the issue is filed; 0: none yet
	IssueNumber     int
	IssueURL        string
	IssueDigest     string // hash of the text last sent
}

// Sighting is a leak at a commit and path. Nothing in it is a credential.
type Sighting struct {
	ID                 int64
	Leak               int64
	Source             string // pack.Source
	Blob, Path, Commit string
	Member, Encoding   string
	Line, Column       int
	EndLine, EndColumn int
	AuthorName         string
	AuthorEmail        string
	Authored           time.Time
	Ref                string // where it was pushed
	Allowed            bool   // rekey:allow on the line
}

// Scan is one reading of a range of history for a head commit. Several may be about one head: a push and a pull request.
type Scan struct {
	Repository int64
	Head       string
	Base       string // "" where there was none
	Ref        string
	Event      string // push, pull_request, merge_group, check_run, check_suite, first_look, sweep
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

// Observation is a finding as a scan saw it: the leak's facts and where it stands. AtHead tells that this place is in
// the head's tree.
type Observation struct {
	Leak     Leak // identity and facts; ID and state are the ledger's
	Sighting Sighting
	AtHead   bool
}

// HeadSighting is a leak's sighting in the range of a head commit.
type HeadSighting struct {
	Leak      Leak
	Sighting  Sighting
	AtHead    bool
	Annotated bool // its annotation was sent to GitHub
}

// Check is the one check run of a head commit.
type Check struct {
	Repository int64
	Head       string
	RunID      int64 // GitHub's; 0: not created yet
	Conclusion string
	Digest     string // hash of what was last sent
	Updated    time.Time
}

// Event is one entry of a leak's history.
type Event struct {
	Leak   int64
	At     time.Time
	By     string // login, "Clerk", or "rekey"
	From   LeakState
	To     LeakState
	Reason string
}
