// Package detect finds Clerk credentials in bytes. Text goes in, findings come out: no I/O, no clock, no globals.
//
// Start with [New] for a [Scanner], and [Scanner.Scan] for the findings of one text. A [Finding] says what the
// credential is, how sure we are and why, and where it stands in the text as stored, whatever encoding it stands in.
// The credential itself is a [Secret]: a value that cannot be printed.
//
// The sub-packages are the parts that stand alone: literal (which of many literals stand where, at memory speed),
// unpack (what an archive or a compressed file holds), inflate (zlib and deflate where the size is known), pack (what a git
// packfile holds) and budget (how much work and memory one text may cost).
package detect
