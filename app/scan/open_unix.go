//go:build unix

package scan

import (
	"io"

	"golang.org/x/sys/unix"
)

const smallestPage = 4096

// directory opens files by their names relative to it, which spares the kernel the walk along the whole path. It goes
// around package os, whose files join the poller with a system call each.
type directory struct {
	fd        int
	err       error
	endsShort bool
}

// openDirectory follows a link only where the directory was named.
func openDirectory(path string, named bool) directory {
	flags := unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC
	if !named {
		flags |= unix.O_NOFOLLOW
	}
	for {
		fd, err := unix.Openat(unix.AT_FDCWD, path, flags, 0)
		switch {
		case err == nil:
			return directory{fd: fd, endsShort: endsShort(fd)}
		case err != unix.EINTR:
			return directory{err: err}
		}
	}
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
	for {
		fd, err := unix.Openat(d.fd, name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
		if err != unix.EINTR {
			return handle{fd, d.endsShort}, err
		}
	}
}

// handle is an open file.
type handle struct {
	fd        int
	endsShort bool
}

// atEnd reports whether a short read came to the end of the file, n bytes from its start. A page that cannot be read ends
// one too, and only the next read tells of it: there n is a multiple of the size of a page.
func (h handle) atEnd(n int) bool { return h.endsShort && n%smallestPage != 0 }

func (h handle) Read(p []byte) (int, error) {
	for {
		n, err := unix.Read(h.fd, p)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, err
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

func (h handle) ReadAt(p []byte, at int64) (int, error) {
	for done := 0; ; {
		n, err := unix.Pread(h.fd, p[done:], at+int64(done))
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return done, err
		}
		done += n
		if done == len(p) {
			return done, nil
		}
		if n == 0 {
			return done, io.EOF
		}
	}
}

func (h handle) Seek(offset int64, whence int) (int64, error) { return unix.Seek(h.fd, offset, whence) }

func (h handle) close() { unix.Close(h.fd) }
