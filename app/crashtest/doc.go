// Package crashtest holds a test that kills real `rekey serve` processes at random while people work on a stand-in for GitHub
// that misbehaves, and then compares what GitHub shows with a model of what it must show. From the repository's root:
//
//	make crash                                          # seconds of each store
//	make crash CRASH_TIME=1h CRASH_SEED=7 CRASH_STORE=postgres REKEY_TEST_POSTGRES_URL=postgres://…
//
// It goes in rounds of a minute at most. In each, people push, merge, comment and close issues; administrators suspend, uninstall,
// transfer, archive and delete; strangers send what must be refused; deliveries and requests to GitHub are lost, delayed, doubled and
// limited; and processes are killed, stopped and paused. Then all of that ends, and when all is done everything is compared, and
// forgotten: a run of an hour needs no more memory and disk than one of some minutes.
//
// The seed gives what is done in each repository, in its order, and which faults are thrown. How far each repository comes in the given
// time, and what a signal meets, is for the machine to say. So a failure may not come again: its output has the history of what
// differs. CRASH_LOG names a file for all that happened.
//
// # What may differ
//
// A head's check run must show the keys that its push brought, and no others, but for these cases. Where a push was recovered from
// GitHub's log, or came after one that was, it may show what was pushed shortly before, or have been read with what was pushed after: see
// pushed and clockError. While a repository's history is read for the first time, or again, each push may show all of it or nothing: see
// repository.loose. There is one check run in all cases, never a second one that was withdrawn: the stand-in does what a
// failed request asked for within the time that servers wait before they look.
package crashtest
