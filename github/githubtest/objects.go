package githubtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// A process of git takes milliseconds, and tests ask for thousands: what git has said of an object, which never changes, is kept, and refs
// that lie in files of their own are read without it.

// Limits of what is kept of a repository.
const (
	maxKept      = 64 << 10 // bytes of an answer; larger ones are asked for again
	maxKeptCount = 2048     // of answers; then all are forgotten
)

// answers are what git has said. They may be used at once by many.
type answers struct {
	mu   sync.Mutex
	kept map[string]string
}

// fixed runs git as [Server.git] does, with arguments whose answer never changes: each revision in them is a whole object id. What git
// has refused is asked again, as the object may come.
func (r *Repository) fixed(args ...string) (string, error) {
	key := strings.Join(args, "\x00")
	r.answers.mu.Lock()
	out, found := r.answers.kept[key]
	r.answers.mu.Unlock()
	if found {
		return out, nil
	}
	out, err := r.s.git(r.dir, nil, args...)
	if err != nil || len(out) > maxKept {
		return out, err
	}
	r.answers.mu.Lock()
	defer r.answers.mu.Unlock()
	if r.answers.kept == nil || len(r.answers.kept) == maxKeptCount {
		r.answers.kept = map[string]string{}
	}
	r.answers.kept[key] = out
	return out, nil
}

// about runs git with arguments that depend on one revision: kept where it is a whole object id.
func (r *Repository) about(revision string, args ...string) (string, error) {
	if objectID.MatchString(revision) {
		return r.fixed(args...)
	}
	return r.s.git(r.dir, nil, args...)
}

var (
	objectID = regexp.MustCompile(`^[0-9a-f]{40}$`)
	// Names that mean nothing but a ref: @ { ~ ^ : and .. have meanings for git, as has the -g of git describe.
	plainRef = regexp.MustCompile(`^refs/[A-Za-z0-9_+=-]+(?:[./][A-Za-z0-9_+=-]+)*$`)
)

// commitOf is what git rev-parse says of a ref's commit.
func (r *Repository) commitOf(ref string) (sha string, found bool) {
	if plainRef.MatchString(ref) && !strings.Contains(ref, "-g") {
		switch text, err := os.ReadFile(r.file(ref)); {
		case err == nil:
			if sha := strings.TrimSpace(string(text)); r.hasCommit(sha) { // else a symbolic ref, or an annotated tag
				return sha, true
			}
		case r.nowhere(ref):
			return "", false
		}
	}
	out, err := r.s.git(r.dir, nil, "rev-parse", "--verify", "--quiet", ref+"^{commit}")
	return strings.TrimSpace(out), err == nil
}

// nowhere reports whether git finds no such ref in any of the places where it looks for one.
func (r *Repository) nowhere(ref string) bool {
	for _, name := range []string{"packed-refs", "reftable", ref, "refs/" + ref, "refs/tags/" + ref, "refs/heads/" + ref, "refs/remotes/" + ref} {
		if info, err := os.Lstat(r.file(name)); !os.IsNotExist(err) && (err != nil || !info.IsDir() || name != ref) {
			return false
		}
	}
	return true
}

func (r *Repository) file(name string) string { return filepath.Join(r.dir, filepath.FromSlash(name)) }
