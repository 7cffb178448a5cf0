package destinationtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// memoryFile is what programs remember from one run to the next.
const memoryFile = "memory.json"

// Remember reads what the programs in that directory remember, lets change do what it does to it, and keeps the outcome. A program whose change fails
// forgets it. Runs must not be concurrent.
func Remember[T any](dir string, change func(*T) error) error {
	var memory T
	text, err := os.ReadFile(filepath.Join(dir, memoryFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("read what the programs remember: %w", err)
	default:
		if err := json.Unmarshal(text, &memory); err != nil {
			return fmt.Errorf("read what the programs remember: %w", err)
		}
	}
	if err := change(&memory); err != nil {
		return err
	}
	if text, err = json.Marshal(memory); err != nil {
		return fmt.Errorf("remember: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, memoryFile), text, 0o600); err != nil {
		return fmt.Errorf("remember: %w", err)
	}
	return nil
}

// Memory gives a test what the programs remember, and lets it change that.
func Memory[T any](t testing.TB, dir string, change func(*T)) {
	t.Helper()
	if err := Remember(dir, func(m *T) error { change(m); return nil }); err != nil {
		t.Fatal(err)
	}
}

// Runs is how many programs in that directory were run.
func Runs(t testing.TB, dir string) int { t.Helper(); return strings.Count(Calls(t, dir), "\n") }

// Flag returns the value that follows a flag, as a word of its own or behind an equals sign; "" where it is not given.
func (p *Process) Flag(name string) string {
	for i, arg := range p.Args {
		if value, ok := strings.CutPrefix(arg, name+"="); ok {
			return value
		}
		if arg == name && i+1 < len(p.Args) {
			return p.Args[i+1]
		}
	}
	return ""
}

// Files are the files of a project: their contents, by path.
type Files map[string]string

// List returns the paths.
func (f Files) List() []string {
	var paths []string
	for path := range f {
		paths = append(paths, path)
	}
	return paths
}

// Read returns the content of one.
func (f Files) Read(path string) ([]byte, bool) {
	text, ok := f[path]
	return []byte(text), ok
}
