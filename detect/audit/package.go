package audit

import (
	"cmp"
	"strconv"
	"strings"
)

// Package is a package that the repository uses, of those that matter to a check.
type Package struct {
	Name    string
	Version string // as resolved by a lockfile; otherwise the range as written
	Locked  bool   // whether the version is fixed: by a lockfile, or by a manifest that leaves no choice
	Path    string // of the file that says so
	Line    int    // in it, or 0
	Root    string // the directory of the workspace that uses it: "" is the repository's root
}

// version is the part of a version that is compared.
type version struct{ major, minor, patch int }

// least returns the least version that a range of package.json allows, where it is one that is understood: 6.1.2, ^6.1.2, ~6.1, 6.x, >=6.
func least(written string) (version, bool) {
	text := strings.TrimPrefix(strings.TrimSpace(written), "workspace:")
	text, _, _ = strings.Cut(strings.TrimSpace(strings.TrimLeft(text, "^~>=v ")), " ")
	text, _, _ = strings.Cut(text, "-")
	text, _, _ = strings.Cut(text, "+")
	var v version
	for i, part := range strings.Split(text, ".") {
		if part == "x" || part == "*" {
			return v, i > 0
		}
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || i > 2 {
			return version{}, false
		}
		*[]*int{&v.major, &v.minor, &v.patch}[i] = n
	}
	return v, true
}

// comparePackages orders packages by workspace and name.
func comparePackages(a, b Package) int {
	return cmp.Or(cmp.Compare(a.Root, b.Root), cmp.Compare(a.Name, b.Name))
}
