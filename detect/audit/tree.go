package audit

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
