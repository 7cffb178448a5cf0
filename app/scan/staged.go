package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rekey-app/rekey/app/scan/worktree"
	"github.com/rekey-app/rekey/detect"
)

// staged looks through what a commit would add: the files in the index that differ from HEAD. A credential that HEAD's
// version of the file holds already is not new, nor is one that moved from another file; histories tell of these.
func (c *collector) staged(ctx context.Context, o Options) error {
	for _, dir := range o.Paths {
		several := ""
		if len(o.Paths) > 1 {
			several = dir
		}
		if err := c.stagedIn(ctx, dir, several); err != nil {
			return err
		}
	}
	return nil
}

// stagedIn looks through one repository. Where it is one of several, its hits tell its name.
func (c *collector) stagedIn(ctx context.Context, dir, name string) error {
	getenv := os.Getenv // as git tells its hooks
	if filepath.Clean(dir) != "." {
		getenv = nil
	}
	tree, err := worktree.Open(dir, getenv)
	if err != nil {
		return err
	}
	defer tree.Close()
	changes, err := tree.Staged(ctx)
	if err != nil {
		return err
	}
	return c.examineChanges(ctx, tree, changes, name)
}

// examined is what the two sides of a change hold.
type examined struct {
	before, after map[string]bool // fingerprints
	hits          []Hit
}

func (c *collector) examineChanges(ctx context.Context, tree *worktree.Tree, changes []worktree.Change, repository string) error {
	// Deleted and changed files tell what only moved.
	moved := map[string]bool{}
	all := make([]examined, len(changes))
	for i, ch := range changes {
		e := &all[i]
		e.before, e.after = map[string]bool{}, map[string]bool{}
		if err := ctx.Err(); err != nil {
			return err
		}
		if ch.Unmerged {
			c.problem(Problem{Path: ch.Path, Reason: "unmerged: resolve the conflict and stage it"})
			continue
		}
		if ch.After != "" {
			result, shown, err := c.examineObject(ctx, tree, ch.Path, ch.After, true)
			if err != nil {
				return err
			}
			for n, f := range result.Findings {
				e.after[f.Secret.Fingerprint()] = true
				e.hits = append(e.hits, Hit{Finding: f, Repository: repository, File: ch.Path, Blob: ch.After.String(), Excerpt: shown[n]})
			}
		}
		if ch.Before != "" {
			result, _, err := c.examineObject(ctx, tree, ch.Path, ch.Before, false)
			if err != nil && !errors.Is(err, worktree.ErrMissing) { // a partial clone; what is found then is taken for new
				return err
			}
			for _, f := range result.Findings {
				e.before[f.Secret.Fingerprint()] = true
			}
		}
		for fingerprint := range e.before {
			if !e.after[fingerprint] {
				moved[fingerprint] = true
			}
		}
	}
	for _, e := range all {
		for _, h := range e.hits {
			if fingerprint := h.Secret.Fingerprint(); !e.before[fingerprint] && !moved[fingerprint] {
				c.add(ctx, h)
			}
		}
	}
	return nil
}

// examineObject looks through one object. Large ones are read as a stream, without their lines. What is staged is
// counted, what was there before is not.
func (c *collector) examineObject(
	ctx context.Context, tree *worktree.Tree, path string, id worktree.ID, count bool,
) (result detect.Result, shown []Excerpt, err error) {
	object, err := tree.Object(id)
	if err != nil {
		return detect.Result{}, nil, fmt.Errorf("%s: %w", path, err)
	}
	defer object.Close()
	var again io.ReaderAt
	if object.Size <= largestShown {
		text, err := io.ReadAll(object)
		if err != nil {
			return detect.Result{}, nil, fmt.Errorf("%s: %w", path, err)
		}
		result = c.scanner.Examine(ctx, path, text)
		again = bytes.NewReader(text)
	} else if result, err = c.scanner.ExamineReader(ctx, path, object); err != nil {
		return detect.Result{}, nil, fmt.Errorf("%s: %w", path, err)
	}
	if count {
		c.meter.add(1, object.Size, 0)
		c.skipped("", path, result.Skipped)
	}
	shown = make([]Excerpt, len(result.Findings))
	if len(shown) > 0 && again != nil && !isArchive(again) {
		shown = excerpts(again, result.Findings)
	}
	return result, shown, nil
}
