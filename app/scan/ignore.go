package scan

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/rekey-app/rekey/respond/policy"
)

// IgnoreFile is the name of the file that lists what the command line is to pass over.
const IgnoreFile = ".rekeyignore"

// Ignore is what a .rekeyignore says: fingerprints and path patterns. The zero value ignores nothing.
type Ignore struct {
	fingerprints map[string]bool
	paths        []string
}

// ReadIgnore reads a .rekeyignore. A file that is not there ignores nothing. Each line is a fingerprint (32
// hexadecimal digits), a path pattern as in the policy file, or a comment behind #.
func ReadIgnore(name string) (Ignore, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return Ignore{}, nil
	}
	if err != nil {
		return Ignore{}, err
	}
	defer f.Close()
	i := Ignore{fingerprints: map[string]bool{}}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		switch line = strings.TrimSpace(line); {
		case line == "":
		case isFingerprint(line):
			i.fingerprints[line] = true
		default:
			i.paths = append(i.paths, line)
		}
	}
	if err := lines.Err(); err != nil {
		return Ignore{}, fmt.Errorf("%s: %w", name, err)
	}
	return i, nil
}

func isFingerprint(s string) bool {
	return len(s) == 32 && strings.Trim(s, "0123456789abcdef") == ""
}

func (i Ignore) matches(h Hit) bool {
	if i.fingerprints[h.Secret.Fingerprint()] {
		return true
	}
	for _, pattern := range i.paths {
		if policy.Match(pattern, h.Path) {
			return true
		}
	}
	return false
}
