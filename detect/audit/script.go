package audit

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// isScript reports whether a file is JavaScript or TypeScript of the repository's own.
func isScript(name string) bool { return js.Handles(name) && isOurs(name) && !isAside(name) }

// isAside reports whether a script runs beside the integration, not in it.
func isAside(name string) bool {
	parts := strings.Split(strings.ToLower(name), "/")
	return slices.ContainsFunc(parts[:len(parts)-1], func(dir string) bool {
		return slices.Contains([]string{"e2e", "cypress", "playwright", "stories", ".storybook", "storybook", "generated", "__generated__"}, dir)
	})
}

// scripts calls do with each script whose findings are wanted and whose text holds all of the words, one of those with | between them.
// Words are looked for before a file is parsed: most files are never parsed.
func (p *project) scripts(words []string, do func(*js.File)) {
	p.each(isScript, func(name string, text []byte) {
		for _, word := range words {
			if !slices.ContainsFunc(strings.Split(word, "|"), func(w string) bool { return bytes.Contains(text, []byte(w)) }) {
				return
			}
		}
		if f := p.script(name); f != nil {
			do(f)
		}
	})
}

// script returns a file as parsed, nil where it can't be: a note says why.
func (p *project) script(name string) *js.File {
	if f, ok := p.parsed[name]; ok {
		return f
	}
	if p.parsed == nil {
		p.parsed = map[string]*js.File{}
	}
	var f *js.File
	if text, ok := p.read(name); ok {
		var err error
		if f, err = js.Parse(name, text); err != nil {
			p.note(name, err.Error())
		}
	}
	p.parsed[name] = f
	return f
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
