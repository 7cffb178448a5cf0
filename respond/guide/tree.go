package guide

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/respond/markdown"
)

// Bounds of what is read for one guide.
const (
	maxFileSize = 512 << 10
	maxReads    = 300
	maxShown    = 4 // files, or lines of files, that are named for one place
)

// tree is a repository's files, those of other people's packages left out.
type tree struct {
	files  Files
	paths  []string // of files that may be read, sorted: those near the root first
	byName map[string][]string
	hidden map[string]bool // files that must not be named with a line, as it would tell where the credential is
	silent bool            // nor named at all for what stands in them
	reads  int
	cache  map[string][]string
}

func plant(l Leak, files Files) *tree {
	t := &tree{files: files, byName: map[string][]string{}, hidden: map[string]bool{}, silent: l.Hide, cache: map[string][]string{}}
	if files == nil {
		return t
	}
	for _, p := range l.Paths {
		t.hidden[p] = true
	}
	for _, p := range files.List() {
		if foreignPackage(p) {
			continue
		}
		name := path.Base(p)
		t.byName[name] = append(t.byName[name], p)
		if Wants(p) {
			t.paths = append(t.paths, p)
		}
	}
	slices.SortFunc(t.paths, nearRoot)
	return t
}

// nearRoot orders paths: those near the root first, then by name.
func nearRoot(a, b string) int {
	if d := strings.Count(a, "/") - strings.Count(b, "/"); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}

// foreignPackage tells whether the path belongs to what was installed or built, or to an example.
func foreignPackage(p string) bool {
	for e := range strings.SplitSeq(path.Dir(p), "/") {
		switch e {
		case "node_modules", "vendor", ".git", ".next", ".nuxt", "dist", "target", ".venv", "site-packages", "testdata", "__fixtures__":
			return true
		}
	}
	return false
}

// named returns the paths of the files with one of the names, those near the root first.
func (t *tree) named(names ...string) []string {
	var out []string
	for _, n := range names {
		same := slices.Clone(t.byName[n])
		slices.SortFunc(same, nearRoot)
		out = append(out, same...)
	}
	return out
}

// matching returns the paths of files that may be read and that the expression matches.
func (t *tree) matching(re *regexp.Regexp) []string {
	var out []string
	for _, p := range t.paths {
		if re.MatchString(p) {
			out = append(out, p)
		}
	}
	return out
}

// text returns a file's content, "" where it cannot be had.
func (t *tree) text(p string) string { return strings.Join(t.lines(p), "\n") }

func (t *tree) lines(p string) []string {
	if got, ok := t.cache[p]; ok {
		return got
	}
	if t.reads >= maxReads || !Wants(p) {
		return nil
	}
	t.reads++
	var lines []string
	if text, ok := t.files.Read(p); ok && len(text) <= maxFileSize {
		lines = strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	}
	t.cache[p] = lines
	return lines
}

// use is a line of a file that names something.
type use struct {
	path string
	line int // from 1; 0: the file as a whole
	text string
}

// uses returns the lines that name the variable, as a word of its own in any case. Files that would tell where the
// credential stands are left out where nothing may be told of that.
func (t *tree) uses(variable string, paths ...string) []use {
	if variable == "" {
		return nil
	}
	word := regexp.MustCompile(`(?i)(^|[^A-Za-z0-9_])` + regexp.QuoteMeta(variable) + `($|[^A-Za-z0-9_])`)
	var out []use
	for _, p := range paths {
		if t.hidden[p] && t.silent {
			continue
		}
		for i, line := range t.lines(p) {
			if word.MatchString(line) {
				out = append(out, use{p, i + 1, line})
			}
		}
	}
	return out
}

// show names files and lines as Markdown, the lines of one file together.
func (t *tree) show(uses []use) []string {
	var out []string
	for i, u := range uses {
		if len(out) == maxShown {
			rest := map[string]bool{}
			for _, v := range uses[i:] {
				rest[v.path] = true
			}
			return append(out, "and "+number(len(uses)-i)+" more")
		}
		if u.line == 0 || t.hidden[u.path] {
			if s := markdown.Code(u.path); !slices.Contains(out, s) {
				out = append(out, s)
			}
			continue
		}
		out = append(out, markdown.Code(u.path+":"+number(u.line)))
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

// shellSafe is what may stand in a command as it is, where it comes from a file.
const shellSafe = `^[A-Za-z0-9_][A-Za-z0-9._/-]{0,100}$`

// safe returns s where it may stand in a command, else the placeholder.
func safe(s, placeholder string) string {
	if regexp.MustCompile(shellSafe).MatchString(s) && !strings.Contains(s, "..") {
		return s
	}
	return placeholder
}

// inFolder says in which folder a command is to be run, where that is not the root.
func inFolder(p string) string {
	dir := path.Dir(p)
	if dir == "." || dir == "/" {
		return ""
	}
	return "In the folder " + markdown.Code(dir) + ":"
}

// shell writes a block of commands.
func shell(commands ...string) string { return "\n```sh\n" + strings.Join(commands, "\n") + "\n```" }
