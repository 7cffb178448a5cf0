//go:build unix && !linux

package scan

import "golang.org/x/sys/unix"

func openat(dir int, name string, flags int) (int, error) { return unix.Openat(dir, name, flags, 0) }

func read(fd int, p []byte) (int, error) { return unix.Read(fd, p) }

// endsShort is not known here.
func endsShort(int) bool { return false }

func closeFile(fd int) { unix.Close(fd) }
