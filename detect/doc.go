// Package detect finds Clerk credentials in bytes. Text goes in, findings come out: no I/O, no clock, no globals.
//
// Start with [New] for a [Scanner], and [Scanner.Scan] for the findings of one text. A [Finding] says what the
// credential is, how sure we are and why, and where it stands in the text as stored, whatever encoding it stands in.
// The credential itself is a [Secret]: a value that cannot be printed.
//
// The sub-packages are the parts that stand alone: literal (which of many literals stand where, at memory speed),
// unpack (what an archive or a compressed file holds) and pack (what a git packfile holds).
package detect
