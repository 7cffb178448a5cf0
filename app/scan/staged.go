package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rekey-app/rekey/app/excerpt"
	"github.com/rekey-app/rekey/app/scan/worktree"
	"github.com/rekey-app/rekey/detect"
)

// staged looks through what a commit would add: the files in the index that differ from HEAD. A credential that HEAD's
// version of the file holds already is not new, nor is one that moved from another file; histories tell of these.
func (c *collector) staged(ctx context.Context, o Options) error {
	repositories, files := stagedPaths(o.Paths)
	for _, dir := range repositories {
		several := ""
		if len(repositories) > 1 {
			several = dir
		}
		if err := c.stagedIn(ctx, dir, several, files[dir], o); err != nil {
			return err
		}
	}
	return nil
}

// stagedPaths sorts what was named: repositories, and files of the one that the current directory is in, ".", where there
// are any.
func stagedPaths(paths []string) (repositories []string, files map[string][]string) {
	files = map[string][]string{}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err == nil && info.IsDir() {
			repositories = append(repositories, path)
			continue
		}
		if files["."] == nil {
			repositories = append(repositories, ".")
		}
		files["."] = append(files["."], path)
	}
	return repositories, files
}

// stagedIn looks through one repository. Where it is one of several, its hits tell its name. If there are files, it looks
// through no others; one that does not differ from HEAD is read whole then.
func (c *collector) stagedIn(ctx context.Context, dir, name string, files []string, o Options) error {
	getenv := o.Getenv // as git tells its hooks
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
	s := stagedScan{collector: c, tree: tree, repository: name, command: unstageCommand(dir, tree)}
	if files != nil {
		if changes, err = s.named(changes, files); err != nil {
			return err
		}
	}
	return s.examine(ctx, changes)
}

// unstageCommand is what takes a file out of the next commit, but for the file.
func unstageCommand(dir string, tree *worktree.Tree) string {
	command := "git "
	if filepath.Clean(dir) != "." {
		command += "-C " + shellWord(dir) + " "
	}
	if !tree.HasCommit() {
		command += "rm --cached"
	} else {
		command += "restore --staged"
	}
	if here, err := filepath.Abs(dir); err == nil {
		if here, err = filepath.EvalSymlinks(here); err == nil {
			if top, err := filepath.EvalSymlinks(tree.Top); err == nil && here != top {
				return command + " :/" // from the top
			}
		}
	}
	return command + " "
}

// shellWord quotes a word for a shell where that is needed.
func shellWord(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/") == "" && s[0] != '-' {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// stagedScan looks through what is staged in one repository.
type stagedScan struct {
	*collector
	tree       *worktree.Tree
	repository string
	command    string
}

// named returns the changes of the files that were named, and as new the content of those that did not change.
func (s stagedScan) named(changes []worktree.Change, files []string) ([]worktree.Change, error) {
	byPath := map[string]worktree.Change{}
	for _, ch := range changes {
		byPath[ch.Path] = ch
	}
	entries, err := s.tree.Index()
	if err != nil {
		return nil, err
	}
	ids := map[string]worktree.ID{}
	for _, e := range entries {
		if e.Stage == 0 && !e.Later {
			ids[e.Path] = e.ID
		}
	}
	var out []worktree.Change
	for _, file := range files {
		path, err := s.tree.Path(file)
		if err != nil {
			return nil, err
		}
		if ch, changed := byPath[path]; changed {
			out = append(out, ch)
		} else if id, tracked := ids[path]; tracked {
			out = append(out, worktree.Change{Path: path, After: id, Unchanged: true})
		} else {
			s.unreadable(file, errors.New("not in the index: stage it with git add"))
		}
	}
	return out, nil
}

// examined is what the two sides of a change hold.
type examined struct {
	before, after map[string]bool // fingerprints
	hits          []Hit
}

func (s stagedScan) examine(ctx context.Context, changes []worktree.Change) error {
	// Deleted and changed files say what only moved.
	moved := map[string]bool{}
	all := make([]examined, len(changes))
	for i, ch := range changes {
		e := &all[i]
		e.before, e.after = map[string]bool{}, map[string]bool{}
		if err := ctx.Err(); err != nil {
			return err
		}
		if ch.Unmerged {
			s.problem(Problem{Path: ch.Path, Reason: "unmerged: resolve the conflict and stage it"})
			continue
		}
		if ch.After != "" {
			result, shown, err := s.examineObject(ctx, s.tree, ch.Path, ch.After, true)
			if err != nil {
				return err
			}
			for n, f := range result.Findings {
				e.after[f.Secret.Fingerprint()] = true
				h := Hit{Finding: f, Repository: s.repository, File: ch.Path, Blob: ch.After.String(), Excerpt: shown[n]}
				if !ch.Unchanged {
					h.Unstage = s.command + shellWord(ch.Path)
				}
				e.hits = append(e.hits, h)
			}
		}
		if ch.Before != "" {
			result, _, err := s.examineObject(ctx, s.tree, ch.Path, ch.Before, false)
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
				s.add(ctx, h)
			}
		}
	}
	return nil
}

// examineObject looks through one object. Large ones are read as a stream, without their lines. What is staged is
// counted, what was there before is not.
func (c *collector) examineObject(
	ctx context.Context, tree *worktree.Tree, path string, id worktree.ID, count bool,
) (result detect.Result, shown []excerpt.Excerpt, err error) {
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
	shown = make([]excerpt.Excerpt, len(result.Findings))
	if len(shown) > 0 && again != nil && !isArchive(again) {
		shown = excerpt.All(again, result.Findings)
	}
	return result, shown, nil
}
