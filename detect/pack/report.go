package pack

import (
	"time"

	"github.com/rekey-app/rekey/detect"
)

// Range says whose history a scan is about.
type Range struct {
	// Heads are the commits that the scan is about (40 hexadecimal digits): what was wanted. Tags are peeled. Heads
	// decide [Sighting.AtHead] only: every object of the pack is read and reported, reachable from a head or not.
	Heads []string
}

// Stats says what was read.
type Stats struct {
	Commits, Trees, Blobs, Tags int
	Bytes                       int64 // of blobs, inflated
	PackBytes                   int64
	Duration                    time.Duration
}

// Report is the outcome of a scan.
type Report struct {
	Sightings []Sighting // ordered by commit date, path, place
	More      []More     // what there is beside Sightings
	Stats     Stats
	Peeled    map[string]string // each of Range.Heads that was an annotated tag, to its commit
	Skipped   []Skipped         // what could not be read, by name; never silent
}

// More says of a credential in [Report.Sightings] that it is at more places than those.
type More struct {
	Secret detect.Secret
	Places int  // at least so many
	Paths  bool // also at paths that are in no sighting
}

// Skipped is an object or a pack that was not read, or only in part.
type Skipped struct {
	Object string
	Path   string // where a blob that is over a limit is, or was, in some commit; "" if not known
	Reason string
	// Limit reports that it is over one of rekey's own limits, and with it perhaps a credential: the rest is not clean then.
	Limit bool
	// Damaged means that nothing of it was read, because it cannot be: not for what a shallow or partial clone leaves out by
	// its nature, nor for an archive within an object that was read.
	Damaged bool
	// Absent says why what is missing is not here by the clone's nature, and Count how many objects that is about. Object is
	// one of them then.
	Absent Absence
	Count  int
}

// Absence is a reason for which a clone lacks objects.
type Absence string

// The reasons. "" is none.
const (
	ShallowClone Absence = "shallow" // the history before some commits was not fetched
	PartialClone Absence = "partial" // a filter left blobs or trees out
)

// Source says what kind of object a finding stands in.
type Source string

// The sources.
const (
	InBlob    Source = "blob"    // a file's content, a symbolic link's target, a note
	InMessage Source = "message" // of a commit
	InTag     Source = "tag"     // an annotated tag's message
)

// Person is an author or committer. Name and Email are as written in git (after mailmap), any bytes at all.
type Person struct {
	Name, Email string
	When        time.Time
}

// Sighting is a finding at a commit and path. Commit is where the content was introduced at this path: the commit
// whose tree differs there from all its parents. A change of mode alone introduces nothing. A parent that is not in
// the pack counts as holding none of the pack's blobs. One finding gives a sighting for each path and introducing
// commit; a finding in a blob that no commit at hand reaches gives one without commit and path.
type Sighting struct {
	Finding detect.Finding // of a message: its place counts from the start of the object, as git cat-file shows it
	Source  Source
	Blob    string // id of the object that holds the finding, 40 hexadecimal digits: a blob, or the commit or tag itself
	Path    string // any bytes but NUL; "" for messages
	Commit  string // for a tag, the commit it points to
	Author  Person // for a tag, the tagger
	// AtHead means that this very blob stands at this very path in (one of) Range.Heads.
	// A message is at head where its commit is one.
	AtHead bool
	// Refs are the refs, by full name and in order, whose commits hold this very blob at this very path now, or for a
	// message are at the commit or tag itself. None: it is deleted, and only the history holds it. Only a scan of a
	// [Repository] knows refs.
	Refs []string
}
