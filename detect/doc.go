// Package detect finds Clerk credentials in bytes. Text goes in, findings come out: no I/O, no clock, no globals.
//
// Start with [New] for a [Scanner], and [Scanner.Scan] for the findings of one text. A [Finding] says what the
// credential is, how sure we are and why, and where it is in the text as stored, whatever encoding it is in.
// The credential itself is a [Secret]: a value that cannot be printed. All that is known of a credential is in one value, its
// rule; the table of them is in rule.go.
//
// Its sub-packages: literal searches for many literals in one pass, at memory speed; encoding reads what is written in another way;
// unpack reads what an archive or a
// compressed file holds; inflate decompresses zlib and deflate where the size is known; budget bounds the work and the memory
// that one text may cost. Package pack is above it, and gives it what a git packfile holds; detecttest makes credentials for
// tests.
package detect
