// Package local is the command that reads a directory or a commit as git sees it, and says which mistakes in a Clerk integration it
// proves. It reads and writes; detect/audit decides.
//
// Start with [Run]. files.go and commit.go are the two trees; text.go, json.go and sarif.go write the result, fix.go and diff.go make the
// changes that are certain, explain.go shows what is known of a check, routes.go the map of routes.
package local

import (
	"context"
	"time"

	"github.com/rekey-app/rekey/app/excerpt"
	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit"
)

// Options say what to audit.
type Options struct {
	Path  string     // a file or directory; default: the current directory
	Ref   string     // a commit of the repository that Path is in, instead of the files on disk
	Level audit.Tier // 0: as the repository's policy has it
	// Getenv is where the user's own settings of git are looked for.
	Getenv func(string) string
	Now    func() time.Time
}

// Finding is a finding with what is shown of it.
type Finding struct {
	audit.Finding

	Check   audit.Check
	Name    string // the file, as seen from the current directory; of a commit, from the repository's top
	Excerpt excerpt.Marked
	// Column and EndColumn are the range's columns in characters.
	Column, EndColumn int
	Text              []byte // the whole file; nil where it has none
	// EditName and EditText are those of the file that Edit changes, which may be another one.
	EditName string
	EditText []byte
}

// Allowed is a finding that a comment of the repository accepts.
type Allowed struct {
	Finding

	Line   int // of the comment
	Reason string
}

// Problem is a file that could not be read, or in part.
type Problem struct {
	Name   string
	Reason string
	Part   bool // it was read, and not all of it was understood
}

// Result is what an audit found.
type Result struct {
	Findings []Finding
	Allowed  []Allowed
	Packages []audit.Package
	Problems []Problem
	Files    int // that were read
	Level    audit.Tier
	Policy   string // the file that Level is from; "" where it was asked for, or nothing says it
	Elapsed  time.Duration
	// Changes are those that are certain, for [Fix]; of a commit there are none.
	Changes []Change
	top     string // of the files; "" for a commit
}

// Unread returns how many files could not be read at all, and how many only in part.
func Unread(problems []Problem) (whole, part int) {
	for _, p := range problems {
		if p.Part {
			part++
		} else {
			whole++
		}
	}
	return whole, part
}

// Fails reports whether a finding is as severe as that, or worse.
func (r Result) Fails(severity detect.Severity) bool {
	for _, f := range r.Findings {
		if f.Severity.Compare(severity) <= 0 {
			return true
		}
	}
	return false
}

// Run audits what o names. The result holds what was found even where the context ended.
func Run(ctx context.Context, o Options) (Result, error) {
	started := o.Now()
	source, err := open(ctx, o)
	if err != nil {
		return Result{}, err
	}
	defer source.close()
	level, from, problem := levelOf(source, o.Level)
	found, err := audit.Run(ctx, source, audit.Options{Level: level, Focus: source.focus()})
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	r := present(ctx, source, found)
	r.Level, r.Policy, r.Elapsed = level, from, o.Now().Sub(started)
	if problem != nil {
		r.Problems = append(r.Problems, *problem)
	}
	if disk, ok := source.(*files); ok {
		r.Changes, r.top = changes(r.Findings, disk.name), disk.top
	}
	return r, err
}

// presenter prepares findings for people: nothing in them holds a credential, or disturbs a terminal.
type presenter struct {
	source  source
	scanner *detect.Scanner
	known   map[string][]detect.Finding // the credentials of each file
}

func present(ctx context.Context, source source, found audit.Result) Result {
	p := presenter{source: source, scanner: detect.New(detect.Options{}), known: map[string][]detect.Finding{}}
	r := Result{Packages: found.Packages, Files: source.read()}
	for _, f := range found.Findings {
		r.Findings = append(r.Findings, p.finding(ctx, f))
	}
	for _, a := range found.Allowed {
		r.Allowed = append(r.Allowed, Allowed{Finding: p.finding(ctx, a.Finding), Line: a.Line, Reason: p.clean(ctx, a.Reason)})
	}
	for _, problem := range source.problems() {
		r.Problems = append(r.Problems, Problem{Name: p.clean(ctx, problem.Name), Reason: p.clean(ctx, problem.Reason)})
	}
	for _, n := range found.Notes {
		r.Problems = append(r.Problems, Problem{Name: p.clean(ctx, source.name(n.Path)), Reason: p.clean(ctx, n.What), Part: true})
	}
	for i := range r.Packages {
		r.Packages[i].Path = p.clean(ctx, source.name(r.Packages[i].Path))
		r.Packages[i].Version = p.clean(ctx, r.Packages[i].Version)
	}
	return r
}

func (p presenter) clean(ctx context.Context, text string) string {
	return p.scanner.RedactString(ctx, terminal.Printable(text))
}

func (p presenter) finding(ctx context.Context, f audit.Finding) Finding {
	check, _ := audit.Lookup(f.ID)
	out := Finding{Finding: f, Check: check, Name: p.clean(ctx, p.source.name(f.Path))}
	out.Seen = p.clean(ctx, f.Seen)
	if f.Edit != nil {
		out.EditName = p.clean(ctx, p.source.name(editedBy(f)))
		out.EditText, _ = p.source.Read(editedBy(f))
	}
	text, ok := p.source.Read(f.Path)
	if !ok {
		return out
	}
	out.Text = text
	if f.Range.Line == 0 || f.Range.End > len(text) || f.Range.Start > f.Range.End {
		return out
	}
	found, known := p.known[f.Path]
	if !known {
		found = p.scanner.Scan(ctx, f.Path, text)
		p.known[f.Path] = found
	}
	out.Excerpt = excerpt.Mark(text, found, f.Range.Start, f.Range.End)
	_, out.Column = position(text, f.Range.Start)
	_, out.EndColumn = position(text, f.Range.End)
	return out
}
