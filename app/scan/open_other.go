//go:build !unix

package scan

import (
	"os"
	"path/filepath"
)

// directory opens files by their names relative to it.
type directory struct {
	path string
	err  error
}

func openDirectory(path string, _ bool) directory {
	if path == "" {
		path = "."
	}
	return directory{path: path}
}

func (d directory) close() {}

func (d directory) list() (*os.File, error) { return os.Open(d.path) }

func (d directory) open(name string) (handle, error) {
	f, err := os.Open(filepath.Join(d.path, name))
	return handle{f}, err
}

// handle is an open file.
type handle struct{ *os.File }

func (h handle) atEnd(int) bool { return false }

func (h handle) close() { h.File.Close() }
