//go:build !unix

package ledger

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

// lockFile opens the lock's file; on this system nothing keeps a second process away.
func lockFile(_ context.Context, path string, _ time.Duration) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return f, nil
}
