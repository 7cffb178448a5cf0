package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/pack"
)

// staged looks through what a commit would add: the files in the index that differ from HEAD. A credential that HEAD's
// version of the file holds already is not new and is left to the other ways of looking.
func (c *collector) staged(ctx context.Context, s *detect.Scanner, o Options) error {
	dir := "."
	if len(o.Paths) > 0 {
		dir = o.Paths[0]
	}
	names, err := git(ctx, dir, "diff", "--cached", "--name-only", "--no-renames", "--diff-filter=ACMT", "-z")
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		if name == "" {
			continue
		}
		text, err := git(ctx, dir, "cat-file", "blob", ":0:"+name)
		if err != nil {
			if isSubmodule(ctx, dir, name) {
				continue
			}
			c.problem(fmt.Errorf("%s as staged: %w", name, err))
			continue
		}
		c.count(1, int64(len(text)))
		found := s.Scan(ctx, name, text)
		if len(found) == 0 {
			continue
		}
		known := map[string]bool{}
		if before, err := git(ctx, dir, "cat-file", "blob", "HEAD:"+name); err == nil {
			for _, f := range s.Scan(ctx, name, before) {
				known[f.Secret.Fingerprint()] = true
			}
		}
		lines := maskedLines(text, found)
		for i, f := range found {
			if !known[f.Secret.Fingerprint()] {
				c.add(Hit{Finding: f, Path: memberPath(name, f.Member), Line: lines[i]})
			}
		}
	}
	return nil
}

func isSubmodule(ctx context.Context, dir, name string) bool {
	entry, err := git(ctx, dir, "ls-files", "--stage", "-z", "--", ":(top,literal)"+name)
	return err == nil && bytes.HasPrefix(entry, []byte("160000 "))
}

// git runs git for what only it knows: the index.
func git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...)
	out, err := command.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		message, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n")
		return nil, fmt.Errorf("git %s: %s", args[0], message)
	}
	if err != nil {
		return nil, fmt.Errorf("git %s: %w", args[0], err)
	}
	return out, nil
}

// histories reads every object of each repository, all refs.
func (c *collector) histories(ctx context.Context, s *detect.Scanner, o Options) error {
	paths := o.Paths
	if len(paths) == 0 {
		paths = []string{"."}
	}
	for _, path := range paths {
		if err := c.history(ctx, s, path, o); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func (c *collector) history(ctx context.Context, s *detect.Scanner, path string, o Options) error {
	repository, err := pack.OpenRepository(ctx, path, pack.Options{Workers: o.Workers, Progress: c.objects})
	if err != nil {
		return err
	}
	defer repository.Close()
	report, err := repository.Scan(ctx, s, pack.Range{})
	if err != nil {
		return err
	}
	c.count(int64(report.Stats.Blobs), report.Stats.Bytes)
	for _, skipped := range report.Skipped {
		c.problem(fmt.Errorf("%s: %s", skipped.Object, skipped.Reason))
	}
	for _, sighting := range report.Sightings {
		c.add(Hit{
			Finding: sighting.Finding, Path: memberPath(sighting.Path, sighting.Finding.Member),
			Commit: sighting.Commit, Author: sighting.Author, Blob: sighting.Blob, Refs: sighting.Refs,
		})
	}
	return nil
}

// objects tells how far a history is read.
func (c *collector) objects(p pack.Progress) {
	if c.progress != nil {
		c.progress(Progress{Files: int64(p.Objects), Bytes: p.Bytes, Total: int64(p.Total)})
	}
}
