// Package pack reads git objects as they arrive in a packfile, hands each new blob once to a scanner, and works out
// paths and introducing commits from the trees and commits of the same pack, only where something was found.
//
// Start with [Open] for a pack from a stream, then [Pack.Scan].
package pack

import (
	"context"
	"io"
	"time"

	"github.com/rekey-app/rekey/detect"
)

// Options bound what reading a pack may cost. The zero value gives the defaults.
type Options struct {
	SpillOver int64  // bytes of pack kept in memory; what is larger goes to a temporary file. Default 8 MiB
	TempDir   string // where it goes; default os.TempDir
	Workers   int    // default GOMAXPROCS
}

// Pack is a packfile held ready for reading. It is not safe for concurrent use; its methods use all Workers inside.
type Pack struct{}

// Open reads a packfile of version 2 from r to its end, verifies its trailer, and finds its entries. The pack must be
// self-contained (no thin pack). r is not closed.
func Open(ctx context.Context, r io.Reader, opts Options) (*Pack, error) { panic("building") }

// Close removes what Open spilled.
func (p *Pack) Close() error { panic("building") }

// Range says whose history a scan is about.
type Range struct {
	// Heads are the commits that the scan is about (40 hexadecimal digits): what was wanted. Tags are peeled.
	Heads []string
}

// Scan hands every blob (and what else can hold a key) once to s and reports where the findings stand.
func (p *Pack) Scan(ctx context.Context, s *detect.Scanner, r Range) (Report, error) {
	panic("building")
}

// Blob returns one object's content, for reading a key again. The caller bounds nothing: a blob over limit is an error.
func (p *Pack) Blob(id string, limit int64) ([]byte, error) { panic("building") }

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
	Stats     Stats
	Peeled    map[string]string // each of Range.Heads that was an annotated tag, to its commit
	Skipped   []Skipped         // what could not be read, by name; never silent
}

// Skipped is an object that was not read.
type Skipped struct {
	Object string
	Reason string
}

// Source says what kind of object a finding stands in.
type Source string

// The sources.
const (
	InBlob    Source = "blob"
	InMessage Source = "message" // of a commit
	InTag     Source = "tag"     // an annotated tag's message
)

// Person is an author or committer. Name and Email are as written in git (after mailmap), any bytes at all.
type Person struct {
	Name, Email string
	When        time.Time
}

// Sighting is a finding at a commit and path. Commit is where the content was introduced at this path: the commit
// whose tree differs there from all its parents. One finding gives a sighting for each path and introducing commit.
type Sighting struct {
	Finding detect.Finding
	Source  Source
	Blob    string // object id, 40 hexadecimal digits
	Path    string // any bytes but NUL; "" for messages
	Commit  string
	Author  Person
	// AtHead tells that this very blob stands at this very path in (one of) Range.Heads.
	AtHead bool
}
