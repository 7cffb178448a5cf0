// Package scan is the command that looks for Clerk credentials on this machine: in files and directories, on standard
// input, in what a commit would add, and in whole histories. It reads; detect decides.
//
// Start with [Run]. paths.go and walk.go read files, staged.go the index, history.go repositories; all hand their hits to
// a collector (collect.go), which drops what is ignored; text.go, json.go and sarif.go write the result.
package scan

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/rekey-app/rekey/app/excerpt"
	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/pack"
)

// Options say what to look through. Exactly one of the ways applies: History, Range, Staged, Pushed, or Paths ("-" is Stdin).
type Options struct {
	Paths   []string // default: the current directory
	Stdin   io.Reader
	Staged  bool
	History bool
	Range   string // A..B: the commits that are in B but not in A
	Pushed  *Pushed
	Workers int // default GOMAXPROCS
	// IgnoreFile names the one file that says what to pass over. If empty, it is [IgnoreFile] in the current directory
	// and in each directory that is scanned.
	IgnoreFile string
	// Baseline names a file that WriteJSON wrote: what is in it is known already.
	Baseline string
	// IncludeIgnored counts what is in files that git ignores as if it were in git.
	IncludeIgnored bool
	Getenv         func(string) string // default os.Getenv
	Now            func() time.Time
	// Meter, if not nil, is told how much was read.
	Meter *Meter
}

// Hit is a finding with where it was found on this machine.
type Hit struct {
	detect.Finding
	Root   string // the directory that was given; "" for a file that was named, a history and what is staged
	File   string // relative to Root, with slashes: any bytes but NUL; "" for an object of a history that no tree names
	NoFile bool   // File names what is no file: a message, a note
	// Repository is the one of a history and of what is staged, where several are read.
	Repository string
	Commit     string
	Author     pack.Person
	Blob       string
	Refs       []string // that hold it now, for histories
	// Unstage is the command that takes the file out of the next commit, for what is staged.
	Unstage string
	excerpt.Excerpt
	Kept   *Kept // in place of the secret and the reasons; nil where they are at hand
	Online Online
}

// Path is the file's path, with that of the member inside it: backup.zip!app/.env.
func (h Hit) Path() string {
	if h.Member == "" {
		return h.File
	}
	return h.File + "!" + h.Member
}

// Problem is what could not be read.
type Problem struct {
	Path   string
	Reason string
	// Part means that the rest of the file was read: what is missing is a damaged or encrypted part, or one over a limit.
	Part bool
	// Absent says why a clone lacks objects, Count of them; Path is one then.
	Absent pack.Absence
	Count  int
}

// Result is what a scan found.
type Result struct {
	Hits     []Hit
	NotInGit []Hit // in files that git ignores and does not track
	Allowed  int   // findings silenced by rekey:allow
	Ignored  int   // findings silenced by .rekeyignore
	ByPolicy int   // findings silenced by .github/rekey.yml
	Known    int   // findings that the baseline holds
	Notes    []string
	Problems []Problem
	Read     string // what was read, in words; "": Files tells
	History  bool   // whether Files counts the blobs of histories
	Staged   bool
	Commits  int
	Files    int64
	Bytes    int64
	Elapsed  time.Duration
}

// Unread returns how many files could not be read at all, and how many files and members of archives only in part.
func (r Result) Unread() (whole, part int) {
	seen := map[string]bool{}
	for _, p := range r.Problems {
		switch {
		case !p.Part:
			whole++
		case !seen[p.Path]:
			seen[p.Path] = true
			part++
		}
	}
	return whole, part
}

// Run looks through what o names. The result holds what was found even where there is an error: the context ended, or a
// repository or an ignore file could not be read. Single files that cannot be read are in Result.Problems.
func Run(ctx context.Context, s *detect.Scanner, o Options) (Result, error) {
	started := o.Now()
	if o.Meter == nil {
		o.Meter = new(Meter)
	}
	if len(o.Paths) == 0 {
		o.Paths = []string{"."}
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	c := &collector{scanner: s, meter: o.Meter}
	err := c.run(ctx, o)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	c.judgeByRepository()
	if !o.IncludeIgnored && !o.History && !o.Staged && o.Range == "" && o.Pushed == nil {
		c.splitIgnored(o)
	}
	result := c.result()
	result.History, result.Staged = o.History || o.Range != "" || o.Pushed != nil, o.Staged
	result.Elapsed = o.Now().Sub(started)
	return result, err
}

func (c *collector) run(ctx context.Context, o Options) error {
	if o.Pushed != nil && o.Pushed.Server {
		c.allowOnServer(o)
		return c.pushed(ctx, o)
	}
	var err error
	if err := checkPaths(o); err != nil {
		return err
	}
	if c.ignore, err = readIgnores(o); err != nil {
		return err
	}
	c.readPolicies(o)
	if c.known, err = readBaseline(o.Baseline); err != nil {
		return err
	}
	switch {
	case o.Pushed != nil:
		return c.pushed(ctx, o)
	case o.Range != "":
		return c.ranges(ctx, o)
	case o.History:
		return c.histories(ctx, o)
	case o.Staged:
		return c.staged(ctx, o)
	}
	return c.paths(ctx, o)
}

// String is the problem in one line, safe for a terminal.
func (p Problem) String() string { return terminal.Printable(p.Path + ": " + p.Reason) }
