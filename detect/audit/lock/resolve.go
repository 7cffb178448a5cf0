package lock

import (
	"path"
	"strings"
)

// lockfile is what a lockfile of npm's world says. Importers are directories relative to its own, "" for that.
type lockfile interface {
	// covers reports whether the lockfile is the importer's.
	covers(importer string) bool
	// direct returns what the importer gets for what its manifest asks for by a name, and false where the lockfile doesn't say, as it
	// was not made for this manifest.
	direct(importer, name, spec string) (resolved, bool)
	// within returns what a package gets for a package that it depends on.
	within(from resolved, name string) (resolved, bool)

	file() (manager, path string)
}

// resolved is a package in a lockfile.
type resolved struct {
	name    string
	version string // empty where it is none of a registry
	why     string // why it is empty
	at      string // where in the lockfile
}

// unreadable is a lockfile that proves nothing. It covers what is at its place, so that no other one is taken for it.
type unreadable struct{ manager, path string }

func (u unreadable) covers(importer string) bool                  { return true }
func (u unreadable) direct(_, _, _ string) (resolved, bool)       { return resolved{}, false }
func (u unreadable) within(_ resolved, _ string) (resolved, bool) { return resolved{}, false }
func (u unreadable) file() (string, string)                       { return u.manager, u.path }

// covering returns the lockfiles of an importer: those of the nearest directory upwards that has any for it.
func (x *Index) covering(dir string) (of string, all []lockfile) {
	for d := dir; ; d = clean(path.Dir(d)) {
		for _, l := range x.locks[d] {
			if l.covers(relative(d, dir)) {
				all = append(all, l)
			}
		}
		if len(all) > 0 || d == "" {
			return d, all
		}
	}
}

// relative returns a directory below another one, relative to it.
func relative(to, dir string) string { return strings.TrimPrefix(strings.TrimPrefix(dir, to), "/") }

// resolve returns the last of names, of which a manifest asks for the first.
func (x *Index) resolve(m *manifest, a ask, names []string) (Version, bool) {
	v := Version{Package: names[len(names)-1], Asked: a.spec, Manifest: m.path, Start: a.start, End: a.end, Source: m.path}
	unknown := func(why string) (Version, bool) {
		v.Why = why
		return v, len(names) == 1
	}
	spec, kind := x.specOf(m, names[0], a.spec)
	if kind.target != "" {
		if len(names) > 1 {
			return Version{}, false
		}
		v.Package = kind.target
	}
	if kind.why != "" {
		return unknown(kind.why)
	}
	at, locks := x.covering(m.dir)
	locks = x.chosen(at, locks)
	if len(locks) == 0 {
		return x.pinned(m, v, spec, names)
	}
	var all []Version
	for _, l := range locks {
		one := v
		_, one.Source = l.file()
		r, ok := l.direct(relative(at, m.dir), names[0], a.spec)
		for _, name := range names[1:] {
			if ok {
				r, ok = l.within(r, name)
			}
		}
		if !ok {
			if len(names) > 1 {
				return Version{}, false
			}
			one.Why = one.Source + " doesn't say, or is older than " + m.path
		} else {
			one.Package, one.Number, one.Why = r.name, r.version, r.why
		}
		all = append(all, one)
	}
	return agreed(all), true
}

// chosen are those of several lockfiles in a directory that the package manager named in its package.json uses.
func (x *Index) chosen(dir string, locks []lockfile) []lockfile {
	m := x.manifests[dir]
	if m == nil || m.manager == "" || len(locks) < 2 {
		return locks
	}
	var those []lockfile
	for _, l := range locks {
		if manager, _ := l.file(); manager == m.manager {
			those = append(those, l)
		}
	}
	return those
}

// pinned returns what a manifest without lockfile fixes.
func (x *Index) pinned(m *manifest, v Version, spec string, names []string) (Version, bool) {
	if len(names) > 1 {
		return Version{}, false
	}
	v.Why = "no lockfile, and " + m.path + " doesn't fix it"
	for dir := m.dir; ; dir = clean(path.Dir(dir)) {
		if up := x.manifests[dir]; up != nil && strings.Contains(up.overrides, v.Package) || strings.Contains(x.catalogs[dir].overrides, v.Package) {
			v.Why = "overridden"
			return v, true
		}
		if dir == "" {
			break
		}
	}
	if exact, ok := exactly(spec); ok {
		v.Number, v.Why = exact, ""
	}
	return v, true
}
