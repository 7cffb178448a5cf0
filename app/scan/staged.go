package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/rekey-app/rekey/detect"
)

// change is a file that differs between HEAD and the index.
type change struct {
	path          string
	before, after string // object ids, "" where there is none
}

// The modes of git's trees.
const (
	submoduleMode = "160000"
	noMode        = "000000"
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
	if _, err := git(ctx, dir, "rev-parse", "--show-toplevel"); err != nil {
		return err // git diff would compare any two files
	}
	// What is ordered by settings is said here: the output must not depend on them.
	out, err := git(ctx, dir, "-c", "core.fsmonitor=false", "diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames",
		"--no-ext-diff", "--no-textconv", "--no-relative", "--ignore-submodules=none")
	if err != nil {
		return err
	}
	changes, err := c.parseChanges(out)
	if err != nil || len(changes) == 0 {
		return err
	}
	objects, err := openObjects(ctx, dir)
	if err != nil {
		return err
	}
	err = c.examineChanges(ctx, objects, changes, name)
	return errors.Join(err, objects.close())
}

// parseChanges reads git's raw format (git-diff(1)): ":100644 100644 bcd1234… 0123456… M", NUL, path, NUL.
func (c *collector) parseChanges(out []byte) ([]change, error) {
	var changes []change
	fields := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	for ; len(fields) >= 2; fields = fields[2:] {
		path := fields[1]
		entry := strings.Fields(strings.TrimPrefix(fields[0], ":"))
		if len(entry) != 5 {
			return nil, fmt.Errorf("git diff: %q is not its raw format", fields[0])
		}
		if entry[4] == "U" {
			c.problem(Problem{Path: path, Reason: "unmerged: resolve the conflict and stage it"})
			continue
		}
		id := func(mode, id string) string {
			if mode == noMode || mode == submoduleMode {
				return ""
			}
			return id
		}
		changes = append(changes, change{path, id(entry[0], entry[2]), id(entry[1], entry[3])})
	}
	return changes, nil
}

// examined is what the two sides of a change hold.
type examined struct {
	before, after map[string]bool // fingerprints
	hits          []Hit
}

func (c *collector) examineChanges(ctx context.Context, objects *objects, changes []change, repository string) error {
	// Deleted and changed files tell what only moved.
	moved := map[string]bool{}
	all := make([]examined, len(changes))
	for i, ch := range changes {
		e := &all[i]
		e.before, e.after = map[string]bool{}, map[string]bool{}
		if err := ctx.Err(); err != nil {
			return err
		}
		if ch.after != "" {
			result, shown, err := objects.examine(ctx, c, ch.path, ch.after, true)
			if err != nil {
				return err
			}
			for n, f := range result.Findings {
				e.after[f.Secret.Fingerprint()] = true
				e.hits = append(e.hits, Hit{Finding: f, Repository: repository, File: ch.path, Blob: ch.after, Excerpt: shown[n]})
			}
		}
		if ch.before != "" {
			result, _, err := objects.examine(ctx, c, ch.path, ch.before, false)
			if err != nil {
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

// examine looks through one object. Large ones are read as a stream, without their lines.
func (o *objects) examine(ctx context.Context, c *collector, path, id string, count bool) (detect.Result, []Excerpt, error) {
	content, size, err := o.open(id)
	if err != nil {
		return detect.Result{}, nil, fmt.Errorf("%s: %w", path, err)
	}
	defer io.Copy(io.Discard, content)
	var (
		result detect.Result
		again  io.ReaderAt
	)
	if size <= largestShown {
		text, err := io.ReadAll(content)
		if err != nil {
			return detect.Result{}, nil, fmt.Errorf("%s: %w", path, err)
		}
		result = c.scanner.Examine(ctx, path, text)
		again = bytes.NewReader(text)
	} else if result, err = c.scanner.ExamineReader(ctx, path, content); err != nil {
		return detect.Result{}, nil, fmt.Errorf("%s: %w", path, err)
	}
	if count {
		c.meter.add(1, size, 0)
		c.skipped("", path, result.Skipped)
	}
	shown := make([]Excerpt, len(result.Findings))
	if len(shown) > 0 && again != nil && !isArchive(again) {
		shown = excerpts(again, result.Findings)
	}
	return result, shown, nil
}

// git runs git for what only it knows: the index.
func git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...)
	out, err := command.Output()
	return out, gitError(err)
}

// gitError says what git said.
func gitError(err error) error {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if message, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n"); message != "" {
			return fmt.Errorf("git: %s", strings.TrimPrefix(message, "fatal: "))
		}
	}
	if err != nil {
		return fmt.Errorf("git: %w", err)
	}
	return nil
}
