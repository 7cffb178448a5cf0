package unpack

import (
	"context"
	"io"
)

// Walk is [Walker.Walk] for a single file.
func Walk(ctx context.Context, r io.ReaderAt, size int64, lim Limits, visit func(Member) error) error {
	return new(Walker).Walk(ctx, r, size, lim, visit)
}
