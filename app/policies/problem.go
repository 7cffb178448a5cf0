package policies

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/policy"
	"github.com/rekey-app/rekey/respond/text"
)

// Look reads the policy file that a commit brought. It says what is wrong with it, and what it would change: where the commit is on the
// default branch, merged, it has.
func (p *Policies) Look(ctx context.Context, r respond.Repository, commit string, merged bool) (problem text.PolicyProblem, preview respond.PolicyPreview, err error) {
	content, found, err := p.GitHub.Repository(record.Target(r), github.ScanAccess).Contents(ctx, respond.PolicyPath, commit)
	switch {
	case errors.Is(err, github.ErrTooLarge):
		problem, err = p.whole(ctx, r, text.PolicyProblem{Message: "the file is too large"})
		return problem, preview, err
	case err != nil:
		return problem, preview, fmt.Errorf("reading the policy file of %s: %w", commit, err)
	}
	var file policy.File
	if found {
		file, err = policy.Parse(content)
	}
	if mistake, ok := errors.AsType[*policy.Error](err); ok {
		problem, err = p.whole(ctx, r, text.PolicyProblem{Line: mistake.Line, Message: p.Scanner.RedactString(ctx, mistake.Message)})
		return problem, preview, err
	}
	if err != nil {
		return problem, preview, err
	}
	read, err := p.of(ctx, r)
	if err != nil {
		return problem, preview, err
	}
	// Who merges it vouches for what it allows.
	file = file.Production()
	file.Source = respond.SourceRepository
	above := read.files[:len(read.files)-1]
	if problem, err = p.faults(ctx, r, counting(above, file)); err != nil {
		return problem, preview, err
	}
	if merged {
		return problem, respond.PolicyPreview{VainLock: len(file.Lock) > 0, Organisation: IsOrganisations(r)}, nil
	}
	preview, err = p.preview(ctx, r, read, p.permitted(ctx, file, r.Owner))
	return problem, preview, err
}

// counting is a file without what it cannot decide anyway: a setting that is locked is no mistake.
func counting(above []policy.File, file policy.File) policy.File {
	for _, i := range policy.Merge(append(slices.Clone(above), file)...).Ignored {
		if i.Setting == "issues.repository" && i.From == file.Source {
			file.IssuesRepository = nil
		}
	}
	return file
}

// whole is the problem of a file that cannot be used at all.
func (p *Policies) whole(ctx context.Context, r respond.Repository, problem text.PolicyProblem) (text.PolicyProblem, error) {
	if problem.Organisation = IsOrganisations(r); !problem.Organisation {
		return problem, nil
	}
	err := p.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		_, problem.Kept, err = tx.KeptPolicy(ctx, r.Installation)
		return err
	})
	return problem, err
}
