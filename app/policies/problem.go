package policies

import (
	"context"
	"errors"
	"fmt"

	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/policy"
	"github.com/rekey-app/rekey/respond/text"
)

// Problem reads the policy file that a commit brought, and says what is wrong with it.
func (p *Policies) Problem(ctx context.Context, r respond.Repository, commit string) (text.PolicyProblem, error) {
	content, found, err := p.GitHub.Repository(record.Target(r), github.ScanAccess).Contents(ctx, respond.PolicyPath, commit)
	switch {
	case errors.Is(err, github.ErrTooLarge):
		return p.whole(ctx, r, text.PolicyProblem{Message: "the file is too large"})
	case err != nil:
		return text.PolicyProblem{}, fmt.Errorf("reading the policy file of %s: %w", commit, err)
	case !found:
		return text.PolicyProblem{}, nil
	}
	file, err := policy.Parse(content)
	if mistake, ok := errors.AsType[*policy.Error](err); ok {
		return p.whole(ctx, r, text.PolicyProblem{Line: mistake.Line, Message: p.Scanner.RedactString(ctx, mistake.Message)})
	}
	if err != nil {
		return text.PolicyProblem{}, err
	}
	return p.faults(ctx, r, file)
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
