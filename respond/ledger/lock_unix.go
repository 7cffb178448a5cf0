//go:build unix

package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

const lockPoll = 50 * time.Millisecond

// lockFile takes the lock that says that this process alone uses the database. The kernel frees it when the process ends,
// however it ends. The file itself stays.
func lockFile(ctx context.Context, path string, wait time.Duration) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	for ; ; wait -= lockPoll {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return f, nil
		case errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return nil, errors.Join(fmt.Errorf("ledger: lock %s: %w", path, err), f.Close())
		case wait <= 0:
			err = fmt.Errorf("%w (%s is locked): stop it, or use PostgreSQL for several processes", ErrLocked, path)
			return nil, errors.Join(err, f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("ledger: lock %s: %w", path, ctx.Err()), f.Close())
		case <-time.After(lockPoll):
		}
	}
}
