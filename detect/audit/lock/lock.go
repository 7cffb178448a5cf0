package lock

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// Files are a repository's files. Paths are as git has them.
type Files interface {
	Paths() []string
	// Read returns a file's text, or false where it isn't known.
	Read(path string) ([]byte, bool)
}

// Version is a package that part of a repository uses.
type Version struct {
	Package string // as its registry calls it, which isn't always the name by which it is imported
	Number  string // "7.2.4", or empty where the files don't fix it
	Why     string // why Number is empty
	Asked   string // the range that a package.json asks for, as it is written

	Manifest   string // where it is asked for: path of a package.json, go.mod …
	Start, End int    // the bytes in there that name the package, or the direct dependency that brings it
	Source     string // path of the file that fixes the version
}

// Note is what could not be read, and what that leaves unknown.
type Note struct{ Path, Text string }

// The largest files that are read, in bytes. Lockfiles of npm's world are read in one pass; those in TOML become values of many
// times their size.
const (
	maxLockfile = 64 << 20
	maxManifest = 4 << 20
)

// Index knows the versions of a repository.
type Index struct {
	manifests map[string]*manifest // by directory
	locks     map[string][]lockfile
	catalogs  map[string]catalogs // by directory
	others    []Version
	notes     []Note
}

// Open reads the manifests and lockfiles in files, and of these the packages of npm's registry that wanted reports true for. Packages of
// other registries are read where they are Clerk's.
func Open(files Files, wanted func(name string) bool) *Index {
	x := &Index{manifests: map[string]*manifest{}, locks: map[string][]lockfile{}, catalogs: map[string]catalogs{}}
	var lockfiles []string
	for _, p := range files.Paths() {
		switch base := path.Base(p); {
		case isInstalled(p):
		case isLockfile(base):
			lockfiles = append(lockfiles, p)
		default:
			x.read(files, p, wanted)
		}
	}
	if x.asksForAny() {
		for _, p := range lockfiles {
			x.read(files, p, wanted)
		}
	}
	slices.SortFunc(x.notes, func(a, b Note) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Text, b.Text)) })
	slices.SortFunc(x.others, func(a, b Version) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Start, b.Start), cmp.Compare(a.Package, b.Package))
	})
	return x
}

// Reads reports whether files of that name are read.
func Reads(p string) bool { return !isInstalled(p) && reader(path.Base(p)) != nil }

// asksForAny reports whether a manifest asks for a wanted package. Where none does, no lockfile matters.
func (x *Index) asksForAny() bool {
	for _, m := range x.manifests {
		if len(m.asks) > 0 {
			return true
		}
	}
	return false
}

// read reads a file, if it is one that is read.
func (x *Index) read(files Files, p string, wanted func(string) bool) {
	base, dir := path.Base(p), clean(path.Dir(p))
	read := reader(base)
	if read == nil {
		return
	}
	text, ok := files.Read(p)
	if !ok {
		x.note(p, "couldn't be read")
		if isLockfile(base) {
			x.locks[dir] = append(x.locks[dir], unreadable{manager: managerOf(base), path: p})
		}
		return
	}
	read(x, p, dir, text, wanted)
}

// isInstalled reports whether the path is of an installed package, whose manifest says nothing of this repository.
func isInstalled(p string) bool {
	return strings.HasPrefix(p, "node_modules/") || strings.Contains(p, "/node_modules/") ||
		strings.HasPrefix(p, "vendor/") || strings.Contains(p, "/vendor/")
}

// reader returns what reads files of this name, or nil.
func reader(base string) func(x *Index, p, dir string, text []byte, wanted func(string) bool) {
	switch base {
	case "package.json":
		return (*Index).readManifest
	case "pnpm-workspace.yaml", ".yarnrc.yml":
		return (*Index).readCatalogs
	}
	if isLockfile(base) {
		return (*Index).readLockfile
	}
	if e, parse := otherReader(base); parse != nil {
		return func(x *Index, p, _ string, text []byte, _ func(string) bool) { x.readOther(e, parse, p, text) }
	}
	return nil
}

func (x *Index) note(p, text string) { x.notes = append(x.notes, Note{p, text}) }

// Notes are what could not be read, by path.
func (x *Index) Notes() []Note { return x.notes }

// Through returns the package that is imported by this name in the file at p: what the nearest package.json that asks for it gets. Of
// several names it returns the last one, which the one before it depends on, and so on up to the first. It returns false where none asks for
// it, or the files don't show such a chain.
func (x *Index) Through(p string, names ...string) (Version, bool) {
	if len(names) == 0 {
		return Version{}, false
	}
	for dir := path.Dir(p); ; dir = path.Dir(dir) {
		if m := x.manifests[clean(dir)]; m != nil {
			if a, ok := m.asks[names[0]]; ok {
				return x.resolve(m, a, names)
			}
		}
		if dir == "." || dir == "/" {
			return Version{}, false
		}
	}
}

// All are the packages that are asked for: each wanted one of each package.json, and Clerk's in other ecosystems; by path.
func (x *Index) All() []Version {
	var all []Version
	for _, m := range x.manifests {
		for name, a := range m.asks {
			if v, ok := x.resolve(m, a, []string{name}); ok {
				all = append(all, v)
			}
		}
	}
	all = append(all, x.others...)
	slices.SortFunc(all, func(a, b Version) int {
		return cmp.Or(cmp.Compare(a.Manifest, b.Manifest), cmp.Compare(a.Start, b.Start), cmp.Compare(a.Package, b.Package))
	})
	return all
}

// agreed returns what all of them say, or that they differ.
func agreed(all []Version) Version {
	v := all[0]
	for _, o := range all[1:] {
		switch {
		case o.Number == v.Number && o.Package == v.Package:
		case v.Number == "":
			return v
		case o.Number == "":
			return o
		default:
			v.Number, v.Why = "", v.Source+" and "+o.Source+" have different versions"
			return v
		}
	}
	return v
}

func clean(dir string) string {
	if dir == "." {
		return ""
	}
	return dir
}
