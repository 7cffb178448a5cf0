package destination

import (
	"regexp"
	"strings"
)

var plainWord = regexp.MustCompile(`^[\w./:@+=-]+$`)

// Word writes a name as one word of a command that a person copies into a shell: names of files, contexts and releases are whoever's.
func Word(name string) string {
	if plainWord.MatchString(name) && !strings.HasPrefix(name, "-") {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}
