package routes

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// program is a tree whose files are parsed once. It is used by one goroutine.
type program struct {
	tree   Tree
	exists map[string]bool
	paths  []string
	parsed map[string]*js.File
	notes  map[string]string
	// stopped reports whether nobody waits for the map any more.
	stopped func() bool
}

func newProgram(tree Tree, stopped func() bool) *program {
	p := &program{tree: tree, stopped: stopped, exists: map[string]bool{}, parsed: map[string]*js.File{}, notes: map[string]string{}}
	p.paths = slices.Sorted(slices.Values(tree.Paths()))
	for _, name := range p.paths {
		p.exists[name] = true
	}
	return p
}

// file returns a file as code, or nil where it isn't known or can't be read. Of a page of Astro's, it is the code for the server.
func (p *program) file(name string) *js.File {
	if f, known := p.parsed[name]; known || !p.exists[name] || p.stopped() {
		return f
	}
	var f *js.File
	if has, ok := p.tree.(Parser); ok {
		f = has.Script(name)
	} else if text, ok := p.tree.Read(name); ok {
		files, err := js.Scripts(name, text)
		if len(files) > 0 {
			f = files[0]
		}
		if err != nil {
			p.notes[name] = err.Error()
		}
	}
	if f != nil && f.Browser {
		f = nil
	}
	p.parsed[name] = f
	return f
}

func (p *program) sortedNotes() []Note {
	var all []Note
	for _, name := range slices.Sorted(maps.Keys(p.notes)) {
		all = append(all, Note{Path: name, What: p.notes[name]})
	}
	return all
}

// root is the directory of the nearest package.json at or above a file; "" is the repository's own.
func (p *program) root(name string) (dir string, ok bool) {
	for dir = parent(name); ; dir = parent(dir) {
		if p.exists[path.Join(dir, "package.json")] {
			return dir, true
		}
		if dir == "" {
			return "", false
		}
	}
}

func parent(name string) string {
	if dir := path.Dir(name); dir != "." {
		return dir
	}
	return ""
}

// app is a package, with its files.
type app struct {
	*program

	dir          string
	dependencies map[string]string // ranges of versions
	files        []string          // of code, relative to dir
	static       map[string]bool   // paths of routes without parameters
}

// apps are the packages of the tree that depend on anything.
func (p *program) apps() []*app {
	byDir := map[string]*app{}
	var all []*app
	for _, name := range p.paths {
		if !Wanted(name) {
			continue
		}
		dir, ok := p.root(name)
		if !ok {
			continue
		}
		a := byDir[dir]
		if a == nil {
			a = &app{program: p, dir: dir, dependencies: p.dependenciesIn(dir)}
			byDir[dir] = a
			all = append(all, a)
		}
		if js.Handles(name) {
			a.files = append(a.files, strings.TrimPrefix(strings.TrimPrefix(name, dir), "/"))
		}
	}
	return all
}

// major is the least major version of a package that the app asks for: large where it is the newest one, 0 where it isn't known.
func (a *app) major(name string) int {
	written := strings.TrimLeft(a.dependencies[name], "^~>=v ")
	if written == "latest" || written == "canary" || written == "*" {
		return math.MaxInt
	}
	digits, _, _ := strings.Cut(written, ".")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

func (a *app) has(name string) bool {
	_, has := a.dependencies[name]
	return has
}

func (p *program) dependenciesIn(dir string) map[string]string {
	text, ok := p.tree.Read(path.Join(dir, "package.json"))
	if !ok {
		return nil
	}
	var written struct {
		Dependencies    map[string]string `json:"dependencies"`
		DevDependencies map[string]string `json:"devDependencies"`
	}
	if json.Unmarshal(text, &written) != nil {
		return nil
	}
	all := map[string]string{}
	maps.Copy(all, written.DevDependencies)
	maps.Copy(all, written.Dependencies)
	return all
}

// resolve returns the file of the repository that a module names in a file: by a relative path, or from the top of the app by @/ or ~/,
// as templates set it up. It is empty where that isn't certain.
func (p *program) resolve(from, module string) string {
	if strings.HasPrefix(module, ".") {
		return p.fileAt(path.Join(path.Dir(from), module))
	}
	rest, ok := strings.CutPrefix(module, "@/")
	if !ok {
		if rest, ok = strings.CutPrefix(module, "~/"); !ok {
			return ""
		}
	}
	dir, ok := p.root(from)
	if !ok {
		return ""
	}
	found := ""
	for _, base := range []string{"", "src", "app"} {
		if at := p.fileAt(path.Join(dir, base, rest)); at != "" {
			if found != "" {
				return "" // which one is meant is a setting
			}
			found = at
		}
	}
	return found
}

func (p *program) fileAt(at string) string {
	candidates := []string{at}
	if base, ok := strings.CutSuffix(at, ".js"); ok {
		candidates = append(candidates, base+".ts", base+".tsx")
	}
	for _, ext := range []string{".ts", ".tsx", ".js", ".jsx", ".mts", ".mjs"} {
		candidates = append(candidates, at+ext, path.Join(at, "index"+ext))
	}
	for _, name := range candidates {
		if p.exists[name] && js.Handles(name) {
			return name
		}
	}
	return ""
}

// place is a node with the file that it is in.
type place struct {
	file *js.File
	node *js.Node
}

// hops bounds how many files and names are followed from one to the next.
const hops = 8

// value follows names to what they stand for, through imports of the repository's own files.
func (p *program) value(at place) place {
	for range hops {
		if at.node == nil {
			return at
		}
		at.node = at.file.Value(at.node)
		origin, ok := at.file.Origin(at.node)
		if !ok || origin.Name == "*" {
			return at
		}
		next := p.exported(at.file.Path, origin, hops)
		if next.node == nil {
			return at
		}
		at = next
	}
	return at
}

// exported finds what a module of the repository exports under a name.
func (p *program) exported(from string, origin js.Origin, left int) place {
	name := p.resolve(from, origin.Module)
	if name == "" || left == 0 {
		return place{}
	}
	f := p.file(name)
	if f == nil {
		return place{}
	}
	if n := f.Exports[origin.Name]; n != nil {
		return place{f, n}
	}
	if all := f.Exports["*"]; all != nil && all.Kind == js.Import {
		return p.exported(name, js.Origin{Module: all.Text, Name: origin.Name}, left-1)
	}
	return place{}
}

// line is where a place is, from 1.
func (at place) line() int {
	if at.node == nil || at.file == nil {
		return 0
	}
	return bytes.Count(at.file.Text[:min(at.file.Start(at.node), len(at.file.Text))], []byte{'\n'}) + 1
}

func (at place) evidence(what string) Evidence {
	return Evidence{What: what, File: at.file.Path, Line: at.line()}
}
