package worktree

import (
	"flag"
	"os"
	"testing"

	"github.com/rekey-app/rekey/detect/pack/gittest"
)

// TestMain makes the properties, each run of which takes several runs of git, short by default. For more:
// go test -rapid.checks=1000.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "15"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// repo is a git repository made for a test.
type repo struct{ gittest.Repo }

func newRepo(t testing.TB) repo {
	t.Helper()
	return repo{gittest.New(t)}
}

func repoIn(tb gittest.TB, dir string) repo { return repo{gittest.Repo{TB: tb, Dir: dir}} }

func (r repo) open() *Tree {
	r.Helper()
	tree, err := Open(r.Dir, nil)
	if err != nil {
		r.Fatalf("%v", err)
	}
	return tree
}

// noUser is a machine without settings.
func noUser(name string) string {
	if name == "GIT_CONFIG_NOSYSTEM" {
		return "1"
	}
	return ""
}
