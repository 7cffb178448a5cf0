package unpack

import (
	"context"
	"io"
)

// Walker walks files and keeps decoders for the next. The zero Walker is ready; it is safe for concurrent use.
type Walker struct{}

// Walk visits every member of the file in r, which has size bytes: of an archive its files, of a compressed file its
// content, and where one of these is itself an archive or compressed, what that holds in its place. A file without a
// known format is an error. Members come in the order of the archive, one at a time.
//
// An error of visit ends the walk and is returned. So does the end of ctx. Otherwise the error joins an [Error] for
// everything that could not be read. Memory is some 300 KiB for each layer, more by the format: 4 MiB for bzip2, the
// dictionary of xz and the window of zstd, up to 64 MiB and 128 MiB.
func (w *Walker) Walk(ctx context.Context, r io.ReaderAt, size int64, lim Limits, visit func(Member) error) error {
	panic("building")
}
