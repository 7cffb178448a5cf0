package lock

import (
	"path"
	"strings"

	"github.com/tidwall/gjson"
)

// npmLock is a package-lock.json: packages by where npm puts them, as "apps/web/node_modules/@clerk/nextjs".
type npmLock struct {
	path      string
	packages  map[string]resolved
	importers map[string]map[string]string // what the lockfile was made for; nil in version 1, which doesn't keep it
	wanted    func(string) bool
}

func parseNPM(p string, text []byte, wanted func(string) bool) (*npmLock, error) {
	root, err := parseJSON(text, false)
	if err != nil {
		return nil, err
	}
	l := &npmLock{path: p, packages: map[string]resolved{}, wanted: wanted}
	var packages, nested, version gjson.Result
	fields(root, func(name string, value gjson.Result) {
		switch name {
		case "packages":
			packages = value
		case "dependencies":
			nested = value
		case "lockfileVersion":
			version = value
		}
	})
	switch {
	case packages.IsObject():
		l.importers = map[string]map[string]string{}
		fields(packages, l.add)
	case version.Int() > 1:
		return nil, errNoPackages
	default:
		l.addNested("", nested)
	}
	return l, nil
}

// add adds an entry of versions 2 and 3.
func (l *npmLock) add(at string, value gjson.Result) {
	i := strings.LastIndex("/"+at, "/node_modules/")
	if i < 0 {
		asks := map[string]string{}
		for _, section := range sections {
			fields(field(value, section), func(name string, spec gjson.Result) { asks[name] = spec.Str })
		}
		l.importers[at] = asks
		return
	}
	name := at[i+len("node_modules/"):]
	if called := value.Get("name").Str; called != "" {
		if !l.wanted(name) && !l.wanted(called) {
			return
		}
		name = called
	} else if !l.wanted(name) {
		return
	}
	r := resolved{name: name, at: at}
	from := value.Get("resolved").Str
	switch {
	case value.Get("link").Bool():
		r.at, r.why = from, "a package of this repository"
	case strings.HasPrefix(from, "file:"):
		r.why = "from a directory"
	case strings.HasPrefix(from, "git"):
		r.why = "from git"
	default:
		r.setVersion(value.Get("version").Str)
	}
	l.packages[at] = r
}

func (r *resolved) setVersion(v string) {
	if isVersion(v) {
		r.version = v
	} else {
		r.why = "no version of a registry"
	}
}

// addNested adds the packages of version 1, which stand in each other.
func (l *npmLock) addNested(within string, packages gjson.Result) {
	fields(packages, func(name string, value gjson.Result) {
		at := within + "node_modules/" + name
		fields(value, func(key string, below gjson.Result) {
			if key == "dependencies" {
				l.addNested(at+"/", below)
			}
		})
		version := value.Get("version").Str
		if called := aliased(version); called != "" && (l.wanted(called) || l.wanted(name)) {
			r := resolved{name: called, at: at}
			r.setVersion(version[strings.LastIndexByte(version, '@')+1:])
			l.packages[at] = r
		} else if l.wanted(name) {
			r := resolved{name: name, at: at}
			r.setVersion(version)
			l.packages[at] = r
		}
	})
}

func (l *npmLock) file() (string, string) { return "npm", l.path }

func (l *npmLock) covers(importer string) bool {
	_, ok := l.importers[importer]
	return ok || importer == ""
}

func (l *npmLock) direct(importer, name, spec string) (resolved, bool) {
	r, ok := l.find(importer, name)
	if !ok {
		return r, false
	}
	if l.importers == nil {
		return r, aliased(spec) != "" || !contradicts(spec, r.version)
	}
	made, asked := l.importers[importer][name]
	return r, asked && made == spec
}

func (l *npmLock) within(from resolved, name string) (resolved, bool) { return l.find(from.at, name) }

// find looks for a package as Node does: in node_modules of the directory, of the one above, and so on.
func (l *npmLock) find(dir, name string) (resolved, bool) {
	for {
		if path.Base(dir) != "node_modules" {
			if r, ok := l.packages[path.Join(dir, "node_modules", name)]; ok {
				return r, true
			}
		}
		if dir == "" || dir == "." || strings.HasPrefix(dir, "..") {
			return resolved{}, false
		}
		dir = path.Dir(dir)
	}
}
