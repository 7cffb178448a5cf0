package online

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/scan"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/pack"
)

// row is what is kept of a finding: facts and its place, neither the credential nor the text around it. It is what a state file holds,
// and all results are made of rows, so that a scan that went on is no other than one in one piece.
type row struct {
	Kind        detect.Kind        `json:"kind"`
	Environment detect.Environment `json:"environment,omitempty"`
	Severity    detect.Severity    `json:"severity"`
	judgement
	InRepository *judgement `json:"in_repository,omitempty"` // where the repository uses Clerk; nil: there it is the same
	ShowsClerk   bool       `json:"shows_clerk,omitempty"`   // that the repository does
	Fingerprint  string     `json:"fingerprint"`
	Redacted     string     `json:"redacted"`
	Encoding     string     `json:"encoding"`
	Instance     string     `json:"instance,omitempty"`
	Dashboard    string     `json:"dashboard,omitempty"`
	Variable     string     `json:"variable,omitempty"`
	Browser      bool       `json:"browser,omitempty"`
	Allowed      bool       `json:"allowed,omitempty"` // by its line
	ByPolicy     bool       `json:"by_policy,omitempty"`
	where
	Member    string `json:"member,omitempty"`
	Line      int    `json:"line,omitempty"`
	Column    int    `json:"column,omitempty"`
	EndLine   int    `json:"end_line,omitempty"`
	EndColumn int    `json:"end_column,omitempty"`
}

type judgement struct {
	Confidence detect.Confidence `json:"confidence"`
	Reasons    []string          `json:"reasons"`
}

// where is a place on GitHub.
type where struct {
	Place  string    `json:"place"` // its kind
	Name   string    `json:"name"`  // the path of a file, or what people call a text
	URL    string    `json:"url,omitempty"`
	Field  string    `json:"field,omitempty"`
	Former bool      `json:"former,omitempty"`
	Author string    `json:"author,omitempty"` // login; in git, the name
	Email  string    `json:"email,omitempty"`
	When   time.Time `json:"when,omitzero"`
	Commit string    `json:"commit,omitempty"`
	Blob   string    `json:"blob,omitempty"`
	Refs   []string  `json:"refs,omitempty"`
}

// rowOf keeps what may be kept of a finding. What foreigners named may hold a credential itself.
func rowOf(ctx context.Context, s *detect.Scanner, f detect.Finding, at where) row {
	clean := func(text string) string { return s.RedactString(ctx, text) }
	judged := func(f detect.Finding) judgement {
		j := judgement{Confidence: f.Confidence}
		for _, reason := range f.Reasons.Texts() {
			j.Reasons = append(j.Reasons, clean(reason))
		}
		return j
	}
	at.Name, at.URL, at.Author, at.Email = clean(at.Name), clean(address(at.URL)), clean(at.Author), clean(at.Email)
	at.When = at.When.UTC()
	for i := range at.Refs {
		at.Refs[i] = clean(at.Refs[i])
	}
	r := row{
		Kind: f.Kind, Environment: f.Environment, Severity: f.Severity, judgement: judged(f), ShowsClerk: f.ShowsClerk(),
		Fingerprint: f.Secret.Fingerprint(), Redacted: f.Secret.Redacted(), Encoding: f.Encoding, Instance: f.Instance,
		Dashboard: clean(f.Dashboard), Variable: clean(f.Variable), Browser: f.Browser, Allowed: f.Allowed, where: at, Member: clean(f.Member),
		Line: f.Place.Line, Column: f.Place.Column, EndLine: f.Place.EndLine, EndColumn: f.Place.EndColumn,
	}
	if f.AsksRepository() {
		j := judged(f.InRepository())
		r.InRepository = &j
	}
	return r
}

// address is an address as it may be shown; "" for what is none.
func address(url string) string {
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") || len(url) > 4000 {
		return ""
	}
	return url
}

// place tells places apart. A credential counts once for each field of a text, log and page; in git once for each line that brought it.
type place struct {
	fingerprint, kind, name, url, field, member, commit, blob string
	line, column                                              int
}

func (r row) place() place {
	p := place{
		fingerprint: r.Fingerprint, kind: r.Place, name: r.Name, url: r.URL, field: r.Field, member: r.Member, commit: r.Commit, blob: r.Blob,
		line: r.Line, column: r.Column,
	}
	if r.Field != "" { // in whatever version
		p.line, p.column, p.name = 0, 0, ""
	}
	return p
}

// hit is the row as results have it. uses reports whether the repository uses Clerk.
func (r row) hit(repository string, uses bool) scan.Hit {
	j := r.judgement
	if uses && r.InRepository != nil {
		j = *r.InRepository
	}
	return scan.Hit{
		Finding: detect.Finding{
			Kind: r.Kind, Environment: r.Environment, Severity: r.Severity, Confidence: j.Confidence, Encoding: r.Encoding, Member: r.Member,
			Place:    detect.Place{Line: r.Line, Column: r.Column, EndLine: r.EndLine, EndColumn: r.EndColumn},
			Instance: r.Instance, Dashboard: r.Dashboard, Variable: r.Variable, Browser: r.Browser, Allowed: r.Allowed,
		},
		Kept:       &scan.Kept{Fingerprint: r.Fingerprint, Redacted: r.Redacted, Reasons: slices.Clone(j.Reasons)},
		Repository: repository, File: r.Name, NoFile: r.Place != scan.OnlineFile, Commit: r.Commit, Blob: r.Blob, Refs: slices.Clone(r.Refs),
		Author: pack.Person{Name: r.Author, Email: r.Email, When: r.When},
		Online: scan.Online{Kind: r.Place, URL: r.URL, Field: r.Field, Former: r.Former, Allowed: r.ByPolicy},
	}
}
