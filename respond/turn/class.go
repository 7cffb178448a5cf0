// Package turn schedules jobs. A [Table] decides, without side effects, which job starts next, given those that wait and those
// that run. A [Room] is where the jobs of one process wait for that. Start with [NewRoom].
//
// Turns go round by installation, then by repository. An installation starts another job while it runs fewer than there
// are free slots: alone it takes half of them, two take a third each, and one that has nothing running always finds a
// free slot unless there are as many busy installations as slots. So one that is slow, or hostile, delays itself alone.
package turn

import "slices"

// Class is a kind of work. Within an installation the lower class goes first, though not always: see [Table.Next].
type Class int

// The classes.
const (
	Push       Class = iota // what was pushed to the repository, and what people ask for
	Check                   // a check run
	Question                // whether a key is revoked, and notices
	Member                  // a pull request of somebody who may write to the repository
	Stranger                // a pull request of anybody else
	Reply                   // effects on an issue that is there: comments, closing, editing
	Issue                   // a new issue
	Background              // histories, sweeps, comparisons
)

// names are the classes' names, which jobs carry.
func names() []string {
	return []string{"push", "check", "question", "member", "stranger", "reply", "issue", "background"}
}

func (c Class) String() string {
	if all := names(); c >= 0 && int(c) < len(all) {
		return all[c]
	}
	return "unknown"
}

// ClassOf is the class of a name; [Push] where it is none.
func ClassOf(name string) Class {
	return Class(max(0, slices.Index(names(), name)))
}

// Job is a job that waits for its turn.
type Job struct {
	ID                       int64 // grows with the time of arrival
	Installation, Repository int64
	// Lane, if not empty, names what only one job at a time may be at: a branch, say. Jobs of one lane and class start in the
	// order of their ids.
	Lane  string
	Class Class
}
