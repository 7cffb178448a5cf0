// Package scan is the command that looks for Clerk credentials on this machine: in files and directories, on standard
// input, in what a commit would add, and in whole histories. It reads; detect decides.
//
// Start with [Run].
package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/pack"
)

// Options say what to look through. Exactly one of the ways applies: History, Staged, or Paths ("-" is Stdin).
type Options struct {
	Paths   []string
	Stdin   io.Reader
	Staged  bool
	History bool
	Workers int // default GOMAXPROCS
	Ignore  Ignore
	Now     func() time.Time
	// Progress, if not nil, is told from time to time how much was read. It may be called from several goroutines.
	Progress func(Progress)
}

// Progress is how much was read so far.
type Progress struct {
	Files, Bytes int64
	Total        int64 // of files or objects; 0 if not known
}

// Hit is a finding with where it was found on this machine.
type Hit struct {
	detect.Finding
	Root   string // the path that was given, "" for a history and what is staged
	Path   string // relative to the root; with the members of archives: backup.zip!app/.env
	Commit string
	Author pack.Person
	Blob   string
	Refs   []string // that hold it now, for histories
	Line   string   // the line with every credential masked, for people; "" where there is none to show
}

// Result is what a scan found.
type Result struct {
	Hits     []Hit
	Allowed  int     // findings silenced by rekey:allow
	Ignored  int     // findings silenced by .rekeyignore
	Problems []error // what could not be read; the rest was
	Read     Progress
	Elapsed  time.Duration
}

// Run looks through what o names. It returns an error only where nothing could be done at all; single files that cannot
// be read are in Result.Problems.
func Run(ctx context.Context, s *detect.Scanner, o Options) (Result, error) {
	started := o.Now()
	c := &collector{ignore: o.Ignore, progress: o.Progress}
	var err error
	switch {
	case o.History:
		err = c.histories(ctx, s, o)
	case o.Staged:
		err = c.staged(ctx, s, o)
	default:
		err = c.paths(ctx, s, o)
	}
	if err == nil {
		err = ctx.Err()
	}
	result := c.result()
	result.Elapsed = o.Now().Sub(started)
	return result, err
}

// collector gathers hits and problems from several workers.
type collector struct {
	ignore   Ignore
	progress func(Progress)

	mu       sync.Mutex
	hits     []Hit
	allowed  int
	ignored  int
	problems []error
	read     Progress
}

func (c *collector) add(h Hit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case h.Allowed && h.Environment != detect.Live:
		c.allowed++
	case c.ignore.matches(h):
		c.ignored++
	default:
		c.hits = append(c.hits, h)
	}
}

func (c *collector) problem(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.problems = append(c.problems, err)
}

// count adds to what was read. Workers call it in batches.
func (c *collector) count(files, bytes int64) {
	c.mu.Lock()
	c.read.Files += files
	c.read.Bytes += bytes
	now := c.read
	c.mu.Unlock()
	if c.progress != nil {
		c.progress(now)
	}
}

func (c *collector) result() Result {
	slices.SortStableFunc(c.hits, func(a, b Hit) int {
		return compare(
			strings.Compare(a.Root, b.Root), strings.Compare(a.Path, b.Path),
			int(a.Place.Line-b.Place.Line), int(a.Place.Column-b.Place.Column), a.Author.When.Compare(b.Author.When),
		)
	})
	return Result{Hits: c.hits, Allowed: c.allowed, Ignored: c.ignored, Problems: c.problems, Read: c.read}
}

func compare(orders ...int) int {
	for _, o := range orders {
		if o != 0 {
			return o
		}
	}
	return 0
}

// memberPath joins the path of a file and that of a member inside it.
func memberPath(path, member string) string {
	if member == "" {
		return path
	}
	return path + "!" + member
}

// paths looks through files, directories and standard input.
func (c *collector) paths(ctx context.Context, s *detect.Scanner, o Options) error {
	paths := o.Paths
	if len(paths) == 0 {
		paths = []string{"."}
	}
	if slices.Contains(paths, "-") {
		if len(paths) > 1 {
			return errors.New("- stands for standard input and cannot be mixed with paths")
		}
		return c.stdin(ctx, s, o.Stdin)
	}
	for _, root := range paths {
		newWalk(c, s, root, o.Workers).run(ctx)
	}
	return nil
}

func (c *collector) stdin(ctx context.Context, s *detect.Scanner, in io.Reader) error {
	counted := &countingReader{r: in}
	found, err := s.ScanReader(ctx, "", counted)
	c.count(1, counted.n)
	if err != nil {
		return fmt.Errorf("reading standard input: %w", err)
	}
	for _, f := range found {
		c.add(Hit{Finding: f, Path: memberPath("-", f.Member)})
	}
	return nil
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
