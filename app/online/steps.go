package online

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/policy"
)

// step is a part of the reading of a repository: a list, page for page, or a git repository, in one page.
type step struct {
	name       string    // in the state, and for people
	of         []Surface // it is taken where one of them is wanted
	permission string    // what a fine-grained token needs
	pages      func(*reading) pager
}

// pager reads a page, and returns the cursor of the next one; "" at the end. The first has no cursor.
type pager func(ctx context.Context, cursor string) (next string, err error)

func steps() []step {
	texts := func(list github.TextList) func(*reading) pager {
		return func(r *reading) pager {
			return func(ctx context.Context, cursor string) (string, error) { return r.texts(ctx, list, cursor) }
		}
	}
	const issues, pulls, contents = "Issues: read", "Pull requests: read", "Contents: read"
	return []step{
		{"git", []Surface{Git}, contents, func(r *reading) pager { return r.git }},
		{"issues and pull requests", []Surface{Issues, Pulls}, issues, texts(github.Issues)},
		{"comments", []Surface{Issues, Pulls}, issues, texts(github.IssueComments)},
		{"reviews", []Surface{Pulls}, pulls, texts(github.Reviews)},
		{"comments in reviews", []Surface{Pulls}, pulls, texts(github.ReviewComments)},
		{"comments on commits", []Surface{Pulls}, contents, texts(github.CommitComments)},
		{"discussions", []Surface{Discussions}, "Discussions: read", texts(github.Discussions)},
		{"releases", []Surface{Releases}, contents, texts(github.Releases)},
		{"wiki", []Surface{Wiki}, contents, func(r *reading) pager { return r.wiki }},
		{"logs of Actions", []Surface{Actions}, "Actions: read", func(r *reading) pager { return r.logs }},
	}
}

// atEnd is the step of a repository of which all are done.
const atEnd = "end"

// wanted are the steps that are to be taken in a repository.
func (r *run) wanted(of *repository) []step {
	return slices.DeleteFunc(steps(), func(s step) bool {
		return !slices.ContainsFunc(s.of, r.includes) || s.name == "discussions" && !of.Discussions || s.name == "wiki" && !of.Wiki
	})
}

func (r *run) includes(s Surface) bool { return slices.Contains(r.Include, s) }

// reading is the reading of one repository.
type reading struct {
	*run
	to     *repository
	client *github.Client
	allow  *policy.Allowance // nil: nothing
}

// repository reads one from where its position is. An error ends the scan.
func (r *run) repository(ctx context.Context, to *repository) error {
	owner, name, _ := strings.Cut(to.Name, "/")
	one := &reading{run: r, to: to, client: r.GitHub.Repository(owner, name)}
	if err := one.readPolicy(ctx); err != nil {
		return err
	}
	all := r.wanted(to)
	from := slices.IndexFunc(all, func(s step) bool { return s.name == to.At.Step })
	switch {
	case to.At.Step == atEnd:
		return nil
	case from < 0: // the first one, or a step that is not taken any more
		from, to.At, to.Counts, to.Rows, to.known, to.Gaps = 0, position{}, nil, nil, nil, policyGaps(to.Gaps)
	}
	for i, s := range all[from:] {
		if to.At.Step == "" {
			to.At.Step = s.name
		}
		if err := one.step(ctx, s); err != nil {
			return err
		}
		to.At = position{Step: atEnd}
		if next := from + i + 1; next < len(all) {
			to.At.Step = all[next].name
		}
		if err := r.save(false); err != nil {
			return err
		}
	}
	return nil
}

// step reads what is left of one.
func (r *reading) step(ctx context.Context, s step) error {
	for {
		r.show(s.name, nil)
		next, err := s.pages(r)(ctx, r.to.At.Cursor)
		switch {
		case err != nil && r.fatal(ctx, err):
			return r.ended(err)
		case errors.Is(err, github.ErrIssuesDisabled):
			if r.includes(Pulls) {
				r.lacks(ctx, gap{Of: s.name, Reason: "issues are turned off, and GitHub lists none of them then", Count: 1, Part: true})
			}
			return nil
		case err != nil:
			r.lacks(ctx, gap{Of: s.name, Reason: r.refused(err, s.permission), Count: 1})
			return nil
		case next == "":
			return nil
		}
		r.to.At = position{Step: s.name, Cursor: next}
		if err := r.save(false); err != nil {
			return err
		}
	}
}

const policyOf = respond.PolicyPath

// readPolicy reads what the repository allows, as it is on its default branch.
func (r *reading) readPolicy(ctx context.Context) error {
	r.to.Gaps = slices.DeleteFunc(r.to.Gaps, func(g gap) bool { return g.Of == policyOf }) // of an earlier attempt
	var text []byte
	err := r.try(ctx, func() (err error) {
		if text, _, err = r.client.Contents(ctx, respond.PolicyPath, ""); errors.Is(err, github.ErrNoCommit) {
			return nil // the repository is empty
		}
		return err
	})
	if err != nil && r.fatal(ctx, err) {
		return r.ended(err)
	}
	var file policy.File
	reason := ""
	if err != nil {
		reason = r.refused(err, "Contents: read")
	} else if file, err = policy.Parse(text); err != nil {
		reason = err.Error()
		if mistake, ok := errors.AsType[*policy.Error](err); ok && mistake.Line > 0 {
			reason = fmt.Sprintf("line %d: %s", mistake.Line, mistake.Message)
		}
	}
	if reason != "" {
		r.lacks(ctx, gap{Of: policyOf, Reason: reason + "; until it is fixed, it is ignored", Count: 1})
		return nil
	}
	// As in a scan of a working tree: whether a maintainer wrote it is for the App to ask.
	for i := range file.Allow.Fingerprints {
		file.Allow.Fingerprints[i].Production = true
	}
	r.allow = policy.AllowedAt(file.Allow, r.Now())
	return nil
}

// lacks notes a gap. Names in it may hold a credential.
func (r *reading) lacks(ctx context.Context, g gap) {
	g.Reason = r.Scanner.RedactString(ctx, g.Reason)
	r.to.lacks(g)
}

func policyGaps(gaps []gap) []gap {
	return slices.DeleteFunc(gaps, func(g gap) bool { return g.Of != policyOf })
}

// allowed reports whether the policy allows a row: a fingerprint anywhere, a path in git.
func (r *reading) allowed(one row) bool {
	if r.allow == nil {
		return false
	}
	if _, ok := r.allow.Fingerprint(one.Fingerprint, one.Environment); ok {
		return true
	}
	if one.Place != placeFile {
		return false
	}
	_, ok := r.allow.Path(one.Environment, one.Name)
	return ok
}

// found notes a row.
func (r *reading) found(one row) {
	one.ByPolicy = r.allowed(one)
	r.to.add(one)
}
