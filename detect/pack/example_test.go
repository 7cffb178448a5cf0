package pack_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/detect/pack"
)

// exampleRepository makes a repository with one commit that holds a key.
func exampleRepository() (dir string, git func(stdin string, args ...string) []byte) {
	dir, err := os.MkdirTemp("", "rekey-example-*")
	if err != nil {
		panic(err)
	}
	git = func(stdin string, args ...string) []byte {
		cmd := exec.Command("git", append([]string{"-c", "user.name=Ann", "-c", "user.email=ann@example.org"}, args...)...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
		out, err := cmd.Output()
		if err != nil {
			panic(fmt.Sprint(args, err))
		}
		return out
	}
	git("", "init", "-q", "-b", "main")
	text := "CLERK_SECRET_KEY=" + detecttest.Key(1, detect.Live) + "\n"
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(text), 0o600); err != nil {
		panic(err)
	}
	git("", "add", "-A")
	git("", "commit", "-q", "-m", "Settings")
	return dir, git
}

func show(report pack.Report) {
	for _, s := range report.Sightings {
		fmt.Println(s.Path, s.Finding.Place.Line, s.Finding.Kind, s.Author.Name)
	}
	fmt.Println(report.Stats.Blobs, "blob,", report.Stats.Commits, "commit")
}

func ExampleOpen() {
	dir, git := exampleRepository()
	defer os.RemoveAll(dir)
	packed := git("HEAD\n", "pack-objects", "--revs", "--stdout", "-q") // as a server sends it
	head := strings.TrimSpace(string(git("", "rev-parse", "HEAD")))

	p, err := pack.Open(context.Background(), bytes.NewReader(packed), pack.Options{})
	if err != nil {
		panic(err)
	}
	defer p.Close()
	report, err := p.Scan(context.Background(), detect.New(detect.Options{}), pack.Range{Heads: []string{head}})
	if err != nil {
		panic(err)
	}
	show(report)
	// Output:
	// .env 1 secret_key Ann
	// 1 blob, 1 commit
}

func ExampleOpenRepository() {
	dir, _ := exampleRepository()
	defer os.RemoveAll(dir)

	r, err := pack.OpenRepository(context.Background(), dir, pack.Options{})
	if err != nil {
		panic(err)
	}
	defer r.Close()
	report, err := r.Scan(context.Background(), detect.New(detect.Options{}), pack.Range{})
	if err != nil {
		panic(err)
	}
	show(report)
	// Output:
	// .env 1 secret_key Ann
	// 1 blob, 1 commit
}
