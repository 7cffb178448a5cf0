//go:build !unix

package hook

import "io/fs"

// isExecutable: git for Windows runs every hook that is a file.
func isExecutable(info fs.FileInfo) bool { return info.Mode().IsRegular() }
