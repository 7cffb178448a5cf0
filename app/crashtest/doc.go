// Package crashtest holds a test that kills real `rekey serve` processes at random while people work on a stand-in for GitHub
// that misbehaves, and then compares what GitHub shows with a model of what it must show. From the repository's root:
//
//	make crash                                          # a minute of each store
//	make crash CRASH_TIME=1h CRASH_SEED=7 CRASH_STORE=postgres REKEY_TEST_POSTGRES_URL=postgres://…
//
// The seed gives what is done in each repository, in its order, and which faults are thrown. How far each repository comes
// in the given time, and what a signal meets, is for the machine to say.
package crashtest
