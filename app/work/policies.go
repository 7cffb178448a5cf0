package work

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/policy"
	"github.com/rekey-app/rekey/respond/text"
)

// policyFor is how long a policy that was read serves. A push to the default branch that changes the file ends it at once,
// in the process that hears of it.
const policyFor = time.Minute

// policies remembers what was read. It is safe for concurrent use.
type policies struct {
	mu   sync.Mutex
	read map[int64]readPolicy
}

type readPolicy struct {
	policy respond.Policy
	until  time.Time
}

func (p *policies) get(repository int64, now time.Time) (respond.Policy, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, ok := p.read[repository]
	return r.policy, ok && now.Before(r.until)
}

func (p *policies) put(repository int64, read respond.Policy, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.read == nil || len(p.read) > 10_000 {
		p.read = map[int64]readPolicy{}
	}
	p.read[repository] = readPolicy{read, now.Add(policyFor)}
}

// forget is told that a repository's policy file was changed. That of the repository .github applies to all others.
func (p *policies) forget(repository int64, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if strings.EqualFold(name, organisationRepository) {
		p.read = nil
	}
	delete(p.read, repository)
}

// organisationRepository is where an organisation keeps what applies to all its repositories.
const organisationRepository = ".github"

// policy returns what applies to a repository: its own file on the default branch, over the same file in the
// organisation's .github repository, over the server's. A file with a mistake counts as absent here: the check run of the
// commit that brought it tells of the mistake.
func (w *Worker) policy(ctx context.Context, r ledger.Repository) (respond.Policy, error) {
	if p, ok := w.policies.get(r.ID, w.Now()); ok {
		return p, nil
	}
	organisation := record{r}.target()
	organisation.ID, organisation.Name = 0, organisationRepository
	files := []policy.File{w.ServerPolicy.Production()}
	for _, from := range []github.Repository{organisation, record{r}.target()} {
		if from.ID == 0 && strings.EqualFold(r.Name, from.Name) {
			continue
		}
		file, err := w.policyFile(ctx, from, "")
		if err == nil && from.ID != 0 {
			file, err = w.ownFile(ctx, r, file)
		} else {
			file = file.Production()
		}
		if err != nil {
			return respond.Policy{}, err
		}
		files = append(files, w.permitted(ctx, file, r.Owner))
	}
	p := policy.Merge(files...)
	p.Always = w.ServerPolicy.Notify
	w.policies.put(r.ID, p, w.Now())
	return p, nil
}

func (w *Worker) policyFile(ctx context.Context, from github.Repository, ref string) (policy.File, error) {
	text, found, err := w.GitHub.Repository(from, github.ScanAccess).Contents(ctx, respond.PolicyPath, ref)
	switch {
	case errors.Is(err, github.ErrOutOfReach), errors.Is(err, github.ErrNotFound), err == nil && !found:
		return policy.File{}, nil
	case errors.Is(err, github.ErrNoCommit) && ref == "": // the default branch is not there, or not yet
		return policy.File{}, nil
	case errors.Is(err, github.ErrTooLarge):
		w.Log.WarnContext(ctx, "policy file left out: it is too large", "repository", from.Owner+"/"+from.Name)
		return policy.File{}, nil
	case err != nil:
		return policy.File{}, fmt.Errorf("reading the policy of %s/%s: %w", from.Owner, from.Name, err)
	}
	file, err := policy.Parse(text)
	if err != nil {
		w.Log.WarnContext(ctx, "policy file left out: it has a mistake", "repository", from.Owner+"/"+from.Name, "error", err)
		return policy.File{}, nil
	}
	return file, nil
}

// policyProblem reads the policy file that a commit brought, and says what is wrong with it.
func (w *Worker) policyProblem(ctx context.Context, r record, commit string) (text.PolicyProblem, error) {
	content, found, err := w.GitHub.Repository(r.target(), github.ScanAccess).Contents(ctx, respond.PolicyPath, commit)
	switch {
	case errors.Is(err, github.ErrTooLarge):
		return text.PolicyProblem{Message: "the file is too large"}, nil
	case err != nil:
		return text.PolicyProblem{}, fmt.Errorf("reading the policy file of %s: %w", commit, err)
	case !found:
		return text.PolicyProblem{}, nil
	}
	file, err := policy.Parse(content)
	if mistake, ok := errors.AsType[*policy.Error](err); ok {
		return text.PolicyProblem{Line: mistake.Line, Message: w.Scanner.RedactString(ctx, mistake.Message)}, nil
	}
	if err != nil {
		return text.PolicyProblem{}, err
	}
	return w.policyFaults(ctx, r.Repository, file)
}

// issueTarget is where a leak's issue goes; zero for nowhere. See [respond.IssueHome].
func (w *Worker) issueTarget(ctx context.Context, tx *ledger.Tx, r ledger.Repository, p respond.Policy) (ledger.Repository, error) {
	if p.Issues.Repository == "" {
		return r, nil
	}
	reached, err := tx.RepositoriesOf(ctx, r.Installation)
	if err != nil {
		return ledger.Repository{}, err
	}
	home, problem := respond.IssueHome(r, reached, p)
	if problem != "" {
		w.Log.WarnContext(ctx, "the policy's repository for issues cannot be used", "repository", r.Owner+"/"+r.Name, "reason", problem,
			"filed", home.ID != 0)
	}
	return home, nil
}
