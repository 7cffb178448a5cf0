package respond

import (
	"time"

	"github.com/rekey-app/rekey/detect"
)

// Times in records are UTC with microseconds; the zero time is one that is not known, or has not come.

// State is where a leak is in its life.
type State string

// The states of a leak.
const (
	Open     State = "open"
	Revoked  State = "revoked"  // Clerk no longer takes the key
	Ignored  State = "ignored"  // a person closed it as a false positive, or the policy allows it
	Resolved State = "resolved" // a person closed it as resolved; Clerk was not asked or gave no clear answer
)

// Leak is one credential in one repository.
type Leak struct {
	ID          int64
	Repository  int64
	Fingerprint string
	Kind        detect.Kind
	Environment detect.Environment
	Severity    detect.Severity
	Confidence  detect.Confidence
	Reasons     []string
	Redacted    string
	Instance    string // Frontend API host nearby
	Dashboard   string // exact API-keys page
	Variable    string
	Browser     bool

	State      State
	Introduced time.Time // author date of the first sighting's commit
	Detected   time.Time // when rekey first saw it, or it was admitted
	Responded  time.Time // first response of a person
	Closed     time.Time
	ClosedBy   string    // login; ByClerk where its answer closed it, Self where rekey did
	Reason     string    // why it is in this state, in words
	ApprovedBy string    // login of the second person who confirmed the closing; "": none was needed
	Until      time.Time // of a false positive: the first moment at which it no longer counts; zero: for good
	Request    Request   // a closing that waits for a second person
	Snoozed    time.Time // nobody is reminded until then
	Reminded   time.Time // when people were last reminded
	Escalated  time.Time // when the policy's escalation target was told
	Look       time.Time // when [FollowUp] is due; zero: never
	Pusher     string    // login of who pushed it first, "" if unknown

	// Outside reports that only pull requests of people without write access brought it so far. It gets a check run, and
	// nothing else until it is admitted.
	Outside bool

	InstanceID string    // ins_…, as Clerk answered
	VerifiedAt time.Time // when Clerk was last asked
	Verdict    Verdict   // "" if Clerk was not asked

	IssueRepository int64 // where the issue is filed; 0: none yet
	IssueNumber     int
	IssueURL        string
	IssueDigest     string // hash of the text last sent
	FilesRef        string // the ref whose files hold the credential by that text; "" for none
}

// Who acts where no person does.
const (
	Self    = "rekey"
	ByClerk = "Clerk"
	// ByGitHub is GitHub's secret scanning.
	ByGitHub = "GitHub"
)

// IsOpen reports whether the leak is open, as one is that the ledger does not know yet.
func (l Leak) IsOpen() bool { return l.State == Open || l.State == "" }

// Production reports whether the credential is one of a production instance.
func (l Leak) Production() bool { return l.Environment == detect.Live }

// Sure reports whether it is certain enough that the credential is one to file issues about.
func (l Leak) Sure() bool { return l.Confidence != detect.LowConfidence }

// Verifiable reports whether Clerk can be asked if this credential still works: only secret keys open GET /v1/instance.
// Of keys from before 2023 it is not known what Clerk answers while they live.
func (l Leak) Verifiable() bool { return l.Kind == detect.SecretKey }

// AllowedByPolicy reports whether a policy allows this production key.
func (l Leak) AllowedByPolicy() bool {
	return l.State == Ignored && l.ClosedBy == Self && l.Production()
}

// Source is what holds a leak: an object of git, as package pack names it, or a text on GitHub, as GitHub's events name it.
type Source string

// The sources in git.
const (
	InBlob    Source = "blob"
	InMessage Source = "message" // of a commit
	InTag     Source = "tag"     // the message of a tag
)

// Sighting is a leak at a commit and path, or in a text on GitHub. Nothing in it is a credential.
type Sighting struct {
	ID                 int64
	Leak               int64
	Source             Source
	Blob, Path, Commit string
	Member, Encoding   string
	Line, Column       int
	EndLine, EndColumn int
	AuthorName         string // of a text: login
	AuthorEmail        string
	Authored           time.Time // of a text: when the version was written that holds it
	Ref                string    // where it was pushed
	Allowed            bool      // rekey:allow on the line
	Text               Text      // zero: it is in git
}

// InFile reports whether the sighting is in a file.
func (s Sighting) InFile() bool { return !s.InText() && (s.Source == InBlob || s.Source == "") }

// Encoded reports whether the credential is written otherwise than as it is.
func (s Sighting) Encoded() bool { return s.Encoding != detect.Plain && s.Encoding != "" }

// AllowedInline reports whether the sighting is silenced by rekey:allow on its line, which silences test keys only.
func (l Leak) AllowedInline(s Sighting) bool { return s.Allowed && !l.Production() }

// Observation is a finding as a scan saw it: the leak's facts and where it stands. AtHead means that this place is in
// the head's tree.
type Observation struct {
	Leak     Leak // identity and facts; ID and state are the ledger's
	Sighting Sighting
	AtHead   bool
	Nowhere  bool // in no object of git: there is no Sighting
}

// HeadSighting is a leak's sighting in the range of a head commit.
type HeadSighting struct {
	Leak      Leak
	Sighting  Sighting
	AtHead    bool
	Annotated bool // its annotation was sent to GitHub
}

// Event is one entry of a leak's history.
type Event struct {
	Leak   int64
	At     time.Time
	By     string // login, ByClerk or Self
	From   State
	To     State
	Reason string

	ApprovedBy string    // login of the second person who confirmed it; "": none was needed
	Until      time.Time // of a step to Ignored: the first moment at which it no longer counts; zero: for good
}
