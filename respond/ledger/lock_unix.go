//go:build unix

package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"
)

const lockPoll = 50 * time.Millisecond

// lockFile takes the lock that says that this process alone uses the database, and writes into the file which process it is. The
// kernel frees it when the process ends, however it ends. The file itself stays.
func lockFile(ctx context.Context, path string, wait time.Duration) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	for ; ; wait -= lockPoll {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			if err := signLock(f); err != nil {
				return nil, errors.Join(fmt.Errorf("ledger: lock %s: %w", path, err), f.Close())
			}
			return f, nil
		case errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return nil, errors.Join(fmt.Errorf("ledger: lock %s: %w", path, err), f.Close())
		case wait <= 0:
			return nil, errors.Join(&LockedError{Path: path, Holder: holderOf(f)}, f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("ledger: lock %s: %w", path, ctx.Err()), f.Close())
		case <-time.After(lockPoll):
		}
	}
}

// signLock writes who holds the lock. A disk that is full must not keep the server from saying so itself.
func signLock(f *os.File) error {
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(fmt.Appendf(nil, "process %d on %s\n", os.Getpid(), host), 0)
	if errors.Is(err, syscall.ENOSPC) {
		return nil
	}
	return err
}

// holderOf reads who holds the lock; "" where that was not written.
func holderOf(f *os.File) string {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, maxHolder))
	if line, _, whole := strings.Cut(string(text), "\n"); err == nil && whole {
		return line
	}
	return ""
}

const maxHolder = 512
