//go:build !unix

package scan

import (
	"os"
	"path/filepath"
)

type directory struct{ path string }

func openDirectory(path string) directory { return directory{path} }

func (d directory) close() {}

func (d directory) open(name string) (handle, error) {
	f, err := os.Open(filepath.Join(d.path, name))
	return handle{f}, err
}

type handle struct{ *os.File }

func (h handle) close() { h.File.Close() }
