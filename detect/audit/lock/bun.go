package lock

import (
	"strings"

	"github.com/tidwall/gjson"
)

// bunLock is a bun.lock: packages by the names of those above them, as "web/@clerk/backend/@clerk/shared".
type bunLock struct {
	path      string
	importers map[string]map[string]string
	names     map[string]string // of the importers
	packages  map[string]resolved
}

func parseBun(p string, text []byte, wanted func(string) bool) (*bunLock, error) {
	root, err := parseJSON(text, true)
	if err != nil {
		return nil, err
	}
	l := &bunLock{path: p, importers: map[string]map[string]string{}, names: map[string]string{}, packages: map[string]resolved{}}
	fields(field(root, "workspaces"), func(dir string, w gjson.Result) {
		asks := map[string]string{}
		for _, section := range sections {
			fields(field(w, section), func(name string, spec gjson.Result) { asks[name] = spec.Str })
		}
		l.importers[dir], l.names[dir] = asks, field(w, "name").Str
	})
	patched := field(root, "patchedDependencies")
	fields(field(root, "packages"), func(at string, value gjson.Result) {
		of := value.Get("0").Str
		i := strings.LastIndexByte(of, '@')
		if i <= 0 {
			return
		}
		r := resolved{name: of[:i], at: at}
		if j := strings.IndexByte(of[1:], '@') + 1; j > 0 && j < i { // an address may have an @
			r.name, i = of[:j], j
		}
		if !wanted(r.name) && !wanted(last(at)) {
			return
		}
		r.setVersion(of[i+1:])
		if strings.HasPrefix(of[i+1:], "workspace:") {
			r.why = "a package of this repository"
		}
		if field(patched, of).Exists() {
			r.version, r.why = "", "patched"
		}
		l.packages[at] = r
	})
	return l, nil
}

// last returns the last package's name of a place.
func last(at string) string { return at[len(above(at)):] }

// above returns a place without its last package, with the slash.
func above(at string) string {
	i := strings.LastIndexByte(at, '/')
	if i < 0 {
		return ""
	}
	if j := strings.LastIndexByte(at[:i], '/'); strings.HasPrefix(at[j+1:], "@") {
		i = j
	}
	return at[:i+1]
}

func (l *bunLock) file() (string, string) { return "bun", l.path }

func (l *bunLock) covers(importer string) bool { return l.importers[importer] != nil }

func (l *bunLock) direct(importer, name, spec string) (resolved, bool) {
	made, ok := l.importers[importer][name]
	if !ok || made != spec {
		return resolved{}, false
	}
	return l.find(l.names[importer], name)
}

func (l *bunLock) within(from resolved, name string) (resolved, bool) { return l.find(from.at, name) }

// find looks for a package below a place, then below the one above, and so on.
func (l *bunLock) find(at, name string) (resolved, bool) {
	for {
		if at == "" {
			r, ok := l.packages[name]
			return r, ok
		}
		if r, ok := l.packages[at+"/"+name]; ok {
			return r, true
		}
		at = strings.TrimSuffix(above(at), "/")
	}
}
