//go:build unix

package gitdir_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/detect/pack/gitdir"
	"github.com/rekey-app/rekey/detect/pack/gittest"
)

// TestPipesAreNotWaitedFor puts pipes that nobody writes to in the places of git's files: who opens one waits for ever.
func TestPipesAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	r.Commit("first", map[string]string{"a": "text"})
	for _, name := range []string{"packed-refs", "shallow", "commondir", "objects/info/alternates", "refs/heads/pipe"} {
		path := filepath.Join(r.Dir, ".git", filepath.FromSlash(name))
		if err := syscall.Mkfifo(path, 0o666); err != nil && !errors.Is(err, fs.ErrExist) {
			t.Fatal(err)
		}
		if _, err := gitdir.Read(path, gitdir.MaxSmall); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	repository, err := pack.OpenRepository(t.Context(), r.Dir, pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	repository.Close()
}
