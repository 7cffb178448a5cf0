package destinationtest

import "github.com/rekey-app/rekey/app/rotate/destination"

// Trouble is something that a stand-in does wrong on request.
type Trouble string

// The troubles. Each lasts until another is asked for, except Limited and Lost, which befall one request.
const (
	None      Trouble = ""
	Expired   Trouble = "expired"   // the login is refused
	Forbidden Trouble = "forbidden" // the login may look, and not write
	Limited   Trouble = "limited"   // one write is refused: too many requests, wait 0 s
	Down      Trouble = "down"      // the host can't be reached
	Lost      Trouble = "lost"      // one write is done, and its answer is lost
)

// World is a host or store with a project on it, as the stand-in has it. Its project has [destination.Project.Variables] CLERK_SECRET_KEY, is of
// production, and its place of production holds the compromised key; beside it there are other variables that nobody may touch.
type World struct {
	Machine   *destination.Machine // of a person who is logged in
	LoggedOut *destination.Machine // the same one before a login; nil for a driver that needs none
	Driver    func(*destination.Machine) destination.Driver
	Project   destination.Project
	Unused    destination.Project // a project that does not use the host

	Values   func() map[string]string // everything that the stand-in holds: by place and variable, in a form of its own
	Key      func(destination.Place) string
	Requests func() int // how many requests it has had, or runs of programs
	// Seen returns what others than the host could see: arguments and environments of programs, files on this machine, logs. Addresses and
	// headers of requests are seen by the suite itself.
	Seen    func() string
	Trouble func(Trouble)    // nil for a place on this machine that has none
	Finish  func(works bool) // ends what is being deployed; nil where nothing is
	// Overwrite is somebody else who sets the place's variable, a minute later.
	Overwrite func(place destination.Place, value string)

	Readable  bool                    // the driver can read values
	OneLine   bool                    // the host takes no values of several lines
	Refuses   func(value string) bool // values that it cannot hold, which are an error and change nothing; nil: it holds all
	Unhandled []Trouble               // troubles that cannot befall it
}
