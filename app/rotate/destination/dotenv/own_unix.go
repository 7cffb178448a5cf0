//go:build unix

package dotenv

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// own gives a file the owner and the group of another.
func own(f *os.File, of fs.FileInfo) error {
	theirs, ok := of.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	made, err := f.Stat()
	if err != nil {
		return err
	}
	if ours, ok := made.Sys().(*syscall.Stat_t); ok && ours.Uid == theirs.Uid && ours.Gid == theirs.Gid {
		return nil
	}
	if err := f.Chown(int(theirs.Uid), int(theirs.Gid)); err != nil {
		return fmt.Errorf("it belongs to another user: %w", err)
	}
	return nil
}
