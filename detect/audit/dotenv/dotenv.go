// Package dotenv reads files as .env: a name and a value on each line.
package dotenv

import "strings"

// Entry is an assignment; its name is at bytes Start to End.
type Entry struct {
	Name, Value string // the value without quotes
	Start, End  int
}

// Parse returns the assignments of a file. Comments and what is no assignment are left out; a value in double or single quotes may have
// several lines.
func Parse(text string) []Entry {
	var all []Entry
	for at := 0; at < len(text); {
		line, next := text[at:], len(text)
		if i := strings.IndexByte(line, '\n'); i >= 0 {
			line, next = line[:i], at+i+1
		}
		plain := strings.TrimLeft(line, " \t")
		start := at + len(line) - len(plain)
		if rest, ok := strings.CutPrefix(plain, "export "); ok {
			rest = strings.TrimLeft(rest, " \t")
			start += len(plain) - len(rest)
			plain = rest
		}
		n := 0
		for n < len(plain) && isName(plain[n]) {
			n++
		}
		value, ok := strings.CutPrefix(strings.TrimLeft(plain[n:], " \t"), "=")
		if n == 0 || !ok {
			at = next
			continue
		}
		value = strings.TrimLeft(value, " \t")
		e := Entry{Name: plain[:n], Start: start, End: start + n}
		if value != "" && (value[0] == '"' || value[0] == '\'' || value[0] == '`') {
			from := at + len(line) - len(value) + 1
			if i := strings.IndexByte(text[from:], value[0]); i >= 0 {
				e.Value = text[from : from+i]
				next = max(next, lineAfter(text, from+i))
				all, at = append(all, e), next
				continue
			}
		}
		value, _, _ = strings.Cut(value, " #")
		e.Value = strings.TrimSpace(value)
		all, at = append(all, e), next
	}
	return all
}

func lineAfter(text string, at int) int {
	if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(text)
}

func isName(c byte) bool {
	return c == '_' || c == '.' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
