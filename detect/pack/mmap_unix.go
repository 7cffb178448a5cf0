//go:build unix

package pack

import (
	"os"
	"syscall"
)

// mapFile maps size bytes of a file read-only. The mapping outlives the file's descriptor and its name.
func mapFile(f *os.File, size int64) (data []byte, unmap func() error, err error) {
	if size == 0 {
		return nil, func() error { return nil }, nil
	}
	data, err = syscall.Mmap(int(f.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, &os.PathError{Op: "mmap", Path: f.Name(), Err: err}
	}
	return data, func() error { return syscall.Munmap(data) }, nil
}

// mapMemory returns size bytes, all of them capacity, that the garbage collector does not count. They must be given
// back.
func mapMemory(size int) ([]byte, error) {
	return syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
}

// unmapMemory unmaps what mapMemory mapped, or a part of it from its start.
func unmapMemory(b []byte) { _ = syscall.Munmap(b[:cap(b)]) }
