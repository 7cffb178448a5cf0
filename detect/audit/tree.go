package audit

import (
	"maps"
	"slices"
)

// Tree is what is known of a repository's files at one commit. Paths are slash-separated, relative to its root, and compared as they are
// written. A Tree doesn't change while it is audited, and is read
// by several goroutines at once.
type Tree interface {
	// Paths lists the files that are known to exist, in any order. Symbolic links and submodules are not among them.
	Paths() []string
	// Whole reports whether Paths lists every file. Where it doesn't, no check concludes anything from a file that isn't listed.
	Whole() bool
	// Read returns the text of a file, which the caller must not change. ok is false where the text is not known, which says nothing
	// about whether the file exists.
	Read(path string) (text []byte, ok bool)
}

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
