package guide

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/respond/markdown"
)

// Bounds of what is read for one guide.
const (
	maxPaths    = 50_000
	maxFileSize = 512 << 10
	maxReads    = 300
	maxBytes    = 16 << 20
	maxShown    = 4 // files, or lines of files, that are named for one host
)

// tree is a repository's files, those of other people's packages left out.
type tree struct {
	ctx    context.Context // lives as long as one call of For
	files  Files
	paths  []string // of files that may be read: those near the root first
	byName map[string][]string
	charts map[string]bool // folders of Helm charts, with the slash at the end; "" for the root
	head   map[string]bool // files that hold the leaked credential
	secret map[string]bool // files whose lines may not be named: they would say where it leaked
	reads  int
	bytes  int
	full   bool // something was not read, as the bounds were reached
	cache  map[string]content
	hits   map[*pattern][]string

	apiRoutes bool // the app has routes of Expo's that run on a server
	found     []framework
	known     bool // found was read
	depends   map[string]map[string]bool
}

func plant(ctx context.Context, l Leak, files Files) *tree {
	t := &tree{
		ctx: ctx, files: files, byName: map[string][]string{}, charts: map[string]bool{},
		head: map[string]bool{}, secret: map[string]bool{}, cache: map[string]content{}, hits: map[*pattern][]string{}, depends: map[string]map[string]bool{},
	}
	if files == nil {
		return t
	}
	for _, at := range l.Head {
		t.head[at.Path] = true
		t.secret[at.Path] = l.Hide
	}
	for _, p := range l.Paths {
		t.secret[p] = l.Hide
	}
	for _, p := range nearRoot(files.List()) {
		if ctx.Err() != nil {
			return t
		}
		if len(t.paths) == maxPaths {
			t.full = true
			break
		}
		if foreignPackage(p) {
			continue
		}
		name := path.Base(p)
		t.byName[name] = append(t.byName[name], p)
		t.apiRoutes = t.apiRoutes || strings.Contains(name, "+api.")
		if name == "Chart.yaml" {
			t.charts[strings.TrimSuffix(p, name)] = true
		}
		if Wants(p) {
			t.paths = append(t.paths, p)
		}
	}
	return t
}

// nearRoot returns the paths sorted: those near the root first, then by name.
func nearRoot(paths []string) []string {
	type item struct {
		path  string
		depth int
	}
	items := make([]item, len(paths))
	for i, p := range paths {
		items[i] = item{p, strings.Count(p, "/")}
	}
	slices.SortFunc(items, func(a, b item) int { return cmp.Or(cmp.Compare(a.depth, b.depth), strings.Compare(a.path, b.path)) })
	out := make([]string, len(items))
	for i, it := range items {
		out[i] = it.path
	}
	return out
}

// foreignPackage reports whether the path belongs to what was installed or built, or to an example.
func foreignPackage(p string) bool {
	for e := range strings.SplitSeq(path.Dir(p), "/") {
		switch e {
		case "node_modules", "vendor", ".git", ".next", ".nuxt", "dist", "target", ".venv", "site-packages", "testdata", "__fixtures__":
			return true
		}
	}
	return false
}

// named returns the paths of the files with one of the names, for each name those near the root first.
func (t *tree) named(names ...string) []string {
	var out []string
	for _, n := range names {
		out = append(out, t.byName[n]...)
	}
	return out
}

// has reports whether there is a file at the path.
func (t *tree) has(p string) bool { return slices.Contains(t.byName[path.Base(p)], p) }

// matching returns the paths of files that may be read and that the expression matches.
func (t *tree) matching(re *pattern) []string {
	if got, ok := t.hits[re]; ok {
		return slices.Clip(got)
	}
	var out []string
	for _, p := range t.paths {
		if t.ctx.Err() != nil {
			return nil
		}
		if re.MatchString(p) {
			out = append(out, p)
		}
	}
	t.hits[re] = out
	return slices.Clip(out)
}

// inChart reports whether the file belongs to a Helm chart.
func (t *tree) inChart(p string) bool {
	if len(t.charts) == 0 {
		return false
	}
	for dir := p; ; {
		i := strings.LastIndexByte(dir, '/')
		if t.charts[dir[:i+1]] {
			return true
		}
		if i < 0 {
			return false
		}
		dir = dir[:i]
	}
}

// text returns a file's content, "" where it cannot be had.
func (t *tree) text(p string) string { return t.read(p).text }

// lines returns a file's lines, none where it cannot be had.
func (t *tree) lines(p string) []string { return t.read(p).lines }

// content is a file that was read.
type content struct {
	text  string
	lines []string
}

func (t *tree) read(p string) content {
	if got, ok := t.cache[p]; ok {
		return got
	}
	if !t.head[p] && !Wants(p) || t.ctx.Err() != nil || t.files == nil {
		return content{}
	}
	if t.reads >= maxReads || t.bytes >= maxBytes {
		t.full = true
		return content{}
	}
	t.reads++
	var c content
	if text, ok := t.files.Read(p); ok && len(text) <= maxFileSize {
		t.bytes += len(text)
		c.text = strings.ReplaceAll(string(text), "\r\n", "\n")
		c.lines = strings.Split(c.text, "\n")
	}
	t.cache[p] = c
	return c
}

// line returns the text of one line, "" where it cannot be had.
func (t *tree) line(at Location) string {
	if lines := t.lines(at.Path); at.Line > 0 && at.Line <= len(lines) && at.Member == "" {
		return lines[at.Line-1]
	}
	return ""
}

// use is a line of a file that names something.
type use struct {
	path string
	line int // from 1; 0: the file as a whole
	text string
}

// uses returns the lines that name the variable, as a word of its own in any case. Files that would say where the
// credential is are left out where nothing may be told of that.
func (t *tree) uses(variable string, paths ...string) []use {
	if variable == "" {
		return nil
	}
	word := strings.ToLower(variable)
	var out []use
	for _, p := range paths {
		if t.secret[p] {
			continue
		}
		for i, line := range t.lines(p) {
			if len(line) >= len(word) && hasWord(strings.ToLower(line), word) {
				out = append(out, use{p, i + 1, line})
			}
		}
	}
	return out
}

// hasWord reports whether the word is in the line, with nothing beside it that could be part of a longer one.
func hasWord(line, word string) bool {
	for at := 0; ; {
		i := strings.Index(line[at:], word)
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(word)
		if (start == 0 || !isWord(line[start-1])) && (end == len(line) || !isWord(line[end])) {
			return true
		}
		at = end
	}
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// show names files and lines as Markdown, but for those that would say where the credential leaked.
func (t *tree) show(uses []use) []string {
	var out []string
	for i, u := range uses {
		if t.secret[u.path] {
			continue
		}
		if len(out) == maxShown {
			return append(out, "and "+number(len(uses)-i)+" more")
		}
		s := markdown.Code(u.path)
		if u.line > 0 {
			s = markdown.Code(u.path + ":" + number(u.line))
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// wholes makes uses of whole files.
func wholes(paths []string) []use {
	var out []use
	for _, p := range paths {
		out = append(out, use{path: p})
	}
	return out
}

// shellSafe is what may be part of a command as it is, where it comes from a file.
var shellSafe = newPattern(`^[A-Za-z0-9_][A-Za-z0-9._/-]{0,100}$`)

// safe returns s where it may be part of a command, else the other text.
func safe(s, other string) string {
	if shellSafe.MatchString(s) && !strings.Contains(s, "..") {
		return s
	}
	return other
}

// inFolder says in which folder a command is to be run, where that is not the root.
func inFolder(p string) string {
	dir := path.Dir(p)
	if dir == "." || dir == "/" {
		return ""
	}
	return "In the folder " + markdown.Code(dir) + ":"
}

// first returns the first submatch of the expression in the text, "" where there is none.
func first(re *pattern, text string) string {
	if m := re.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}
