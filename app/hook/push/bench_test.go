package push_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/hook/git"
	"github.com/rekey-app/rekey/app/hook/push"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/pack/gittest"
)

// history makes a repository of so many commits, each of which changes one of 900 files of some 3 KB in 40 directories.
func history(b *testing.B, commits int) gittest.Repo {
	b.Helper()
	r := gittest.New(b)
	random := rand.New(rand.NewPCG(1, 2))
	var in strings.Builder
	for i := range commits {
		var text strings.Builder
		for range 40 {
			for range 8 {
				fmt.Fprintf(&text, "%x ", random.Uint32())
			}
			text.WriteByte('\n')
		}
		fmt.Fprintf(&in, "commit refs/heads/main\ncommitter A <a@example.org> %d +0000\ndata 7\nchange\n\nM 100644 inline src/d%d/f%d.ts\ndata %d\n%s\n\n",
			1_700_000_000+i, i%40, i%900, text.Len(), text.String())
	}
	r.Git(in.String(), "fast-import", "--quiet")
	return r
}

// BenchmarkReceived is a push of 10,000 commits as a server's pre-receive hook sees it: 40,000 objects in a pack in quarantine.
func BenchmarkReceived(b *testing.B) {
	r := history(b, 10_000)
	server := b.TempDir()
	r.Git("", "init", "-q", "--bare", server)
	head := strings.TrimSpace(r.Git("", "rev-parse", "main"))
	quarantine := filepath.Join(server, "objects", "tmp_objdir-incoming")
	if err := os.MkdirAll(filepath.Join(quarantine, "pack"), 0o777); err != nil {
		b.Fatal(err)
	}
	r.Git(head+"\n", "pack-objects", "--revs", "-q", "--delta-base-offset", filepath.Join(quarantine, "pack", "pack"))
	env := map[string]string{"GIT_QUARANTINE_PATH": quarantine, "GIT_OBJECT_DIRECTORY": quarantine}
	repository := push.Repository{Git: git.Git{Dir: server}, Dir: server, Getenv: func(name string) string { return env[name] }, Now: time.Now}
	for b.Loop() {
		verdict, err := repository.ReadReceived(b.Context(), detect.New(detect.Options{}), "", []push.Update{{Ref: "refs/heads/main", New: head}})
		if err != nil || len(verdict.Refused()) > 0 || verdict.Result.Commits != 10_000 {
			b.Fatalf("%d commits, %v", verdict.Result.Commits, err)
		}
	}
}

// BenchmarkLocal is a push of ten commits as the pre-push hook sees it, in a repository of 10,000.
func BenchmarkLocal(b *testing.B) {
	r := history(b, 10_000)
	head, before := strings.TrimSpace(r.Git("", "rev-parse", "main")), strings.TrimSpace(r.Git("", "rev-parse", "main~10"))
	r.Git("", "update-ref", "refs/remotes/origin/main", before)
	repository := push.Repository{Git: git.Git{Dir: r.Dir}, Dir: r.Dir, Getenv: func(string) string { return "" }, Now: time.Now}
	for b.Loop() {
		verdict, err := repository.ReadLocal(b.Context(), detect.New(detect.Options{}), "origin", "", []push.Update{
			{Ref: "refs/heads/main", Local: "refs/heads/main", New: head, Old: before},
		})
		if err != nil || len(verdict.Refused()) > 0 || verdict.Result.Commits != 10 {
			b.Fatalf("%d commits, %v", verdict.Result.Commits, err)
		}
	}
}
