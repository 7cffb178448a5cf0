package push

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/hook/git"
	"github.com/rekey-app/rekey/app/scan"
	"github.com/rekey-app/rekey/app/scan/worktree"
	"github.com/rekey-app/rekey/detect"
)

// Repository is where a hook runs.
type Repository struct {
	Git    git.Git
	Dir    string              // the current directory of the hook
	Getenv func(string) string // as git tells its hooks
	Now    func() time.Time
}

// ReadLocal looks through what a push to the remote would bring: all that the pushed ids reach, and neither what the remote's refs
// reach that the push names, nor the refs under refs/remotes of that remote. url is where the push goes; the remote's name is the url
// too where a push names no remote.
func (r Repository) ReadLocal(ctx context.Context, s *detect.Scanner, remote, url string, updates []Update) (Verdict, error) {
	verdict := Verdict{Updates: news(updates)}
	if len(verdict.Updates) == 0 {
		return verdict, nil
	}
	tree, err := worktree.OpenAny(r.Dir, r.Getenv)
	if err != nil {
		return verdict, err
	}
	defer tree.Close()
	has, err := r.remoteHas(ctx, tree, remote, url, updates)
	if err != nil {
		return verdict, err
	}
	for _, u := range verdict.Updates {
		if _, ok := tree.ParseID(u.New); !ok {
			return verdict, fmt.Errorf("%w: %s is not an ID of this repository's format", ErrInput, u.New)
		}
	}
	verdict.revisions = revisions(verdict.Updates, has)
	pushed := scan.Pushed{Dir: r.Dir}
	if _, sha1 := tree.ParseID(strings.Repeat("0", 40)); sha1 {
		verdict.Result, err = r.readReachable(ctx, s, verdict.revisions, pushed)
	} else {
		verdict.Result, err = r.readEach(ctx, s, tree, verdict, pushed)
	}
	if err != nil {
		return verdict, err
	}
	r.plan(ctx, &verdict)
	return verdict, nil
}

// news are the updates that may bring something.
func news(updates []Update) (all []Update) {
	for _, u := range updates {
		if u.New != "" && u.New != u.Old {
			all = append(all, u)
		}
	}
	return all
}

// remoteHas returns ids that the remote has, and with each all that it reaches.
func (r Repository) remoteHas(ctx context.Context, tree *worktree.Tree, remote, url string, updates []Update) ([]string, error) {
	var has []string
	for _, u := range updates {
		if u.Old != "" && hasObject(tree, u.Old) { // else it is unknown here, as where somebody else has pushed
			has = append(has, u.Old)
		}
	}
	tracked, err := r.tracked(ctx, remote)
	if err != nil || len(tracked) > 0 {
		return append(has, tracked...), err
	}
	out, err := r.Git.Output(ctx, "", "config", "--get-regexp", `^remote\..*\.(url|pushurl)$`)
	if err != nil && git.Status(err) != 1 { // 1: there are none
		return nil, err
	}
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		name := strings.TrimPrefix(key[:strings.LastIndexByte(key, '.')], "remote.")
		if name == remote || value != url && value != remote {
			continue
		}
		tracked, err := r.tracked(ctx, name)
		if err != nil {
			return nil, err
		}
		has = append(has, tracked...)
	}
	return has, nil
}

// tracked returns what refs/remotes/NAME has. A URL has nothing there.
func (r Repository) tracked(ctx context.Context, remote string) ([]string, error) {
	if remote == "" || strings.ContainsAny(remote, ":*?[\\^~ ") {
		return nil, nil
	}
	out, err := r.Git.Output(ctx, "", "for-each-ref", "--format=%(objectname)", "refs/remotes/"+remote+"/")
	return strings.Fields(out), err
}

func hasObject(tree *worktree.Tree, id string) bool {
	name, ok := tree.ParseID(id)
	if !ok {
		return false
	}
	object, err := tree.Object(name)
	if err != nil {
		return false
	}
	object.Close()
	return true
}

// revisions are what updates bring and has does not, as git rev-list reads them.
func revisions(updates []Update, has []string) string {
	var b strings.Builder
	for _, u := range updates {
		b.WriteString(u.New + "\n")
	}
	for _, id := range has {
		b.WriteString("^" + id + "\n")
	}
	return b.String()
}

func (r Repository) scan(ctx context.Context, s *detect.Scanner, pushed scan.Pushed) (scan.Result, error) {
	return scan.Run(ctx, s, scan.Options{Pushed: &pushed, Paths: []string{r.Dir}, Getenv: r.Getenv, Now: r.Now})
}

// readReachable looks through all objects of the revisions: what git push itself would send, but complete, and without the time
// that it takes to make it small.
func (r Repository) readReachable(ctx context.Context, s *detect.Scanner, revisions string, pushed scan.Pushed) (result scan.Result, err error) {
	err = r.Git.Stream(ctx, revisions, func(out io.Reader) (err error) {
		pushed.Pack = out
		result, err = r.scan(ctx, s, pushed)
		return err
	}, "pack-objects", "--revs", "--stdout", "--quiet", "--delta-base-offset", "--window=0", "--compression=0", "--missing=allow-promisor")
	return result, err
}

// readEach does the same commit by commit, where ids are SHA-256.
func (r Repository) readEach(ctx context.Context, s *detect.Scanner, tree *worktree.Tree, v Verdict, pushed scan.Pushed) (scan.Result, error) {
	out, err := r.Git.Output(ctx, v.revisions, "rev-list", "--stdin")
	if err != nil {
		return scan.Result{}, err
	}
	pushed.Commits = strings.Fields(out)
	for _, u := range v.Updates {
		pushed.Tags = append(pushed.Tags, tagsAt(tree, u.New)...)
	}
	return r.scan(ctx, s, pushed)
}

// mostTags is how many tags may be about one another.
const mostTags = 100

// tagsAt returns the annotated tag of that id, and those that it is about.
func tagsAt(tree *worktree.Tree, id string) (tags []string) {
	for range mostTags {
		name, ok := tree.ParseID(id)
		if !ok {
			break
		}
		object, err := tree.Object(name)
		if err != nil {
			break
		}
		var head [256]byte
		n, _ := io.ReadFull(object, head[:])
		object.Close()
		if object.Kind != "tag" {
			break
		}
		tags = append(tags, id)
		line, _, _ := strings.Cut(string(head[:n]), "\n")
		id = strings.TrimPrefix(line, "object ")
	}
	return tags
}
