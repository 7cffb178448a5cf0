package unpack

import (
	"errors"
	"io"

	"github.com/rekey-app/rekey/detect/budget"
)

// Limits bound what a walk may cost. A zero field stands for its default.
type Limits struct {
	// Depth is how many formats may lie around one another; what lies deeper is visited as the bytes it is,
	// and is an error.
	// Default 8. tar.gz counts two.
	Depth int
	// Ratio bounds the bytes that come out of all decoders to this multiple of the size of the file, but never to less
	// than 16 MiB. Default 1100, a little more than deflate can reach.
	Ratio int64
	// Size bounds the bytes that come out of all decoders together, and with them the time: a GiB takes a few seconds
	// from deflate and zstd, half a minute from bzip2 and xz. Default 1 GiB.
	Size int64
	// Members bounds the entries of all archives together, directories included. Default 1,000,000.
	Members int
	// Window is the largest window of zstd and dictionary of xz and lzma, in bytes. What wants more is not read. Default: 128 MiB
	// for zstd, 64 MiB for the others.
	Window int64
	// Work is charged for what comes out of decoders, by the bytes; the walk ends where it is used up. Default: no bound
	// beside the others.
	Work *budget.Work
	// Memory is charged for the windows and dictionaries of decoders and for what is held of nested zip files. What finds
	// none free is not read. Default: no bound.
	Memory *budget.Memory
}

// Member is one file in an archive, or the content of a compressed file.
type Member struct {
	// Name is the path inside the archive as the archive has it, but in valid UTF-8 and of at most 4 KiB; those of nested
	// archives are joined by "!", as in "inner.tar!app/.env". It is "" for the content of a compressed file. It may be
	// absolute, hold "..", backslashes and line ends, and come more than once: it is for people, never for opening.
	Name string
	// Layers are the formats around the content, outside in, as [Format] names them: "tar" and "gzip" for app.gz in a tar.
	Layers []string
	// Offset is the place in the walked file where Content stands byte for byte, or -1 where it is compressed (or a
	// sparse file in a tar).
	Offset int64
	// Content is the member's content, valid until visit returns, which need not read it. It ends with [io.EOF] also
	// where the rest is corrupt or over a limit; Walk's error tells.
	Content io.Reader
}

// What an [Error] is about, for [errors.Is].
var (
	ErrCorrupt     = errors.New("corrupt")
	ErrEncrypted   = errors.New("encrypted")
	ErrUnsupported = errors.New("not supported")
	ErrLimit       = errors.New("over the limit")
)

// Error is something that could not be read. It wraps one of [ErrCorrupt], [ErrEncrypted], [ErrUnsupported], [ErrLimit].
type Error struct {
	Name   string   // as in [Member]
	Layers []string // as in [Member]
	Err    error
}
