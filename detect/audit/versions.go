package audit

import (
	"path"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/lock"
)

// isWantedPackage reports whether it matters to a check which version of a package is used.
func isWantedPackage(name string) bool {
	return strings.HasPrefix(name, "@clerk/") || slices.Contains([]string{"next", "nuxt", "astro", "express"}, name) || setsRequestAuth(name)
}

// versions returns what the lockfiles and manifests say. It is nil where not all files are known: a nearer lockfile might be among the rest.
func (p *project) versions() *lock.Index {
	if p.locks == nil && p.tree.Whole() {
		p.locks = lock.Open(p.tree, isWantedPackage)
		for _, n := range p.locks.Notes() {
			if path.Base(n.Path) != "package.json" { // a manifest's is said by what reads it
				p.note(n.Path, n.Text)
			}
		}
	}
	return p.locks
}

// resolved returns the version of a package that is imported by this name in a file, or of the last one of a chain of packages of which each
// brings the next. ok is false where the files don't fix it.
func (p *project) resolved(name string, packages ...string) (v lock.Version, ok bool) {
	x := p.versions()
	if x == nil {
		return v, false
	}
	v, ok = x.Through(name, packages...)
	return v, ok && v.Number != "" && v.Package == packages[len(packages)-1]
}

// version returns the version of a package that a file's workspace uses: that of its lockfile, or failing one the least that package.json
// allows. ok is false where neither is known.
func (p *project) version(name, dependency string) (version, bool) {
	if v, ok := p.resolved(name, dependency); ok {
		return least(v.Number)
	}
	m := p.manifest(name)
	if m == nil {
		return version{}, false
	}
	return least(m.dependencies[dependency])
}

// packages lists the packages that matter to a check.
func (p *project) packages() []Package {
	x := p.versions()
	if x == nil {
		return nil
	}
	var all []Package
	for _, v := range x.All() {
		text, _ := p.read(v.Manifest)
		one := Package{Name: v.Package, Version: v.Number, Locked: v.Number != "", Path: v.Source, Root: parent(v.Manifest)}
		if one.Path == v.Manifest {
			one.Line = rangeOf(text, v.Start, v.End).Line
		}
		if one.Version == "" && path.Base(v.Manifest) == "package.json" {
			one.Path, one.Line, one.Version = v.Manifest, rangeOf(text, v.Start, v.End).Line, v.Asked
		}
		all = append(all, one)
	}
	slices.SortStableFunc(all, comparePackages)
	return all
}

// wantedAlways reports whether a file of that name is read for every audit.
func wantedAlways(name string) bool { return lock.Reads(name) }
