package lock

import "strings"

// pnpmLock is a pnpm-lock.yaml of any version from 5 to 9.
type pnpmLock struct {
	path      string
	importers map[string]map[string]pnpmAsk
	below     map[string]map[string]string // wanted packages' dependencies, by name@version(peers)
	overrides map[string]bool
	wanted    func(string) bool
}

type pnpmAsk struct{ spec, version string }

func parsePNPM(p string, text []byte, wanted func(string) bool) (*pnpmLock, error) {
	l := &pnpmLock{
		path: p, importers: map[string]map[string]pnpmAsk{}, below: map[string]map[string]string{}, overrides: map[string]bool{}, wanted: wanted,
	}
	err := eachLine(string(text), splitYAML, l.line)
	if err == nil && len(l.importers) == 0 && len(l.below) == 0 {
		l.importers[""] = nil
	}
	return l, err
}

// line takes one of the file's lines.
func (l *pnpmLock) line(keys []string, value string) {
	switch keys[0] {
	case "importers":
		if len(keys) > 1 {
			dir := clean(keys[1])
			if l.importers[dir] == nil {
				l.importers[dir] = map[string]pnpmAsk{}
			}
			l.asked(dir, keys[2:], value)
		}
	case "specifiers", "dependencies", "devDependencies", "optionalDependencies":
		l.asked("", keys, value)
	case "overrides":
		if len(keys) == 2 {
			l.overrides[keys[1]] = true
		}
	case "packages", "snapshots":
		if len(keys) == 4 && (keys[2] == "dependencies" || keys[2] == "optionalDependencies") && l.wanted(keys[3]) {
			if name, full := pnpmKey(keys[1]); l.wanted(name) {
				at := name + "@" + full
				if l.below[at] == nil {
					l.below[at] = map[string]string{}
				}
				l.below[at][strings.Clone(keys[3])] = strings.Clone(value)
			}
		}
	}
}

// asked takes a line of what an importer asks for: "specifiers: {name: spec}" and "dependencies: {name: version}" until version 5,
// "dependencies: {name: {specifier, version}}" since.
func (l *pnpmLock) asked(dir string, keys []string, value string) {
	if len(keys) < 2 || value == "" {
		return
	}
	if l.importers[dir] == nil {
		l.importers[dir] = map[string]pnpmAsk{}
	}
	name := strings.Clone(keys[1])
	a := l.importers[dir][name]
	value = strings.Clone(value)
	switch {
	case keys[0] == "specifiers", len(keys) == 3 && keys[2] == "specifier":
		a.spec = value
	case len(keys) == 2, keys[2] == "version":
		a.version = value
	default:
		return
	}
	l.importers[dir][name] = a
}

// pnpmKey returns the name, and the version with its peers, of a key below packages: "/@clerk/backend/2.4.5_react@18.0.0" in version 5,
// "/@clerk/backend@2.4.5(react@18.0.0)" in 6, and the same without the slash since. Other keys come back empty.
func pnpmKey(key string) (name, full string) {
	rest, slash := strings.CutPrefix(key, "/")
	scope := 0
	if strings.HasPrefix(rest, "@") {
		scope = strings.IndexByte(rest, '/') + 1
	}
	plain, _, _ := strings.Cut(rest[scope:], "(")
	if at := strings.IndexByte(plain, '@'); at > 0 && !strings.Contains(plain[:at], "/") {
		return rest[:scope+at], rest[scope+at+1:]
	}
	if i := strings.IndexByte(rest[scope:], '/'); slash && i > 0 {
		return rest[:scope+i], rest[scope+i+1:]
	}
	return "", ""
}

// pnpmResolved returns the package that a reference to a version is: "2.4.5(react@18.0.0)", or a whole key.
func pnpmResolved(name, ref string) resolved {
	full := ref
	if version, _, _ := cutPeers(ref); !isVersion(version) {
		if n, v := pnpmKey(ref); n != "" && !strings.Contains(n, ":") {
			name, full = n, v
		}
	}
	r := resolved{name: name, at: name + "@" + full}
	version, before6, peers := cutPeers(full)
	switch {
	case strings.HasPrefix(ref, "link:") || strings.HasPrefix(ref, "workspace:"):
		r.why = "a package of this repository"
	case strings.HasPrefix(ref, "file:"):
		r.why = "from a directory"
	case strings.Contains(peers, "patch_hash=") || strings.Contains(before6, "patch_hash"):
		r.why = "patched"
	default:
		r.setVersion(version)
	}
	return r
}

// cutPeers cuts what follows a version: peers behind an underscore before version 6 of the lockfile, in parentheses since.
func cutPeers(full string) (version, before6, peers string) {
	version, peers, _ = strings.Cut(full, "(")
	version, before6, _ = strings.Cut(version, "_")
	return version, before6, peers
}

func (l *pnpmLock) file() (string, string) { return "pnpm", l.path }

func (l *pnpmLock) covers(importer string) bool {
	_, ok := l.importers[importer]
	return ok
}

func (l *pnpmLock) direct(importer, name, spec string) (resolved, bool) {
	a, ok := l.importers[importer][name]
	if !ok || a.version == "" || a.spec != spec && !l.overridden(name) {
		return resolved{}, false
	}
	return pnpmResolved(name, a.version), true
}

// overridden reports whether the lockfile says that a package's version is forced: then it keeps that as what was asked for.
func (l *pnpmLock) overridden(name string) bool {
	for key := range l.overrides {
		if key == name || strings.HasPrefix(key, name+"@") {
			return true
		}
	}
	return false
}

func (l *pnpmLock) within(from resolved, name string) (resolved, bool) {
	ref, ok := l.below[from.at][name]
	return pnpmResolved(name, ref), ok && ref != ""
}
