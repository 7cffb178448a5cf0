// Package detecttest makes Clerk credentials for tests and for the demo: they have the shape of real ones and are none.
//
// Start with [Key]. Each function gives the same credential for the same seed, and another for another seed. The
// prefixes are put together at run time, so that no file of this repository holds anything that looks like a key.
package detecttest
