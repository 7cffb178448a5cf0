package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rekey-app/rekey/app/excerpt"
	"github.com/rekey-app/rekey/app/scan/worktree"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/policy"
)

// Pushed is what a push brings to a repository. One of Objects, Pack, and Commits with Tags says where it is.
type Pushed struct {
	Dir string // the repository, or its working tree
	// Objects is a directory of objects: git's quarantine.
	Objects string
	// Pack is a pack that needs no other objects.
	Pack io.Reader
	// Commits are read one by one, and Tags are annotated tags: where object ids are SHA-256, which packs are not read with.
	Commits, Tags []string
	// Known, if not nil, reports whether the repository had an object before: that is not what the push brings.
	Known func(id string) bool
	// Server means that nothing of the current directory counts, neither .rekeyignore nor .github/rekey.yml: Allow does.
	Server bool
	Allow  respond.AllowList
}

// objects are a pack's or a directory's.
type objects interface {
	Scan(ctx context.Context, s *detect.Scanner, r pack.Range) (pack.Report, error)
	Blob(name string, limit int64) ([]byte, error)
	Close() error
}

// pushed looks through what a push brings.
func (c *collector) pushed(ctx context.Context, o Options) error {
	p := o.Pushed
	var opened objects
	var err error
	switch options := (pack.Options{Workers: o.Workers}); {
	case p.Pack != nil:
		opened, err = pack.Open(ctx, p.Pack, options)
	case p.Objects != "":
		opened, err = pack.OpenObjects(ctx, p.Objects, options)
	default:
		return c.pushedCommits(ctx, p, o)
	}
	if err != nil {
		return err
	}
	defer opened.Close()
	report, err := opened.Scan(ctx, c.scanner, pack.Range{})
	if err != nil {
		return err
	}
	c.pushedReport(ctx, p, report, opened.Blob)
	return nil
}

// allowOnServer takes what allows something of the server, and of nothing else.
func (c *collector) allowOnServer(o Options) {
	c.policies = []allowance{{"", policy.AllowedAt(o.Pushed.Allow, o.Now())}}
}

// pushedReport takes the sightings of a pack or quarantine. What is over a limit hides what there is, as damage does.
func (c *collector) pushedReport(ctx context.Context, p *Pushed, report pack.Report, read func(string, int64) ([]byte, error)) {
	c.commits += report.Stats.Commits
	c.blobs += int64(report.Stats.Blobs)
	c.blobBytes += report.Stats.Bytes
	for _, s := range report.Skipped {
		path := s.Path
		if path == "" {
			path = s.Object
		}
		c.problem(Problem{Path: path, Reason: s.Reason, Part: !s.Damaged && !s.Limit, Absent: s.Absent, Count: s.Count})
	}
	has := func(object string) bool {
		_, err := read(object, 0)
		return err == nil || errors.Is(err, pack.ErrLimit) // over no bytes at all: it is there
	}
	for _, s := range report.Sightings {
		if p.Known != nil && p.Known(s.Blob) {
			continue
		}
		h := Hit{Finding: s.Finding, Commit: s.Commit, Author: s.Author, Blob: s.Blob}
		h.File, h.NoFile = PlaceOf(s, has)
		c.add(ctx, h)
	}
}

// pushedCommits reads commits one by one.
func (c *collector) pushedCommits(ctx context.Context, p *Pushed, o Options) error {
	tree, err := worktree.OpenAny(p.Dir, o.Getenv)
	if err != nil {
		return err
	}
	defer tree.Close()
	r := ranger{collector: c, tree: tree, known: p.Known, read: map[worktree.File]readFile{}}
	for _, digits := range p.Commits {
		if err := ctx.Err(); err != nil {
			return err
		}
		id, ok := tree.ParseID(digits)
		if !ok {
			return fmt.Errorf("%q is not an object ID", digits)
		}
		commit, err := tree.Commit(id)
		if err != nil {
			return err
		}
		if err := r.commit(ctx, commit); err != nil {
			return err
		}
	}
	for _, digits := range p.Tags {
		if err := r.tag(ctx, digits); err != nil {
			return err
		}
	}
	c.commits += len(p.Commits)
	return nil
}

// mostTagBytes is what an annotated tag may have that is read.
const mostTagBytes = 64 << 20

// tag reads the message of an annotated tag.
func (r *ranger) tag(ctx context.Context, digits string) error {
	id, ok := r.tree.ParseID(digits)
	if !ok {
		return fmt.Errorf("%q is not an object ID", digits)
	}
	object, err := r.tree.Object(id)
	if err != nil {
		return err
	}
	defer object.Close()
	if object.Size > mostTagBytes {
		return fmt.Errorf("tag %s: its %d bytes are over the limit", digits, object.Size)
	}
	text, err := io.ReadAll(object)
	if err != nil {
		return fmt.Errorf("tag %s: %w", digits, err)
	}
	if r.known != nil && r.known(digits) {
		return nil
	}
	result := r.scanner.Examine(ctx, "", text)
	shown := excerpt.All(bytes.NewReader(text), result.Findings)
	hit := Hit{File: TagMessage, NoFile: true, Blob: digits}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch key {
		case "object":
			hit.Commit = value
		case "tagger":
			hit.Author = pack.ParsePerson(value)
		}
		if key == "" {
			break
		}
	}
	for i, f := range result.Findings {
		hit.Finding, hit.Excerpt = f, shown[i]
		r.add(ctx, hit)
	}
	return nil
}
