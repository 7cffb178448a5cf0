package pack_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/pack"
)

// TestFilesAreThoseOfGit lists a commit's files from the pack of a fetch without blobs.
func TestFilesAreThoseOfGit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	git := func(stdin string, args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@b.c"}, args...)...)
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
		return string(out)
	}
	git("", "init", "-q")
	for _, path := range []string{"package.json", "apps/web/.env", "apps/web/fly.toml", "deep/er/and/deeper/x"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, path), []byte(path), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("package.json", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	git("", "add", "-A")
	git("", "commit", "-qm", "all")
	head := strings.TrimSpace(git("", "rev-parse", "HEAD"))
	packed := git(head+"\n", "pack-objects", "--revs", "--stdout", "--filter=blob:none", "-q")
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
	for line := range strings.Lines(git("", "ls-tree", "-r", "HEAD")) {
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
