package worktree

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// config is what of git's settings changes how files are read.
type config struct {
	hashSize     int // bytes of an object id
	reftable     bool
	ignoreCase   bool
	excludesFile string // "" where not set
}

// readConfig reads a repository's own config.
func readConfig(common string) (config, error) {
	c := config{hashSize: 20}
	b, err := readRegular(filepath.Join(common, "config"), maxSmallFile)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	for _, s := range settings(string(b)) {
		switch s.name {
		case "extensions.objectformat":
			switch strings.ToLower(s.value) {
			case "sha1":
			case "sha256":
				c.hashSize = 32
			default:
				return c, fmt.Errorf("%s: unknown object format %q", common, s.value)
			}
		case "extensions.refstorage":
			c.reftable = strings.EqualFold(s.value, "reftable")
		}
	}
	return c, nil
}

// mostIncludes is how deep files of settings may include one another.
const mostIncludes = 10

// user reads what the user and the machine say about ignored files; the repository's own settings count for more.
func (c *config) user(common string, getenv func(string) string) {
	home, xdg := getenv("HOME"), getenv("XDG_CONFIG_HOME")
	if xdg == "" && home != "" {
		xdg = filepath.Join(home, ".config")
	}
	if xdg != "" {
		c.excludesFile = filepath.Join(xdg, "git", "ignore")
	}
	files := []string{"/etc/gitconfig"}
	if name := getenv("GIT_CONFIG_SYSTEM"); name != "" {
		files[0] = name
	}
	if isTrue(setting{value: getenv("GIT_CONFIG_NOSYSTEM")}) {
		files = nil
	}
	if name := getenv("GIT_CONFIG_GLOBAL"); name != "" {
		files = append(files, name)
	} else {
		if xdg != "" {
			files = append(files, filepath.Join(xdg, "git", "config"))
		}
		if home != "" {
			files = append(files, filepath.Join(home, ".gitconfig"))
		}
	}
	for _, name := range append(files, filepath.Join(common, "config")) {
		c.include(name, home, 0)
	}
}

func (c *config) include(name, home string, depth int) {
	b, err := readRegular(name, maxSmallFile)
	if err != nil || depth > mostIncludes {
		return
	}
	for _, s := range settings(string(b)) {
		switch s.name {
		case "core.ignorecase":
			c.ignoreCase = isTrue(s)
		case "core.excludesfile":
			c.excludesFile = expanded(s.value, home)
		case "include.path":
			c.include(under(filepath.Dir(name), expanded(s.value, home)), home, depth+1)
		}
	}
}

// expanded replaces a ~ at the start of a path.
func expanded(path, home string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok && home != "" {
		return filepath.Join(home, rest)
	}
	return path
}

// setting is one line of a git config: its section and key, in small letters but for a subsection.
type setting struct {
	name, value string
	bare        bool // without =
}

func isTrue(s setting) bool {
	switch strings.ToLower(s.value) {
	case "true", "yes", "on", "1":
		return true
	}
	return s.bare
}

// settings reads git's config format: sections, keys, quotes, escapes, comments, lines that go on.
func settings(text string) []setting {
	var all []setting
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
		all = append(all, setting{section + "." + strings.ToLower(strings.TrimSpace(key)), unquoted(value), !set})
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
