//go:build unix

package scan

import (
	"io"

	"golang.org/x/sys/unix"
)

// directory opens files by their names relative to it, which spares the kernel the walk along the whole path. It goes
// around package os, whose files join the poller with a system call each.
type directory struct {
	fd  int
	err error
}

func openDirectory(path string) directory {
	if path == "" {
		path = "."
	}
	fd, err := retry(func() (int, error) { return unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0) })
	return directory{fd, err}
}

func (d directory) close() {
	if d.err == nil {
		unix.Close(d.fd)
	}
}

// open does not follow a link that took the file's place, and does not hang on a pipe that did.
func (d directory) open(name string) (handle, error) {
	if d.err != nil {
		return handle{}, d.err
	}
	fd, err := retry(func() (int, error) {
		return unix.Openat(d.fd, name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	})
	return handle{fd}, err
}

type handle struct{ fd int }

func (h handle) Read(p []byte) (int, error) {
	n, err := retry(func() (int, error) { return unix.Read(h.fd, p) })
	switch {
	case err != nil:
		return 0, err
	case n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return n, nil
}

func (h handle) close() { unix.Close(h.fd) }

// retry repeats a system call that a signal interrupted.
func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR {
			return n, err
		}
	}
}
