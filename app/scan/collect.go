package scan

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/rekey-app/rekey/detect"
)

// collector gathers hits and problems from several workers.
type collector struct {
	scanner *detect.Scanner
	ignore  ignores
	meter   *Meter

	policies []allowance
	known    map[knownPlace]bool

	mu       sync.Mutex
	hits     []Hit
	notInGit []Hit
	allowed  int
	ignored  int
	byPolicy int
	inOld    int
	notes    []string
	problems []Problem

	// of histories
	commits          int
	blobs, blobBytes int64
}

// add takes a hit, unless it is silenced. Names that hold a credential themselves are redacted.
func (c *collector) add(ctx context.Context, h Hit) {
	ignored := c.ignore.matches(h)
	h.File = c.scanner.RedactString(ctx, h.File)
	h.Repository = c.scanner.RedactString(ctx, h.Repository)
	h.Member = c.scanner.RedactString(ctx, h.Member)
	h.Variable = c.scanner.RedactString(ctx, h.Variable)
	if h.Commit != "" || h.Online.Kind != "" {
		h.Author.Name = c.scanner.RedactString(ctx, h.Author.Name)
		h.Author.Email = c.scanner.RedactString(ctx, h.Author.Email)
		h.Refs = slices.Clone(h.Refs)
		for i := range h.Refs {
			h.Refs[i] = c.scanner.RedactString(ctx, h.Refs[i])
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case h.Allowed && h.Environment != detect.Live:
		c.allowed++
	case ignored:
		c.ignored++
	case h.Online.Allowed || allowedBy(c.policies, h):
		c.byPolicy++
	case c.known[placeKnown(h)]:
		c.inOld++
	default:
		c.hits = append(c.hits, h)
	}
}

// unreadable takes the error of a file that could not be read.
func (c *collector) unreadable(path string, err error) {
	c.problem(Problem{Path: path, Reason: reasonOf(err)})
}

// skipped takes what could not be read within a file at root, which is "" for a file that was named.
func (c *collector) skipped(root, file string, parts []detect.Skipped) {
	for _, part := range parts {
		if c.ignore.matchesPath(root, file) {
			continue
		}
		path := joined(root, file)
		if part.Member != "" {
			path += "!" + part.Member
		}
		c.problem(Problem{Path: path, Reason: part.Reason, Part: true})
	}
}

func (c *collector) problem(p Problem) {
	p.Path = c.scanner.RedactString(context.Background(), p.Path)
	p.Reason = c.scanner.RedactString(context.Background(), p.Reason)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.problems = append(c.problems, p)
}

// result returns everything in an order that does not depend on the workers.
func (c *collector) result() Result {
	slices.SortStableFunc(c.hits, compareHits)
	slices.SortStableFunc(c.notInGit, compareHits)
	slices.SortStableFunc(c.problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Reason, b.Reason))
	})
	p := c.meter.Progress()
	r := Result{
		Hits: c.hits, NotInGit: c.notInGit, Allowed: c.allowed, Ignored: c.ignored, ByPolicy: c.byPolicy, Known: c.inOld,
		Notes: append(c.ignore.notes, c.notes...), Problems: c.problems, Files: p.Files, Bytes: p.Bytes,
	}
	if c.commits > 0 {
		r.Commits, r.Files, r.Bytes = c.commits, c.blobs, c.blobBytes
	}
	return r
}

func compareHits(a, b Hit) int {
	if a.Online.Kind != "" {
		if order := strings.Compare(a.Repository, b.Repository); order != 0 {
			return order
		}
	}
	return cmp.Or(
		strings.Compare(a.Root, b.Root), strings.Compare(a.File, b.File), strings.Compare(a.Member, b.Member),
		cmp.Compare(a.Place.Line, b.Place.Line), cmp.Compare(a.Place.Column, b.Place.Column),
		a.Author.When.Compare(b.Author.When), strings.Compare(a.Commit, b.Commit), strings.Compare(a.Blob, b.Blob),
		strings.Compare(a.Online.URL, b.Online.URL), strings.Compare(a.Online.Field, b.Online.Field),
	)
}
