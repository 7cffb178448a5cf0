package audit

import (
	"bytes"
	"regexp"
	"slices"

	"github.com/rekey-app/rekey/detect/audit/js"
)

// localImport is how a file of the repository is imported, as far as the text shows it without being parsed.
var localImport = regexp.MustCompile(`\bfrom\s*["']((?:\.\.?|@|~)/[^"'\n]*)["']`)

// clientImports finds client components that import a file which works with the secret key. What a client component imports is code for the browser, too,
// unless the file says that it is the server's. Where only some files are looked at, so are the imported ones: the others may not be known.
func clientImports(p *project) []Finding {
	var found []Finding
	imports := map[string]string{} // of what works with the secret key, by the file; "" for others
	serverModule := func(name string) string {
		module, known := imports[name]
		if !known {
			module = p.serverModuleOf(name)
			imports[name] = module
		}
		return module
	}
	p.each(isScript, func(name string, text []byte) {
		if !bytes.Contains(text, []byte("use client")) || !p.mayImport(name, text, serverModule) {
			return
		}
		f := p.script(name)
		if f == nil || !slices.Contains(f.Directives, "use client") {
			return
		}
		for _, n := range f.Modules {
			imported := p.imported(name, n.Text)
			if imported == "" || !p.focused(imported) {
				continue
			}
			if module := serverModule(imported); module != "" {
				found = append(found, Finding{
					Path: name, Range: importRange(f, n, n.Text),
					Seen: "a client component imports " + imported + ", which imports " + module + " and isn't marked as server code",
				})
			}
		}
	})
	return found
}

// mayImport reports whether a text looks as if it imported a file that imports what works with the secret key.
func (p *project) mayImport(name string, text []byte, serverModule func(string) string) bool {
	for _, match := range localImport.FindAllSubmatch(text, -1) {
		if imported := p.imported(name, string(match[1])); imported != "" && p.focused(imported) && serverModule(imported) != "" {
			return true
		}
	}
	return false
}

// serverModuleOf returns what a file imports that works with the secret key: "" where it imports none, or is marked as the server's or as the browser's
// own, which has its findings itself.
func (p *project) serverModuleOf(name string) string {
	text, ok := p.read(name)
	if !ok || !isScript(name) || bytes.Contains(text, []byte("server-only")) || !slices.ContainsFunc(serverModules, func(m string) bool { return bytes.Contains(text, []byte(m)) }) {
		return ""
	}
	f := p.script(name)
	if f == nil || slices.Contains(f.Directives, "use server") || slices.Contains(f.Directives, "use client") {
		return ""
	}
	i := slices.IndexFunc(f.Modules, func(n *js.Node) bool { return !n.Async && slices.Contains(serverModules, n.Text) })
	if i < 0 {
		return ""
	}
	return f.Modules[i].Text
}
