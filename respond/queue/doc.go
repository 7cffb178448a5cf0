// Package queue works the jobs that the ledger's transactions queue: River, on the ledger's own database, through River's public
// API. What that API does not offer, and how each use of River's internals is held, is in riverinternal.go.
//
// It adds to River: jobs of which at most one waits and one runs for a key (singleton.go), turns of installations (turns.go), and
// jobs of processes that died, which are reclaimed at once instead of after their timeouts (reclaim.go, heartbeat.go).
package queue
