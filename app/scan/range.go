package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rekey-app/rekey/app/excerpt"
	"github.com/rekey-app/rekey/app/scan/worktree"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/pack"
)

// ranges looks through the commits of a range in each repository: what each commit brought, and its message.
func (c *collector) ranges(ctx context.Context, o Options) error {
	from, to, ok := strings.Cut(o.Range, "..")
	if !ok || strings.HasPrefix(to, ".") || strings.HasPrefix(from, "-") {
		return fmt.Errorf("--range %s: write A..B, such as origin/main..HEAD, for the commits that are in B but not in A", o.Range)
	}
	for _, dir := range o.Paths {
		several := ""
		if len(o.Paths) > 1 {
			several = dir
		}
		if err := c.rangeIn(ctx, dir, several, from, to, o); err != nil {
			return fmt.Errorf("--range %s: %w", o.Range, err)
		}
	}
	return nil
}

func (c *collector) rangeIn(ctx context.Context, dir, name, from, to string, o Options) error {
	getenv := o.Getenv
	if dir != "." {
		getenv = nil
	}
	tree, err := worktree.OpenAny(dir, getenv)
	if err != nil {
		return err
	}
	defer tree.Close()
	start, err := tree.Revision(from)
	if err != nil {
		return err
	}
	end, err := tree.Revision(to)
	if err != nil || end == "" {
		return err
	}
	commits, err := tree.Between(ctx, start, end)
	if errors.Is(err, worktree.ErrMissing) {
		return fmt.Errorf("%w: fetch it first (GitHub Actions: fetch-depth: 0, GitLab: GIT_DEPTH: 0)", err)
	}
	if err != nil {
		return err
	}
	r := ranger{collector: c, tree: tree, repository: name, ref: to, read: map[worktree.File]readFile{}}
	if r.ref == "" {
		r.ref = "HEAD"
	}
	if r.head, err = tree.Commit(end); err != nil {
		return err
	}
	for _, commit := range commits {
		if err := r.commit(ctx, commit); err != nil {
			return err
		}
	}
	c.commits += len(commits)
	read := c.meter.Progress()
	c.blobs, c.blobBytes = read.Files, read.Bytes
	return nil
}

// ranger reads the commits of one range. A file that several commits brought is read once.
type ranger struct {
	*collector
	tree       *worktree.Tree
	repository string
	ref        string // the end of the range, as it was named
	head       worktree.Commit
	known      func(object string) bool // what is not told, since it is not new; nil for nothing
	read       map[worktree.File]readFile
}

type readFile struct {
	findings []detect.Finding
	shown    []excerpt.Excerpt
}

func (r *ranger) commit(ctx context.Context, commit worktree.Commit) error {
	hit := Hit{Repository: r.repository, Commit: commit.ID.String(), Author: commit.Author}
	if commit.ParentsGone {
		r.problem(Problem{Path: commit.ID.String(), Reason: "shallow clone", Part: true, Absent: pack.ShallowClone, Count: 1})
	}
	message := r.scanner.Examine(ctx, "", commit.Text)
	shown := excerpt.All(bytes.NewReader(commit.Text), message.Findings)
	for i, f := range message.Findings {
		h := hit
		h.Finding, h.File, h.NoFile, h.Blob, h.Excerpt = f, CommitMessage, true, h.Commit, shown[i]
		if commit.ID == r.head.ID {
			h.Refs = []string{r.ref}
		}
		r.add(ctx, h)
	}
	files, err := r.tree.Introduced(ctx, commit)
	if err != nil {
		return err
	}
	for _, f := range files {
		if r.known != nil && r.known(f.ID.String()) {
			continue
		}
		was, known := r.read[f]
		if !known {
			result, shown, err := r.examineObject(ctx, r.tree, f.Path, f.ID, true)
			if errors.Is(err, worktree.ErrMissing) {
				r.problem(Problem{Path: f.Path, Reason: "partial clone", Part: true, Absent: pack.PartialClone, Count: 1})
				continue
			}
			if err != nil {
				return err
			}
			was = readFile{result.Findings, shown}
			r.read[f] = was
		}
		for i, finding := range was.findings {
			h := hit
			h.Finding, h.Blob, h.Excerpt = finding, f.ID.String(), was.shown[i]
			h.File, h.NoFile = noteOn(f.Path, r.has)
			if r.tree.Holds(r.head, f) {
				h.Refs = []string{r.ref}
			}
			r.add(ctx, h)
		}
	}
	return nil
}

// has reports whether the repository has an object.
func (r *ranger) has(object string) bool {
	id, ok := r.tree.ParseID(object)
	if !ok {
		return false
	}
	o, err := r.tree.Object(id)
	if err == nil {
		o.Close()
	}
	return err == nil
}

// pathOfMissing returns where an object would be that a partial clone lacks; its id where that is not found.
func pathOfMissing(ctx context.Context, repository, object string) string {
	tree, err := worktree.OpenAny(repository, nil)
	if err != nil {
		return object
	}
	defer tree.Close()
	id, ok := tree.ParseID(object)
	if !ok {
		return object
	}
	if path := tree.PathOf(ctx, id); path != "" {
		return path
	}
	return object
}
