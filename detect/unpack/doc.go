// Package unpack reads what archives and compressed files hold: gzip, bzip2, zstd, xz, zip (and with it jar, docx, xlsx,
// whl) and tar, and these inside one another.
//
// Start with [Format] to see whether bytes are worth unpacking, then [Walker.Walk]; one [Walker] for many files:
// it keeps the decoders. Everything is read in bounded memory and, by [Limits], in bounded time; nothing is written
// anywhere, no name from an archive is ever opened. What cannot be read is said in the error, by name, after all that
// can be read was visited.
package unpack
