package lock

import "strings"

// yarnLock is a yarn.lock, of Yarn 1 or of those since, which are called Berry.
type yarnLock struct {
	path    string
	berry   bool
	entries map[string]*yarnEntry // by what asks for them: @clerk/backend@^2.4.0, since Yarn 2 @clerk/backend@npm:^2.4.0
	byDir   map[string]bool       // the importers, since Yarn 2
	covered func(importer string) bool
}

type yarnEntry struct {
	version, resolution, from string
	below                     map[string]string
}

func parseYarn(p string, text []byte, wanted func(string) bool) (*yarnLock, error) {
	l := &yarnLock{path: p, entries: map[string]*yarnEntry{}, byDir: map[string]bool{}}
	all := string(text)
	l.berry = strings.HasPrefix(all, "__metadata:") || strings.Contains(all, "\n__metadata:")
	split := splitYarn
	if l.berry {
		split = splitYAML
	}
	var now *yarnEntry
	err := eachLine(all, split, func(keys []string, value string) {
		if len(keys) == 1 {
			now = l.enter(keys[0], wanted)
			return
		}
		if now == nil {
			return
		}
		switch {
		case len(keys) == 2 && keys[1] == "version":
			now.version = strings.Clone(value)
		case len(keys) == 2 && keys[1] == "resolution":
			now.resolution = strings.Clone(value)
		case len(keys) == 2 && keys[1] == "resolved":
			now.from = strings.Clone(value)
		case len(keys) == 3 && (keys[1] == "dependencies" || keys[1] == "optionalDependencies") && wanted(keys[2]):
			now.below[strings.Clone(keys[2])] = strings.Clone(value)
		}
	})
	return l, err
}

// enter begins an entry. It returns nil for one that isn't wanted.
func (l *yarnLock) enter(key string, wanted func(string) bool) *yarnEntry {
	var e *yarnEntry
	for descriptor := range strings.SplitSeq(key, ",") {
		descriptor = unquoted(strings.TrimSpace(descriptor))
		name, spec := yarnDescriptor(descriptor)
		if dir, ok := strings.CutPrefix(spec, "workspace:"); ok {
			l.byDir[strings.Clone(clean(dir))] = true
		}
		if e == nil && (wanted(name) || wanted(aliased(spec))) {
			e = &yarnEntry{below: map[string]string{}}
		}
		if e != nil {
			l.entries[strings.Clone(descriptor)] = e
		}
	}
	return e
}

// yarnDescriptor cuts @clerk/backend@npm:^2.4.0 at the second @.
func yarnDescriptor(d string) (name, spec string) {
	if len(d) < 2 {
		return d, ""
	}
	at := strings.IndexByte(d[1:], '@') + 1
	if at <= 0 {
		return d, ""
	}
	return d[:at], d[at+1:]
}

func (l *yarnLock) file() (string, string) { return "yarn", l.path }

func (l *yarnLock) covers(importer string) bool {
	if l.berry {
		return l.byDir[importer] || importer == ""
	}
	return l.covered == nil || l.covered(importer)
}

func (l *yarnLock) direct(_, name, spec string) (resolved, bool) {
	if strings.HasPrefix(spec, "catalog:") {
		return l.only(name)
	}
	d := name + "@" + spec
	if l.berry && !strings.Contains(spec, ":") {
		d = name + "@npm:" + spec
	}
	e := l.entries[d]
	if e == nil {
		return resolved{}, false
	}
	return e.resolved(d, name, l.berry), true
}

// only returns the package if all entries of the name are of one version.
func (l *yarnLock) only(name string) (resolved, bool) {
	var (
		found resolved
		has   bool
	)
	for d, e := range l.entries {
		if n, _ := yarnDescriptor(d); n != name {
			continue
		}
		r := e.resolved(d, name, l.berry)
		if has && (r.version != found.version || r.name != found.name) {
			return resolved{}, false
		}
		found, has = r, true
	}
	return found, has
}

func (e *yarnEntry) resolved(descriptor, name string, berry bool) resolved {
	r := resolved{name: name, at: descriptor}
	_, spec := yarnDescriptor(descriptor)
	if called := aliased(spec); called != "" {
		r.name = called
	}
	if !berry {
		if e.from != "" && !strings.Contains(e.from, ".tgz") {
			r.why = "no version of a registry"
			return r
		}
		r.setVersion(e.version)
		return r
	}
	called, reference := yarnDescriptor(e.resolution)
	r.name = called
	version, isNPM := strings.CutPrefix(reference, "npm:")
	version, _, _ = strings.Cut(version, "::") // the archive's address
	switch {
	case strings.HasPrefix(reference, "workspace:"):
		r.why = "a package of this repository"
	case strings.HasPrefix(reference, "patch:"):
		r.why = "patched"
	case !isNPM:
		r.why = "no version of a registry"
	default:
		r.setVersion(version)
	}
	return r
}

func (l *yarnLock) within(from resolved, name string) (resolved, bool) {
	e := l.entries[from.at]
	if e == nil {
		return resolved{}, false
	}
	spec, ok := e.below[name]
	if !ok {
		return resolved{}, false
	}
	return l.direct("", name, spec)
}
