package destinationtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Process is a run of a program that stands in for a vendor's.
type Process struct {
	Args  []string // without the program's name
	Input []byte   // all of standard input
	Dir   string   // where the program keeps what it has to remember: no other process is told of it
	Out   io.Writer
	Err   io.Writer
}

// Program stands in for a vendor's command-line program, and returns its exit status.
type Program func(p *Process) int

// callsFile keeps what was seen of each run by whoever looks at the machine: arguments and environment, not standard input.
const callsFile = "calls.jsonl"

// Main runs the tests of a package whose driver uses programs: call it in TestMain. Where the test binary was started under the name of one of
// the programs, it is that program.
func Main(m *testing.M, programs map[string]Program) {
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	program, is := programs[name]
	if !is {
		os.Exit(m.Run())
	}
	dir := filepath.Dir(os.Args[0])
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		os.Exit(70)
	}
	seen, err := json.Marshal(map[string]any{"program": name, "args": os.Args[1:], "env": os.Environ()})
	if err != nil {
		os.Exit(70)
	}
	calls, err := os.OpenFile(filepath.Join(dir, callsFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		os.Exit(70)
	}
	if _, err := calls.Write(append(seen, '\n')); err != nil || calls.Close() != nil {
		os.Exit(70)
	}
	// os.Exit would wait for a second where races are looked for.
	syscall.Exit(program(&Process{Args: os.Args[1:], Input: input, Dir: dir, Out: os.Stdout, Err: os.Stderr}))
}

// Install puts programs into a directory, which is what the PATH should be. The packages' TestMain must call [Main] with them.
func Install(t testing.TB, names ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Calls returns what everybody on the machine could see of the programs in that directory: their arguments and their environments.
func Calls(t testing.TB, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, callsFile))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

// Complaint is an error in a program's own words.
type Complaint string //nolint:errname // what a program says

// Error returns them.
func (c Complaint) Error() string { return string(c) }

// Serve runs a program that keeps what it has to remember as T: what it refuses is written to standard error behind the prefix, and ends it with the
// status. What it changed is kept even then.
func Serve[T any](p *Process, prefix string, status int, run func(*Process, *T) error) int {
	var refused error
	err := Remember(p.Dir, func(memory *T) error { refused = run(p, memory); return nil })
	if err = cmp.Or(refused, err); err != nil {
		fmt.Fprintln(p.Err, prefix+err.Error())
		return status
	}
	return 0
}
