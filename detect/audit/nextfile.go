package audit

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
)

// misplaced finds middleware that Next.js doesn't run.
func misplaced() Check {
	manifest := Example{"package.json", `{ "dependencies": { "@clerk/nextjs": "^6.0.0", "next": "^15.0.0" } }` + "\n"}
	page := Example{"src/app/page.tsx", "export default function Page() {\n  return <p>Hello</p>;\n}\n"}
	text := "import { clerkMiddleware } from \"@clerk/nextjs/server\";\n\nexport default clerkMiddleware(async (auth) => {\n  await auth.protect();\n});\n"
	return Check{
		ID: "C6", Title: "Next.js doesn't run this middleware", Severity: detect.HighSeverity, Tier: Default, Frameworks: []string{"Next.js"},
		Fix: "Put it beside the app or pages directory: at the root of the project, or in src where they are in src. Its name is middleware.ts up to Next.js 15, and " +
			"proxy.ts from 16 on; one of both.",
		Link: "https://nextjs.org/docs/app/api-reference/file-conventions/proxy",
		Why: "Next.js looks for one file of that name in one directory, and says nothing where it finds none: no route is protected by it, and `auth()` fails. " +
			"It is ignored deeper in the project, under a name with a typing error or a space, with an extension that isn't one of pages, as `proxy.ts` before version 16, " +
			"and, as long as webpack builds the project, in `src` where `app` or `pages` is at the root, or the other way round. " +
			"With both names side by side, version 16 refuses to build.\n\n" +
			"What another file imports is not reported, nor anything where another middleware is in its place, or where the configuration sets `pageExtensions`.",
		Before: []Example{manifest, page, {"middleware.ts", text}},
		After:  []Example{manifest, page, {"src/middleware.ts", text}},
		wants:  isScript,
		find:   findMisplaced,
	}
}

// middlewareName is what Next.js looks for, with the extensions that it has by default.
var middlewareName = regexp.MustCompile(`^(middleware|proxy)\.(tsx|ts|jsx|js)$`)

var buildsWithTurbopack = regexp.MustCompile(`next build[^"&|;]*--turbo`)

// nextApp is an application of Next.js.
type nextApp struct {
	root  string   // the directory of its package.json
	base  string   // where its middleware is looked for
	run   []string // what is there by that name
	major int      // of Next.js, 0 where it isn't known
	// either reports whether it may run middleware of both the root and src, wherever app and pages are: Turbopack does, with which
	// Next.js builds from 16 on, and before where it is asked to.
	either bool
}

func findMisplaced(p *project) []Finding {
	if !p.tree.Whole() {
		return nil
	}
	var found []Finding
	apps := map[string]*nextApp{}
	for _, name := range p.scripted {
		if likelyName(name) == "" {
			continue
		}
		text, ok := p.read(name)
		if !ok || !bytes.Contains(text, []byte("@clerk/nextjs")) || !definesMiddleware(p.script(name)) {
			continue
		}
		root, ok := p.root(name)
		if !ok {
			continue
		}
		app, ok := apps[root]
		if !ok {
			app = p.nextApp(root)
			apps[root] = app
		}
		if app == nil {
			continue
		}
		if f, ok := p.judgePlace(app, name); ok {
			found = append(found, f)
		}
	}
	return found
}

// likelyName is the name that a file was probably meant to have, without its extension: "middleware" or "proxy". It is empty for others.
func likelyName(name string) string {
	base := path.Base(name)
	stem := strings.TrimSuffix(strings.TrimSpace(base), path.Ext(strings.TrimSpace(base)))
	letters := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || r == '.' {
			return r
		}
		return -1
	}, strings.ToLower(stem))
	switch {
	case letters == "proxy":
		return "proxy"
	case letters == "middleware", len(letters) > 7 && strings.HasPrefix(letters, "mid") && distance(letters, "middleware") <= 2:
		return "middleware"
	}
	return ""
}

// definesMiddleware reports whether a file exports what clerkMiddleware makes, as Next.js asks for it.
func definesMiddleware(f *js.File) bool {
	if f == nil || f.Exports["default"] == nil && f.Exports["middleware"] == nil && f.Exports["proxy"] == nil {
		return false
	}
	calls := false
	f.Root.Walk(func(n *js.Node) bool {
		if n.Kind == js.Call {
			o, ok := f.Origin(n.Kids[0])
			calls = calls || ok && (o.Is(nextServer, "clerkMiddleware", "authMiddleware") || o.Is("@clerk/nextjs", "authMiddleware"))
		}
		return !calls
	})
	return calls
}

// nextApp returns the application of a directory, nil where it is none, or where its middleware is can't be told.
func (p *project) nextApp(root string) *nextApp {
	inRoot := path.Join(root, "package.json")
	if !p.dependsOn(inRoot, "next") {
		return nil
	}
	routed := map[string]bool{} // where app or pages are
	app := &nextApp{root: root}
	for _, name := range p.paths {
		rest, ok := below(root, name)
		if !ok {
			continue
		}
		if strings.HasPrefix(rest, "next.config.") {
			text, ok := p.read(name)
			if !ok || bytes.Contains(text, []byte("pageExtensions")) {
				return nil
			}
		}
		for _, dir := range []string{"app", "pages", "src/app", "src/pages"} {
			if in, ok := below(dir, rest); ok && in != "" && js.Handles(rest) {
				if own, _ := p.root(name); own == root {
					routed[parent(dir)] = true
				}
			}
		}
	}
	if len(routed) != 1 {
		return nil
	}
	for dir := range routed {
		app.base = path.Join(root, dir)
	}
	for _, name := range p.paths {
		if parent(name) == app.base && middlewareName.MatchString(path.Base(name)) {
			app.run = append(app.run, name)
		}
	}
	app.major, _ = p.major(inRoot, "next")
	manifest, _ := p.read(inRoot)
	app.either = app.major == 0 || app.major >= 16 || buildsWithTurbopack.Match(manifest)
	return app
}

// below returns what follows a directory in a path.
func below(dir, name string) (string, bool) {
	if dir == "" {
		return name, true
	}
	return strings.CutPrefix(name, dir+"/")
}

// judgePlace says why Next.js doesn't run a file that defines middleware. ok is false where it does, or may.
func (p *project) judgePlace(app *nextApp, name string) (f Finding, ok bool) {
	base := path.Base(name)
	stem, extension := likelyName(name), path.Ext(strings.TrimSpace(base))
	if app.major > 0 && app.major < 16 {
		stem = "middleware"
	}
	if !slices.Contains([]string{".tsx", ".ts", ".jsx", ".js"}, extension) {
		extension = ".ts"
	}
	target := path.Join(app.base, stem+extension)
	f = Finding{Path: name}
	switch isRun := slices.Contains(app.run, name); {
	case isRun && app.major >= 16 && len(stems(app.run)) > 1:
		f.Seen = fmt.Sprintf("%s stand side by side: Next.js %d refuses to build", strings.Join(stems(app.run), " and "), app.major)
		return f, true
	case isRun && strings.HasPrefix(base, "proxy.") && app.major > 0 && app.major < 16 && len(stems(app.run)) == 1:
		f.Seen = fmt.Sprintf("Next.js %d doesn't run %s: before version 16, the name is middleware", app.major, base)
	case isRun || len(app.run) > 0:
		return f, false
	case parent(name) == app.base:
		f.Seen = fmt.Sprintf("Next.js doesn't run a file named %q: the name has to be %s", base, path.Base(target))
	case app.either && (parent(name) == app.root || parent(name) == path.Join(app.root, "src")):
		return f, false
	case !middlewareName.MatchString(base) && (!strings.HasPrefix(base, "_") || app.major < 13), !p.isAlone(app, name): // 12 ran _middleware
		return f, false
	default:
		f.Seen = fmt.Sprintf("Next.js doesn't run it in this directory: the place of %s is %s, beside %s", base, place(app.base), routedIn(p, app.base))
	}
	f.Fix = "Move it to " + target + "."
	if parent(target) == parent(name) {
		f.Fix = fmt.Sprintf("Rename it to %s.", path.Base(target))
	}
	f.Edit = p.renameEdit(name, target)
	return f, true
}

// stems returns the names of files without their extensions, each once.
func stems(names []string) []string {
	var out []string
	for _, name := range names {
		if stem, _, _ := strings.Cut(path.Base(name), "."); !slices.Contains(out, stem) {
			out = append(out, stem)
		}
	}
	return out
}

func place(dir string) string {
	if dir == "" {
		return "the root of the repository"
	}
	return dir
}

// routedIn is which of the directories of routes there is.
func routedIn(p *project, base string) string {
	for _, dir := range []string{"app", "pages"} {
		if slices.ContainsFunc(p.paths, func(name string) bool { return strings.HasPrefix(name, path.Join(base, dir)+"/") }) {
			return dir
		}
	}
	return "app"
}

// isAlone reports whether no other file imports one. Where Next.js is known to look, nobody puts what others import.
func (p *project) isAlone(app *nextApp, name string) bool {
	dir, _ := below(app.root, parent(name)+"/")
	if slices.Contains([]string{"", "/", "src/", "app/", "src/app/", "pages/", "src/pages/"}, dir) {
		return true
	}
	stem := strings.TrimSuffix(path.Base(name), path.Ext(name))
	for _, other := range p.paths {
		if other == name || !js.Handles(other) {
			continue
		}
		text, ok := p.read(other)
		if !ok {
			return false
		}
		if !bytes.Contains(text, []byte(stem)) {
			continue
		}
		f := p.script(other)
		if f == nil {
			return false
		}
		for _, m := range f.Modules {
			if last := path.Base(m.Text); strings.TrimSuffix(last, path.Ext(last)) == stem || last == stem || p.imported(other, m.Text) == name {
				return false
			}
		}
	}
	return true
}

// relativePath is how a string begins that names a file from where it stands.
var relativePath = regexp.MustCompile("[\"'`]\\.\\.?/")

// renameEdit moves a file to where it is run. It is certain where nothing in it depends on its name and place.
func (p *project) renameEdit(name, target string) *Edit {
	f := p.script(name)
	if p.exists[target] || f.Exports["default"] == nil {
		return nil
	}
	if parent(target) != parent(name) && relativePath.Match(f.Text) {
		return nil
	}
	return &Edit{Rename: target}
}

// distance is how many letters have to be put in, left out or changed to make one word of another.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
