package local

import (
	"context"
	"fmt"
	"slices"

	"github.com/rekey-app/rekey/app/scan/worktree"
	"github.com/rekey-app/rekey/respond"
)

// commit is the tree of a commit. It is used by one goroutine.
type commit struct {
	git    *worktree.Tree
	ids    map[string]worktree.ID
	paths  []string
	texts  map[string][]byte
	failed []Problem
}

func openCommit(ctx context.Context, dir, ref string) (source, error) {
	git, err := worktree.OpenAny(dir, nil)
	if err != nil {
		return nil, err
	}
	c := &commit{git: git, ids: map[string]worktree.ID{}, texts: map[string][]byte{}}
	if err := c.list(ctx, ref); err != nil {
		git.Close()
		return nil, err
	}
	return c, nil
}

func (c *commit) list(ctx context.Context, ref string) error {
	id, err := c.git.Revision(ref)
	if err != nil {
		return fmt.Errorf("--ref: %w", err)
	}
	if id == "" {
		return fmt.Errorf("--ref %s is no commit", ref)
	}
	at, err := c.git.Commit(id)
	if err != nil {
		return err
	}
	files, err := c.git.Files(ctx, at)
	for _, file := range files {
		c.ids[file.Path] = file.ID
		c.paths = append(c.paths, file.Path)
	}
	slices.Sort(c.paths)
	return err
}

func (c *commit) Paths() []string      { return c.paths }
func (c *commit) Whole() bool          { return true }
func (c *commit) focus() []string      { return nil }
func (c *commit) name(p string) string { return p }
func (c *commit) problems() []Problem  { return c.failed }
func (c *commit) read() int            { return known(c.texts) }
func (c *commit) close()               { c.git.Close() }

// Read reads a file once.
func (c *commit) Read(p string) ([]byte, bool) {
	if text, known := c.texts[p]; known {
		return text, text != nil
	}
	text, err := c.git.Blob(c.ids[p], maxFile)
	if err != nil {
		c.failed = append(c.failed, Problem{Name: p, Reason: err.Error()})
		c.texts[p] = nil
		return nil, false
	}
	if text == nil {
		text = []byte{}
	}
	c.texts[p] = text
	return text, true
}

func (c *commit) policy() []byte {
	if _, there := c.ids[respond.PolicyPath]; !there {
		return nil
	}
	text, _ := c.Read(respond.PolicyPath)
	return text
}
