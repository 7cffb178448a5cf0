// Package audittest has trees in memory, for tests of audits.
package audittest

import (
	"maps"
	"slices"
)

// Files is a whole tree in memory: paths and texts.
type Files map[string][]byte

// Paths lists the files in order.
func (f Files) Paths() []string { return slices.Sorted(maps.Keys(f)) }

// Whole is true: what isn't in the map doesn't exist.
func (f Files) Whole() bool { return true }

// Read returns the text of a file.
func (f Files) Read(path string) ([]byte, bool) {
	text, ok := f[path]
	return text, ok
}
