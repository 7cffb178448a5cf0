// Package ledger is the memory of rekey: deliveries, repositories, leaks, sightings, check runs and the log of actions,
// in SQLite or PostgreSQL, in one database with the queue, so that a job and what it is about commit together. No
// credential is ever in it.
//
// Start with [OpenStore], then [Store.Update] and [Store.View].
package ledger
