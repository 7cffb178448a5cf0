package audit

import (
	"cmp"
	"maps"
	"path"
	"slices"

	"github.com/rekey-app/rekey/detect/audit/js"
	"github.com/rekey-app/rekey/detect/audit/lock"
	"github.com/rekey-app/rekey/detect/audit/routes"
)

// project is a tree prepared for checks: what several of them ask is worked out once. It is used by one goroutine, but for parsing.
type project struct {
	stopped   func() bool // whether nobody waits any more
	tree      Tree
	paths     []string // in order
	exists    map[string]bool
	focus     map[string]bool // nil: all
	looked    []string        // those of paths whose findings are wanted
	scripted  []string        // the scripts among them
	manifests map[string]*manifest
	locks     *lock.Index // see versions
	parsed    map[string][]*js.File
	mapped    []routes.Route // see routes
	notes     map[Note]bool
}

func newProject(stopped func() bool, tree Tree, focus []string) *project {
	p := &project{stopped: stopped, tree: tree, paths: slices.Sorted(slices.Values(tree.Paths())), exists: map[string]bool{}, parsed: map[string][]*js.File{}, notes: map[Note]bool{}}
	for _, name := range p.paths {
		p.exists[name] = true
	}
	if focus != nil {
		p.focus = map[string]bool{}
		for _, name := range focus {
			p.focus[name] = true
		}
	}
	for _, name := range p.paths {
		if p.focused(name) {
			p.looked = append(p.looked, name)
			if isScript(name) {
				p.scripted = append(p.scripted, name)
			}
		}
	}
	return p
}

// focused reports whether findings in that file are wanted.
func (p *project) focused(name string) bool { return p.focus == nil || p.focus[name] }

// each calls do with each file whose findings are wanted and whose name fits, in order. A text that isn't known is left out: that is
// no note, since the caller knows what it has.
func (p *project) each(wants func(path string) bool, do func(path string, text []byte)) {
	for _, name := range p.looked {
		if p.stopped() {
			return
		}
		if wants(name) {
			if text, ok := p.read(name); ok {
				do(name, text)
			}
		}
	}
}

// read returns the text of a file.
func (p *project) read(name string) ([]byte, bool) {
	if !p.exists[name] {
		return nil, false
	}
	return p.tree.Read(name)
}

// note says that a file was not audited, or not in whole.
func (p *project) note(name, what string) { p.notes[Note{Path: name, What: what}] = true }

func (p *project) sortedNotes() []Note {
	return slices.SortedFunc(maps.Keys(p.notes), func(a, b Note) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.What, b.What)) })
}

// root returns the directory of the nearest package.json at or above a file, "" for the repository's root. ok is false where there is
// none.
func (p *project) root(name string) (dir string, ok bool) {
	for dir = parent(name); ; dir = parent(dir) {
		if p.exists[path.Join(dir, "package.json")] {
			return dir, true
		}
		if dir == "" {
			return "", false
		}
	}
}

// parent is the directory that a path is in: "" for the repository's root.
func parent(name string) string {
	if dir := path.Dir(name); dir != "." {
		return dir
	}
	return ""
}
