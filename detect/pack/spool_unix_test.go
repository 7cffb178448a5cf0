//go:build unix

package pack

import (
	"bytes"
	"os"
	"testing"
)

// TestSpooledPacksHaveNoName: what a kill leaves in the directory is nothing, and nobody else can read what is in the file meanwhile.
func TestSpooledPacksHaveNoName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := &spool{dir: dir, limit: 1 << 10}
	content := bytes.Repeat([]byte("pushed\n"), 1<<10)
	for half := range 2 {
		if n, err := s.Write(content[half*len(content)/2:][:len(content)/2]); err != nil || n != len(content)/2 {
			t.Fatal(n, err)
		}
		left, err := os.ReadDir(dir)
		if err != nil || len(left) != 0 {
			t.Errorf("%v, %v in the directory", left, err)
		}
	}
	info, err := s.file.Stat()
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if data, err := s.bytes(); err != nil || !bytes.Equal(data, content) {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}
