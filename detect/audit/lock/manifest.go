package lock

import (
	"bytes"
	"errors"
	"path"
	"strings"

	"github.com/tidwall/gjson"
	"go.yaml.in/yaml/v3"
)

// manifest is a package.json.
type manifest struct {
	path, dir  string
	asks       map[string]ask // by the name of the dependency
	overrides  string         // what forces versions, as it is written
	workspaces []string
	manager    string // "pnpm" of packageManager pnpm@9.1.0
}

// ask is what a manifest asks for, and where.
type ask struct {
	spec       string
	start, end int
}

// catalogs are versions that package.json files of a workspace refer to, by the catalog's name ("" and "default" are one).
type catalogs struct {
	named     map[string]map[string]string
	overrides string
}

// sections are where a manifest asks for packages, the strongest last.
var sections = []string{"peerDependencies", "devDependencies", "dependencies", "optionalDependencies"}

func (x *Index) readManifest(p, dir string, text []byte, wanted func(string) bool) {
	if len(text) > maxManifest {
		x.note(p, "is too large to be a manifest")
		return
	}
	root, err := parseJSON(text, true)
	if err != nil {
		x.note(p, err.Error())
		return
	}
	if !root.IsObject() {
		return
	}
	mark := len(text) - len(bytes.TrimPrefix(text, byteOrderMark))
	m := &manifest{path: p, dir: dir, asks: map[string]ask{}}
	for _, section := range sections {
		root.ForEach(func(name, packages gjson.Result) bool {
			if name.Str != section || !packages.IsObject() {
				return true
			}
			packages.ForEach(func(name, spec gjson.Result) bool {
				if spec.Type == gjson.String && (wanted(name.Str) || wanted(aliased(spec.Str))) {
					at := mark + name.Index
					m.asks[name.Str] = ask{spec: spec.Str, start: at, end: at + len(name.Raw)}
				}
				return true
			})
			return true
		})
	}
	m.overrides = field(root, "overrides").Raw + field(root, "resolutions").Raw + field(field(root, "pnpm"), "overrides").Raw
	m.manager, _, _ = strings.Cut(field(root, "packageManager").Str, "@")
	workspaces := field(root, "workspaces")
	if workspaces.IsObject() {
		x.addCatalogs(dir, workspaces)
		workspaces = field(workspaces, "packages")
	}
	x.addCatalogs(dir, root)
	for _, pattern := range workspaces.Array() {
		m.workspaces = append(m.workspaces, pattern.Str)
	}
	x.manifests[dir] = m
}

// aliased returns the package that a spec as npm:NAME@RANGE asks for, or "". What npm: is followed by without @ is a range or a tag.
func aliased(spec string) string {
	rest, ok := strings.CutPrefix(spec, "npm:")
	if !ok {
		return ""
	}
	if at := strings.LastIndexByte(rest, '@'); at > 0 {
		return rest[:at]
	}
	if strings.HasPrefix(rest, "@") {
		return rest
	}
	return ""
}

// addCatalogs adds those that Bun keeps in package.json.
func (x *Index) addCatalogs(dir string, of gjson.Result) {
	add := func(catalog string, packages gjson.Result) {
		fields(packages, func(name string, spec gjson.Result) { x.addCatalog(dir, catalog, name, spec.Str) })
	}
	add("", field(of, "catalog"))
	fields(field(of, "catalogs"), add)
}

func (x *Index) addCatalog(dir, catalog, name, spec string) {
	if catalog == "default" {
		catalog = ""
	}
	c := x.catalogs[dir]
	if c.named == nil {
		c.named = map[string]map[string]string{}
	}
	if c.named[catalog] == nil {
		c.named[catalog] = map[string]string{}
	}
	c.named[catalog][name] = spec
	x.catalogs[dir] = c
}

// catalog returns the range that a catalog has for a package, or "".
func (x *Index) catalog(dir, catalog, name string) string {
	if catalog == "default" {
		catalog = ""
	}
	for {
		if spec, ok := x.catalogs[dir].named[catalog][name]; ok {
			return spec
		}
		if dir == "" {
			return ""
		}
		dir = clean(path.Dir(dir))
	}
}

// readCatalogs reads pnpm-workspace.yaml, or .yarnrc.yml, which has the same.
func (x *Index) readCatalogs(p, dir string, text []byte, _ func(string) bool) {
	if len(text) > maxManifest/4 {
		x.note(p, "is too large")
		return
	}
	var file struct {
		Catalog   map[string]string            `yaml:"catalog"`
		Catalogs  map[string]map[string]string `yaml:"catalogs"`
		Overrides map[string]string            `yaml:"overrides"`
	}
	var other *yaml.TypeError // what has another form than expected is left out
	if err := yaml.Unmarshal(text, &file); err != nil && !errors.As(err, &other) {
		x.note(p, "isn't valid YAML")
		return
	}
	for name, spec := range file.Catalog {
		x.addCatalog(dir, "", name, spec)
	}
	for catalog, packages := range file.Catalogs {
		for name, spec := range packages {
			x.addCatalog(dir, catalog, name, spec)
		}
	}
	c := x.catalogs[dir]
	for name := range file.Overrides {
		c.overrides += name + "\n"
	}
	x.catalogs[dir] = c
}
