package worktree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// shortestID is how many digits of an id are enough to name it, as git.
const shortestID = 4

// Revision returns the commit that a name stands for: a ref, an id or its first digits, each with ~N and ^N behind it; HEAD
// if it is empty. An id of zeros, as git's hooks have for a ref that is not there, gives "".
func (t *Tree) Revision(name string) (ID, error) {
	base, steps := name, ""
	if at := strings.IndexAny(name, "~^"); at >= 0 {
		base, steps = name[:at], name[at:]
	}
	id, err := t.named(base)
	if err != nil || id == "" {
		return id, err
	}
	commit, err := t.peel(id)
	for steps != "" && err == nil {
		var n int
		op := steps[0]
		digits := steps[1:]
		if end := strings.IndexAny(digits, "~^"); end >= 0 {
			digits = digits[:end]
		}
		steps = steps[1+len(digits):]
		if n = 1; digits != "" {
			if n, err = strconv.Atoi(digits); err != nil || n < 0 {
				return "", fmt.Errorf("%s: what follows %c is not a number", name, op)
			}
		}
		if commit, err = t.step(commit, op, n); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return commit.ID, nil
}

// step goes to a commit's nth parent (^n), or n times to its first (~n).
func (t *Tree) step(c Commit, op byte, n int) (Commit, error) {
	times, which := n, 0
	if op == '^' {
		times, which = min(n, 1), n-1
	}
	for range times {
		if which >= len(c.Parents) {
			return c, errors.New("there is no such parent")
		}
		var err error
		if c, err = t.Commit(c.Parents[which]); err != nil {
			return c, err
		}
	}
	return c, nil
}

// named finds a ref or an id by its name, in the order of git.
func (t *Tree) named(name string) (ID, error) {
	if name == "" || name == "@" {
		name = "HEAD"
	}
	if id, ok := t.ParseID(strings.ToLower(name)); ok {
		if strings.Trim(name, "0") == "" {
			return "", nil
		}
		return id, nil
	}
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return "", fmt.Errorf("unknown revision %q", name)
	}
	for _, pattern := range []string{"%s", "refs/%s", "refs/tags/%s", "refs/heads/%s", "refs/remotes/%s", "refs/remotes/%s/HEAD"} {
		id, err := t.follow(fmt.Sprintf(pattern, name))
		if err != nil && pattern != "%s" || id != "" {
			return id, err
		}
	}
	if len(name) >= shortestID && strings.Trim(strings.ToLower(name), "0123456789abcdef") == "" {
		return t.abbreviated(strings.ToLower(name))
	}
	return "", fmt.Errorf("unknown revision %q; in CI, fetch it first (GitHub Actions: fetch-depth: 0, GitLab: GIT_DEPTH: 0)", name)
}

// abbreviated finds the one object whose id begins with the digits.
func (t *Tree) abbreviated(digits string) (ID, error) {
	found := map[ID]bool{}
	for _, dir := range t.objects.dirs {
		entries, err := os.ReadDir(filepath.Join(dir, digits[:2]))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		for _, e := range entries {
			if id, ok := t.ParseID(digits[:2] + e.Name()); ok && strings.HasPrefix(id.String(), digits) {
				found[id] = true
			}
		}
	}
	if err := t.objects.list(); err != nil {
		return "", err
	}
	for _, p := range t.objects.packs {
		ids, err := p.withPrefix(digits)
		if err != nil {
			return "", err
		}
		for _, id := range ids {
			found[id] = true
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("unknown revision %q", digits)
	case 1:
		for id := range found {
			return id, nil
		}
	}
	// Of several, the only commit.
	var commit ID
	for id := range found {
		if o, err := t.Object(id); err == nil {
			o.Close()
			if o.Kind != "commit" {
				continue
			}
			if commit != "" {
				return "", fmt.Errorf("%q is ambiguous: use more digits", digits)
			}
			commit = id
		}
	}
	if commit == "" {
		return "", fmt.Errorf("%q is ambiguous: use more digits", digits)
	}
	return commit, nil
}

// mostTags is how many tags may be about one another.
const mostTags = 100

// peel reads the commit that an id stands for, through tags.
func (t *Tree) peel(id ID) (Commit, error) {
	for range mostTags {
		o, err := t.Object(id)
		if err != nil {
			return Commit{}, err
		}
		o.Close()
		if o.Kind != "tag" {
			return t.Commit(id)
		}
		text, err := t.read(id, "tag", maxCommit)
		if err != nil {
			return Commit{}, err
		}
		line, _, _ := strings.Cut(string(text), "\n")
		target, ok := t.ParseID(strings.TrimPrefix(line, "object "))
		if !ok {
			return Commit{}, fmt.Errorf("tag %s: %w: it names no object", id, ErrCorrupt)
		}
		id = target
	}
	return Commit{}, fmt.Errorf("tag %s: %w: tags are nested too deeply", id, ErrCorrupt)
}
