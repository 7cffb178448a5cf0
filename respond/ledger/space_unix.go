//go:build unix && !solaris && !illumos && !aix && !netbsd

package ledger

import "golang.org/x/sys/unix"

// freeSpace is what may still be written in a directory, in bytes.
func freeSpace(dir string) (int64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return 0, err
	}
	return int64(stat.Bavail) * int64(stat.Bsize), nil //nolint:unconvert // their types differ by system
}
