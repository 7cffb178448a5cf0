package scan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestShortReadsEndFilesOnlyWhereTheyMay: the kernel gives much of what is in /proc in pieces, whatever is asked for.
func TestShortReadsEndFilesOnlyWhereTheyMay(t *testing.T) {
	t.Parallel()
	const name = "smaps"
	want, err := os.ReadFile("/proc/self/" + name)
	if err != nil || len(want) < 2*smallestPage {
		t.Skip("no such file here:", err)
	}
	d := openDirectory("/proc/self", true)
	defer d.close()
	f, err := d.open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	// The file changes while the test runs, but not by half.
	if n, _ := readFull(f, make([]byte, bufferSize)); n < len(want)/2 {
		t.Errorf("%d bytes, want about %d", n, len(want))
	}
}

// TestNamesOfAnyLength: an entry's name has at most 255 bytes, a path may have many more.
func TestNamesOfAnyLength(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	long := strings.Repeat("n", 255)
	for range 4 {
		root = filepath.Join(root, long)
	}
	write(t, filepath.Join(root, long[:254]), "")
	write(t, filepath.Join(root, long), "")
	d := openDirectory(root, true)
	defer d.close()
	for _, name := range []string{long[:254], long} {
		f, err := d.open(name)
		if err != nil {
			t.Error(err)
			continue
		}
		f.close()
	}
	for name, want := range map[string]error{long + "n": unix.ENAMETOOLONG, "a\x00b": unix.EINVAL} {
		if _, err := d.open(name); err != want {
			t.Errorf("%d bytes: %v, want %v", len(name), err, want)
		}
	}
}
