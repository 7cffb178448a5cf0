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
	if err := r.readReachable(ctx, s, tree, &verdict, has, scan.Pushed{Dir: r.Dir}); err != nil {
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

// readReachable looks through what the updates' new ids reach and has does not.
func (r Repository) readReachable(
	ctx context.Context, s *detect.Scanner, tree *worktree.Tree, verdict *Verdict, has []string, pushed scan.Pushed,
) error {
	var revisions strings.Builder
	for _, u := range verdict.Updates {
		if _, ok := tree.ParseID(u.New); !ok {
			return fmt.Errorf("%w: %s is not an ID of this repository's format", ErrInput, u.New)
		}
		revisions.WriteString(u.New + "\n")
	}
	for _, id := range has {
		revisions.WriteString("^" + id + "\n")
	}
	verdict.revisions = revisions.String()
	read := func() (err error) {
		verdict.Result, err = scan.Run(ctx, s, scan.Options{Pushed: &pushed, Paths: []string{r.Dir}, Getenv: r.Getenv, Now: r.Now})
		return err
	}
	if len(verdict.Updates[0].New) == 40 {
		// What git push itself would send, but complete, and without the time that it takes to make it small.
		return r.Git.Stream(ctx, verdict.revisions, func(out io.Reader) error {
			pushed.Pack = out
			return read()
		}, "pack-objects", "--revs", "--stdout", "--quiet", "--delta-base-offset", "--window=0", "--compression=0", "--missing=allow-promisor")
	}
	out, err := r.Git.Output(ctx, verdict.revisions, "rev-list", "--stdin")
	if err != nil {
		return err
	}
	pushed.Commits = strings.Fields(out)
	for _, u := range verdict.Updates {
		pushed.Tags = append(pushed.Tags, tagsAt(tree, u.New)...)
	}
	return read()
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
