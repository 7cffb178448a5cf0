package audit

import (
	"bytes"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// isScript reports whether a file is JavaScript or TypeScript of the repository's own, or a component with such in it.
func isScript(name string) bool {
	return (js.Handles(name) || js.IsComponent(name)) && isOurs(name) && !isAside(name)
}

// isAside reports whether a script runs beside the integration, or not at all: tests in a browser, stories, hidden directories, and copies
// that somebody kept.
func isAside(name string) bool {
	parts := strings.Split(strings.ToLower(name), "/")
	for _, dir := range parts[:len(parts)-1] {
		if strings.HasPrefix(dir, ".") || slices.Contains(asideDirs, dir) {
			return true
		}
	}
	base := parts[len(parts)-1]
	return strings.HasPrefix(base, ".") || slices.ContainsFunc(asideSigns, func(sign string) bool { return strings.Contains(base, sign) })
}

var (
	asideDirs  = []string{"e2e", "cypress", "playwright", "stories", "storybook", "generated", "__generated__", "backup", "backups", "bak", "archive", "archived"}
	asideSigns = []string{".old.", "-old.", "_old.", ".bak.", ".backup.", "-backup.", "_backup.", ".disabled.", ".example.", ".sample.", " copy", "-copy.", "_copy."}
)

// scripts calls do with each script whose findings are wanted and whose text holds all of the words, one of those with | between them. In a
// component there may be several. Words are looked for before a file is parsed: most files are never parsed.
func (p *project) scripts(words []string, do func(*js.File)) {
	p.scriptsAt(func(string) bool { return true }, words, do)
}

// scriptsAt is [project.scripts] for those whose name fits.
func (p *project) scriptsAt(fits func(name string) bool, words []string, do func(*js.File)) {
	alternatives := make([][][]byte, len(words))
	for i, word := range words {
		alternatives[i] = bytes.Split([]byte(word), []byte("|"))
	}
	var names []string
	for _, name := range p.scripted {
		if !fits(name) {
			continue
		}
		if text, ok := p.read(name); ok && holds(text, alternatives) {
			names = append(names, name)
		}
	}
	p.parse(names)
	for _, name := range names {
		for _, f := range p.parsed[name] {
			if !p.stopped() {
				do(f)
			}
		}
	}
}

// parse parses files that haven't been, as many at once as there are processors.
func (p *project) parse(names []string) {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return hasKey(p.parsed, name) })
	files, errs := make([][]*js.File, len(names)), make([]error, len(names))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(names)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(names) && !p.stopped(); i = int(next.Add(1)) - 1 {
				if text, ok := p.read(names[i]); ok {
					files[i], errs[i] = js.Scripts(names[i], text)
				}
			}
		})
	}
	workers.Wait()
	for i, name := range names {
		p.parsed[name] = files[i]
		if errs[i] != nil {
			p.note(name, errs[i].Error())
		}
	}
}

func hasKey(m map[string][]*js.File, name string) bool {
	_, ok := m[name]
	return ok
}

// holds reports whether a text holds one of each group of words.
func holds(text []byte, groups [][][]byte) bool {
	for _, words := range groups {
		if !slices.ContainsFunc(words, func(word []byte) bool { return bytes.Contains(text, word) }) {
			return false
		}
	}
	return true
}

// script returns a file as parsed, nil where it can't be: a note says why. Of a component, it is the first script.
func (p *project) script(name string) *js.File {
	p.parse([]string{name})
	if files := p.parsed[name]; len(files) > 0 {
		return files[0]
	}
	return nil
}

// imported returns the file of the repository that a module's name in a file means: a relative path, or one that begins with the usual
// alias of the project's root or its src. It is "" where it means a package, or a file that isn't known.
func (p *project) imported(from, module string) string {
	var bases []string
	switch {
	case strings.HasPrefix(module, "."):
		bases = []string{path.Join(parent(from), module)}
	case strings.HasPrefix(module, "@/"), strings.HasPrefix(module, "~/"):
		if root, ok := p.root(from); ok {
			bases = []string{path.Join(root, "src", module[2:]), path.Join(root, module[2:]), path.Join(root, "app", module[2:])}
		}
	}
	for _, base := range bases {
		base = strings.TrimSuffix(base, ".js") // what TypeScript's modules are called once they are compiled
		for _, end := range []string{"", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", "/index.ts", "/index.tsx", "/index.js", "/index.jsx"} {
			if name := base + end; p.exists[name] && js.Handles(name) {
				return name
			}
		}
	}
	return ""
}

// major returns the major version of a package that a file's workspace uses, where it can be no other.
func (p *project) major(name, dependency string) (int, bool) {
	if v, ok := p.resolved(name, dependency); ok {
		v, ok := least(v.Number)
		return v.major, ok
	}
	m := p.manifest(name)
	if m == nil {
		return 0, false
	}
	written := strings.TrimSpace(m.dependencies[dependency])
	if written == "" || strings.IndexByte("^~0123456789", written[0]) < 0 || strings.ContainsAny(written, " |") {
		return 0, false
	}
	v, ok := least(written)
	return v.major, ok
}

// placeOf returns the place of a node: the string, or the name with its properties, that it begins with.
func placeOf(f *js.File, n *js.Node) Range {
	start, end := f.Range(n)
	return rangeOf(f.Text, start, end)
}

// importRange returns the place where a file names a module, from where its import begins.
func importRange(f *js.File, n *js.Node, module string) Range {
	start := f.Start(n)
	for _, quote := range []string{"\"", "'", "`"} {
		if i := bytes.Index(f.Text[start:], []byte(quote+module+quote)); i >= 0 {
			return rangeOf(f.Text, start+i, start+i+len(module)+2)
		}
	}
	return placeOf(f, n)
}
