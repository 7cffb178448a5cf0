package push

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/app/scan"
	"github.com/rekey-app/rekey/app/scan/worktree"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/pack/gitdir"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/policy"
)

// ReadReceived looks through what a server was sent and has not accepted yet: the new objects in git's quarantine, and what pushed
// ids reach that the server has already, but no ref of its. policyFile is the policy of whoever runs the server; "" is none.
func (r Repository) ReadReceived(ctx context.Context, s *detect.Scanner, policyFile string, updates []Update) (Verdict, error) {
	verdict := Verdict{Updates: news(updates), Server: true, notAll: true}
	if len(verdict.Updates) == 0 {
		return verdict, nil
	}
	own, err := readPolicy(policyFile)
	if err != nil {
		return verdict, err
	}
	if own.FailOn != nil {
		verdict.FailOn = *own.FailOn
	}
	// The repository as it was before this push: without the quarantine, which git names as the directory of objects.
	before, err := worktree.OpenAny(r.Dir, func(name string) string {
		if name == "GIT_OBJECT_DIRECTORY" {
			return ""
		}
		return r.Getenv(name)
	})
	if err != nil {
		return verdict, err
	}
	defer before.Close()
	allow, err := r.defaultPolicy(ctx, before)
	if mistake, ok := errors.AsType[*policy.Error](err); ok {
		verdict.Notes = append(verdict.Notes, "The default branch's policy is ignored until it is fixed: "+mistake.Error())
	} else if err != nil {
		return verdict, err
	}
	pushed := scan.Pushed{Dir: r.Dir, Server: true, Allow: respond.AllowList{
		Fingerprints: append(own.Allow.Fingerprints, allow.Fingerprints...), Paths: append(own.Allow.Paths, allow.Paths...),
	}}
	if err := r.readNew(ctx, s, before, &verdict, pushed); err != nil {
		return verdict, err
	}
	r.plan(ctx, &verdict)
	return verdict, nil
}

// readNew looks through the quarantine, where there is one. Ids that the server had before are not in it: a branch that is made of
// another, or commits that the server made itself before it moves a ref, as by an API.
func (r Repository) readNew(ctx context.Context, s *detect.Scanner, before *worktree.Tree, verdict *Verdict, pushed scan.Pushed) error {
	dir := r.quarantine(before.Common)
	var had []Update
	for _, u := range verdict.Updates {
		if _, ok := before.ParseID(u.New); !ok {
			return fmt.Errorf("%w: %s is not an ID of this repository's format", ErrInput, u.New)
		}
		verdict.revisions += u.New + "\n"
		if dir == "" || hasObject(before, u.New) {
			had = append(had, u)
		}
	}
	if _, sha1 := before.ParseID(strings.Repeat("0", 40)); !sha1 {
		if len(had) == 0 {
			pushed.Known = func(id string) bool { return hasObject(before, id) }
		}
		return r.readCommits(ctx, s, verdict, pushed)
	}
	if dir != "" {
		quarantined := pushed
		quarantined.Objects, quarantined.Known = dir, func(id string) bool { return hasObject(before, id) }
		var err error
		if verdict.Result, err = r.scan(ctx, s, quarantined); err != nil {
			return err
		}
	}
	if len(had) == 0 {
		return nil
	}
	has, err := r.Git.Output(ctx, "", "rev-list", "--no-walk=unsorted", "--all", "--alternate-refs")
	if err != nil {
		return err
	}
	result, err := r.readReachable(ctx, s, revisions(had, strings.Fields(has)), pushed)
	verdict.Result.Hits = append(verdict.Result.Hits, result.Hits...)
	verdict.Result.Problems = append(verdict.Result.Problems, result.Problems...)
	verdict.Result.Commits += result.Commits
	return err
}

// readCommits looks through the commits that no ref of the server has, one by one.
func (r Repository) readCommits(ctx context.Context, s *detect.Scanner, verdict *Verdict, pushed scan.Pushed) error {
	out, err := r.Git.Output(ctx, verdict.revisions, "rev-list", "--stdin", "--not", "--all", "--alternate-refs")
	if err != nil {
		return err
	}
	pushed.Commits = strings.Fields(out)
	tree, err := worktree.OpenAny(r.Dir, r.Getenv)
	if err != nil {
		return err
	}
	defer tree.Close()
	for _, u := range verdict.Updates {
		pushed.Tags = append(pushed.Tags, tagsAt(tree, u.New)...)
	}
	verdict.Result, err = r.scan(ctx, s, pushed)
	return err
}

// quarantine returns the directory in which git keeps what is pushed until its hooks have accepted it; "" where there is none, as
// where a server makes a commit by itself.
func (r Repository) quarantine(common string) string {
	dir := r.Getenv("GIT_QUARANTINE_PATH")
	if dir == "" {
		dir = r.Getenv("GIT_OBJECT_DIRECTORY")
	}
	if dir == "" {
		return ""
	}
	start, err := filepath.Abs(r.Dir)
	if err != nil {
		start = r.Dir
	}
	dir = gitdir.Under(start, dir)
	main, err := os.Stat(filepath.Join(common, "objects"))
	if err != nil {
		return dir
	}
	if info, err := os.Stat(dir); err == nil && os.SameFile(info, main) {
		return ""
	}
	return dir
}

// readPolicy reads the policy of whoever runs the server. Its fingerprints count for production keys.
func readPolicy(name string) (policy.File, error) {
	if name == "" {
		return policy.File{}, nil
	}
	text, err := gitdir.Read(name, policy.MaxSize)
	if err != nil {
		return policy.File{}, fmt.Errorf("--policy: %w", err)
	}
	file, err := policy.Parse(text)
	if err != nil {
		return policy.File{}, fmt.Errorf("--policy %s: %s", name, err.Error())
	}
	for i := range file.Allow.Fingerprints {
		file.Allow.Fingerprints[i].Production = true
	}
	return file, nil
}

// defaultPolicy reads what .github/rekey.yml of the default branch allows, as it was before this push. Nothing in it counts for
// production keys. Errors are a [*policy.Error] where it is malformed.
func (r Repository) defaultPolicy(ctx context.Context, before *worktree.Tree) (allow respond.AllowList, err error) {
	text, err := policyIn(before)
	if err != nil { // the server's refs may be stored in a way that only git reads
		if text, err = r.policyByGit(ctx); err != nil {
			return allow, err
		}
	}
	if len(text) == 0 {
		return allow, nil
	}
	file, err := policy.Parse(text)
	return file.Allow, err
}

// policyIn reads the policy that HEAD has; nil where there is none.
func policyIn(tree *worktree.Tree) ([]byte, error) {
	if !tree.HasCommit() {
		return nil, errors.New("HEAD names no commit")
	}
	head, err := tree.Revision("HEAD")
	if err != nil {
		return nil, err
	}
	commit, err := tree.Commit(head)
	if err != nil {
		return nil, err
	}
	id, ok := tree.FileAt(commit, respond.PolicyPath)
	if !ok {
		return nil, nil
	}
	object, err := tree.Object(id)
	if err != nil {
		return nil, err
	}
	defer object.Close()
	return readSmall(object, object.Size)
}

func readSmall(r io.Reader, size int64) ([]byte, error) {
	if size > policy.MaxSize {
		return nil, &policy.Error{Message: "the file is larger than a policy may be: shorten it"}
	}
	text := make([]byte, size)
	_, err := io.ReadFull(r, text)
	return text, err
}

func (r Repository) policyByGit(ctx context.Context) (text []byte, err error) {
	err = r.Git.Stream(ctx, "HEAD:"+respond.PolicyPath+"\n", func(out io.Reader) error {
		lines := bufio.NewReader(out)
		head, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		fields := strings.Fields(head)
		if len(fields) != 3 || fields[1] != "blob" { // "missing"
			return nil
		}
		size, err := strconv.ParseInt(fields[2], 10, 64)
		if err == nil {
			text, err = readSmall(lines, size)
		}
		return err
	}, "cat-file", "--batch")
	if errors.Is(err, exec.ErrNotFound) { // no default branch that rekey can read, and nobody to ask
		return nil, nil
	}
	return text, err
}
