package destination

import (
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

const (
	maxLocal   = 1 << 20 // bytes of a file that says where a folder is deployed to
	maxFolders = 200
)

// Local reads a file of the clone, slash-separated from its root, whether git tracks it or not: vendors' programs keep what a folder is linked to in
// files that git ignores. It is false for a file that is not there, is larger than 1 MiB, or is a link that leads out of the clone.
func (p Project) Local(name string) ([]byte, bool) {
	if p.Dir == "" {
		return p.Files.Read(name)
	}
	root, err := os.OpenRoot(p.Dir)
	if err != nil {
		return p.Files.Read(name)
	}
	defer root.Close()
	f, err := root.Open(name)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxLocal+1))
	return text, err == nil && len(text) <= maxLocal
}

// Named returns the tracked files of one of these names, in any folder, the nearest to the root first.
func (p Project) Named(names ...string) []string {
	var found []string
	for _, file := range p.Files.List() {
		if slices.Contains(names, path.Base(file)) {
			found = append(found, file)
		}
	}
	slices.SortFunc(found, nearer)
	return found
}

// Folders returns the root of the clone as ".", and each folder below it that is a package of its own: one that holds a package.json, or a file of one
// of these names. There are 200 at most.
func (p Project) Folders(names ...string) []string {
	folders := []string{"."}
	for _, file := range p.Named(append(names, "package.json")...) {
		if dir := path.Dir(file); !slices.Contains(folders, dir) && len(folders) < maxFolders {
			folders = append(folders, dir)
		}
	}
	return folders
}

func nearer(a, b string) int {
	if d := strings.Count(a, "/") - strings.Count(b, "/"); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}
