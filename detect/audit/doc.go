// Package audit says which mistakes in a Clerk integration the files of a repository prove. A [Tree] goes in, findings come out: no I/O,
// no clock, no network.
//
// A false alarm costs more than a miss: a check reports only what the files themselves show, and says nothing where a file that would
// decide is not known. Start with [Wanted] for the files that an audit reads, and [Run]. All that is known of a mistake is in one value,
// its [Check]; the table of them is in checks.go. Package js reads JavaScript and TypeScript for the checks, package lock the lockfiles.
package audit
