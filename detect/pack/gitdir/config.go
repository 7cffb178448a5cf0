package gitdir

import "strings"

// Setting is one line of a git config.
type Setting struct {
	Name  string // section and key, in small letters but for a subsection: core.bare, remote.origin.url
	Value string
	bare  bool // without =
}

// IsTrue reports whether the setting is on.
func (s Setting) IsTrue() bool {
	switch strings.ToLower(s.Value) {
	case "true", "yes", "on", "1":
		return true
	}
	return s.bare
}

// Settings reads git's config format: sections, keys, quotes, escapes, comments, lines that go on.
func Settings(text string) []Setting {
	var all []Setting
	section := ""
	text = strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\ufeff")
	text = strings.ReplaceAll(text, "\\\n", "")
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			head, rest, _ := strings.Cut(line[1:], "]")
			name, sub, found := strings.Cut(head, " ")
			section = strings.ToLower(strings.TrimSpace(name))
			if found {
				section += "." + strings.Trim(strings.TrimSpace(sub), `"`)
			}
			line = strings.TrimSpace(rest)
		}
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		key, value, set := strings.Cut(line, "=")
		if !set {
			key, _, _ = strings.Cut(key, "#")
			key, _, _ = strings.Cut(key, ";")
		}
		all = append(all, Setting{section + "." + strings.ToLower(strings.TrimSpace(key)), unquoted(value), !set})
	}
	return all
}

// unquoted takes the quotes, escapes and the comment off a value.
func unquoted(value string) string {
	var b strings.Builder
	quoted, kept := false, 0 // kept: bytes that trailing blanks do not reach
	value = strings.TrimLeft(value, " \t")
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '"':
			quoted = !quoted
			kept = b.Len()
		case c == '\\' && i+1 < len(value):
			i++
			c = value[i]
			if n := strings.IndexByte("nt", c); n >= 0 {
				c = "\n\t"[n]
			}
			b.WriteByte(c)
			kept = b.Len()
		case !quoted && (c == '#' || c == ';'):
			i = len(value)
		default:
			b.WriteByte(c)
			if quoted || c != ' ' && c != '\t' {
				kept = b.Len()
			}
		}
	}
	return b.String()[:kept]
}
