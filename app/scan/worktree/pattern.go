package worktree

import "strings"

// pattern is one line of a file that says what git ignores (gitignore(5)).
type pattern struct {
	text     string
	dir      string // of the file: "" for the top, else with its slash
	negated  bool   // !: what matches is not ignored
	onlyDirs bool   // ends in /
	names    bool   // without a slash: matches the last part of a path, in any directory
	literal  int    // how many bytes of text come before the first special one
}

// maxPattern is how long a line may be that counts, in bytes.
const maxPattern = 4096

// patterns reads an ignore file. dir is where it lies, "" or with a slash at its end.
func patterns(text, dir string) []pattern {
	var all []pattern
	for line := range strings.SplitSeq(strings.TrimPrefix(text, "\ufeff"), "\n") {
		if line == "" || line[0] == '#' || len(line) > maxPattern {
			continue
		}
		line = withoutTrailingBlanks(strings.TrimSuffix(line, "\r"))
		p := pattern{dir: dir}
		line, p.negated = strings.CutPrefix(line, "!")
		line, p.onlyDirs = strings.CutSuffix(line, "/")
		if line == "" {
			continue
		}
		p.names = !strings.Contains(line, "/")
		p.text = strings.TrimPrefix(line, "/")
		if p.literal = strings.IndexAny(p.text, `*?[\`); p.literal < 0 {
			p.literal = len(p.text)
		}
		all = append(all, p)
	}
	return all
}

// withoutTrailingBlanks takes the blanks at the end away that no backslash stands before.
func withoutTrailingBlanks(line string) string {
	end := 0
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case ' ':
			continue
		case '\\':
			i++
		}
		end = min(i+1, len(line))
	}
	return line[:end]
}

// matches reports whether the pattern is about a path, which has slashes and is relative to the top.
func (p pattern) matches(path string, isDir, fold bool) bool {
	if p.onlyDirs && !isDir {
		return false
	}
	name, below := strings.CutPrefix(path, p.dir)
	if !below {
		return false
	}
	if p.names {
		return wildmatch(p.text, name[strings.LastIndexByte(name, '/')+1:], fold, true)
	}
	// git compares what has no special characters first, and then takes what is left for a pattern of its own.
	if len(name) < p.literal || !same(name[:p.literal], p.text[:p.literal], fold) {
		return false
	}
	return wildmatch(p.text[p.literal:], name[p.literal:], fold, false)
}

func same(a, b string, fold bool) bool {
	if !fold {
		return a == b
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// wildmatch matches as git's function of that name: * and ? do not match a slash unless slashes says so, ** between
// slashes matches directories. Its work is bounded by the product of the lengths.
func wildmatch(pattern, text string, fold, slashes bool) bool {
	m := matcher{pattern: pattern, text: text, fold: fold, slashes: slashes}
	return m.match(0, 0)
}

type matcher struct {
	pattern, text string
	fold, slashes bool
	failed        map[[2]int]bool // places in pattern and text that do not match
}

// match matches pattern[from:] with text[at:].
func (m *matcher) match(from, at int) bool {
	if m.failed[[2]int{from, at}] {
		return false
	}
	if m.run(from, at) {
		return true
	}
	if m.failed == nil {
		m.failed = map[[2]int]bool{}
	}
	m.failed[[2]int{from, at}] = true
	return false
}

func (m *matcher) run(from, at int) bool {
	for p := from; p < len(m.pattern); p++ {
		c := m.pattern[p]
		if c == '*' {
			next, whole, ok := m.star(from, &p, at)
			if whole {
				return ok
			}
			at = next
			continue
		}
		if at == len(m.text) {
			return false
		}
		t := m.text[at]
		if m.fold {
			t, c = lower(t), lower(c)
		}
		switch c {
		case '\\':
			if p++; p == len(m.pattern) || m.pattern[p] != t {
				return false
			}
		case '?':
			if t == '/' && !m.slashes {
				return false
			}
		case '[':
			end, ok := m.class(p, t)
			if !ok || t == '/' && !m.slashes {
				return false
			}
			p = end
		default:
			if c != t {
				return false
			}
		}
		at++
	}
	return at == len(m.text)
}

// star matches from the star at *p on. whole means that the rest is matched, or not; else the match goes on behind *p, at
// next.
func (m *matcher) star(from int, p *int, at int) (next int, whole, ok bool) {
	first := *p
	end := first
	for end < len(m.pattern) && m.pattern[end] == '*' {
		end++
	}
	rest := m.pattern[end:]
	slashes := m.slashes
	if end-first > 1 && !slashes && (first == from || m.pattern[first-1] == '/') &&
		(rest == "" || rest[0] == '/' || strings.HasPrefix(rest, `\/`)) {
		if strings.HasPrefix(rest, "/") && m.match(end+1, at) {
			return 0, true, true
		}
		slashes = true
	}
	if rest == "" {
		return 0, true, slashes || strings.IndexByte(m.text[at:], '/') < 0
	}
	if !slashes && rest[0] == '/' {
		slash := strings.IndexByte(m.text[at:], '/')
		if slash < 0 {
			return 0, true, false
		}
		*p = end
		return at + slash + 1, false, false
	}
	// Where this star was tried before, it was tried in vain to the end.
	for ; at < len(m.text) && !m.failed[[2]int{end, at}]; at++ {
		if m.match(end, at) {
			return 0, true, true
		}
		if m.text[at] == '/' && !slashes {
			break
		}
	}
	return 0, true, false
}
