// Package inflate decompresses the zlib streams (RFC 1950, RFC 1951) of a git packfile, slice to slice.
//
// Start with [Decoder.Zlib]: a pack names the inflated size of every entry before its stream, so the whole output is
// allocated once and no window is kept. [Decoder.Feed] is for what is too large to hold
// or still downloading, and for finding only where a stream ends. [Reader] is for the bare deflate data of archives.
//
// A stream is accepted or refused as compress/flate and compress/zlib do, which differ from zlib itself in one point
// that no compressor produces: a code-length code of a single code is accepted, and so is a block whose code has no end
// of block, until the missing symbol is needed. The window size that the zlib header names is not enforced; git does
// not enforce it either. Preset dictionaries are refused, as in git.
//
// There is no unsafe code and no assembly here. Every index is checked by the compiler or masked to a power of two.
package inflate
