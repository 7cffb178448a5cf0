//go:build unix

package scan

import (
	"os"

	"golang.org/x/sys/unix"
)

// list opens the directory for listing. The copy of the descriptor is the file's to close.
func (d directory) list() (*os.File, error) {
	fd, err := unix.Dup(d.fd)
	if err != nil {
		return nil, err
	}
	unix.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), "."), nil
}
