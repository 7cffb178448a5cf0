package pack_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/detect/pack/gittest"
)

// TestFilesAreThoseOfGit lists a commit's files from the pack of a fetch without blobs.
func TestFilesAreThoseOfGit(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	for _, path := range []string{"package.json", "apps/web/.env", "apps/web/fly.toml", "deep/er/and/deeper/x"} {
		r.Write(path, path)
	}
	if err := os.Symlink("package.json", filepath.Join(r.Dir, "link")); err != nil {
		t.Fatal(err)
	}
	head := r.Commit("all", nil)
	packed := r.Git(head+"\n", "pack-objects", "--revs", "--stdout", "--filter=blob:none", "-q")
	p, err := pack.Open(t.Context(), bytes.NewReader([]byte(packed)), pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	files, err := p.Files(t.Context(), head, 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, f.Blob+" "+f.Path)
	}
	var want []string
	for line := range strings.Lines(r.Git("", "ls-tree", "-r", "HEAD")) {
		fields := strings.Fields(line)
		if fields[0] != "120000" {
			want = append(want, fields[2]+" "+fields[3])
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if few, err := p.Files(t.Context(), head, 1); err != nil || len(few) != 1 || few[0].Path != "package.json" {
		t.Errorf("limited to one: %v, %v", few, err)
	}
}
