// Package policies finds the policy that applies to a repository: it reads policy files from GitHub, checks what they name, and
// remembers who vouched for what. Start with [Policies.Of].
package policies

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/notify"
	"github.com/rekey-app/rekey/respond/policy"
	"github.com/rekey-app/rekey/respond/text"
)

// policyFor is how long a policy that was read serves. A push to the default branch that changes the file ends it at once,
// in the process that receives the event.
const policyFor = time.Minute

// Tx is what the package needs of the ledger.
type Tx interface {
	Leak(ctx context.Context, id int64) (respond.Leak, error)
	Repository(ctx context.Context, id int64) (respond.Repository, error)
	ReachedTx
	Vouch(ctx context.Context, repository int64, vouchers []ledger.Voucher) error
	Vouchers(ctx context.Context, repository int64) (map[string]ledger.Voucher, error)
}

// ReachedTx is what finding the repository for issues needs of the ledger.
type ReachedTx interface {
	RepositoriesOf(ctx context.Context, installation int64) ([]respond.Repository, error)
}

var _ Tx = (*ledger.Tx)(nil)

// Policies reads policies, and remembers them for a while. It is safe for concurrent use.
type Policies struct {
	Store   ledger.Scoped[Tx]
	GitHub  *github.App
	Scanner *detect.Scanner // takes credentials out of what is quoted from policy files
	Server  policy.File     // what applies where no repository's file says otherwise
	Targets []notify.Target // whom policies may name in notify
	Now     func() time.Time
	Log     *slog.Logger

	mu   sync.Mutex
	read map[int64]readPolicy
}

type readPolicy struct {
	policy respond.Policy
	until  time.Time
}

func (p *Policies) get(repository int64, now time.Time) (respond.Policy, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, ok := p.read[repository]
	return r.policy, ok && now.Before(r.until)
}

func (p *Policies) put(repository int64, read respond.Policy, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.read == nil || len(p.read) > 10_000 {
		p.read = map[int64]readPolicy{}
	}
	p.read[repository] = readPolicy{read, now.Add(policyFor)}
}

// Forget is called when a repository's policy file has changed. That of the repository .github applies to all others.
func (p *Policies) Forget(repository int64, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if strings.EqualFold(name, organisationRepository) {
		p.read = nil
	}
	delete(p.read, repository)
}

// organisationRepository is where an organisation keeps what applies to all its repositories.
const organisationRepository = ".github"

// Of returns what applies to a repository: its own file on the default branch, over the same file in the
// organisation's .github repository, over the server's. A file with a mistake counts as absent here: the check run of the
// commit that brought it names the mistake.
func (p *Policies) Of(ctx context.Context, r respond.Repository) (respond.Policy, error) {
	if read, ok := p.get(r.ID, p.Now()); ok {
		return read, nil
	}
	organisation := record.Target(r)
	organisation.ID, organisation.Name = 0, organisationRepository
	files := []policy.File{p.Server.Production()}
	for _, from := range []github.Repository{organisation, record.Target(r)} {
		if from.ID == 0 && strings.EqualFold(r.Name, from.Name) {
			continue
		}
		file, err := p.policyFile(ctx, from, "")
		if err == nil && from.ID != 0 {
			file, err = p.ownFile(ctx, r, file)
		} else {
			file = file.Production()
		}
		if err != nil {
			return respond.Policy{}, err
		}
		files = append(files, p.permitted(ctx, file, r.Owner))
	}
	merged := policy.Merge(files...)
	merged.Always = p.Server.Notify
	p.put(r.ID, merged, p.Now())
	return merged, nil
}

func (p *Policies) policyFile(ctx context.Context, from github.Repository, ref string) (policy.File, error) {
	text, found, err := p.GitHub.Repository(from, github.ScanAccess).Contents(ctx, respond.PolicyPath, ref)
	switch {
	case errors.Is(err, github.ErrOutOfReach), errors.Is(err, github.ErrNotFound), err == nil && !found:
		return policy.File{}, nil
	case errors.Is(err, github.ErrNoCommit) && ref == "": // the default branch is not there, or not yet
		return policy.File{}, nil
	case errors.Is(err, github.ErrTooLarge):
		p.Log.WarnContext(ctx, "policy file ignored: it is too large", "repository", from.Owner+"/"+from.Name)
		return policy.File{}, nil
	case err != nil:
		return policy.File{}, fmt.Errorf("reading the policy of %s/%s: %w", from.Owner, from.Name, err)
	}
	file, err := policy.Parse(text)
	if err != nil {
		p.Log.WarnContext(ctx, "policy file ignored: it has an error", "repository", from.Owner+"/"+from.Name, "error", err)
		return policy.File{}, nil
	}
	return file, nil
}

// Problem reads the policy file that a commit brought, and says what is wrong with it.
func (p *Policies) Problem(ctx context.Context, r respond.Repository, commit string) (text.PolicyProblem, error) {
	content, found, err := p.GitHub.Repository(record.Target(r), github.ScanAccess).Contents(ctx, respond.PolicyPath, commit)
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
		return text.PolicyProblem{Line: mistake.Line, Message: p.Scanner.RedactString(ctx, mistake.Message)}, nil
	}
	if err != nil {
		return text.PolicyProblem{}, err
	}
	return p.faults(ctx, r, file)
}

// IssueTarget is where a leak's issue goes; zero for nowhere. See [respond.IssueHome].
func (p *Policies) IssueTarget(ctx context.Context, tx ReachedTx, r respond.Repository, applies respond.Policy) (respond.Repository, error) {
	if applies.Issues.Repository == "" {
		return r, nil
	}
	reached, err := tx.RepositoriesOf(ctx, r.Installation)
	if err != nil {
		return respond.Repository{}, err
	}
	home, problem := respond.IssueHome(r, reached, applies)
	if problem != "" {
		p.Log.WarnContext(ctx, "the policy's repository for issues cannot be used", "repository", r.Owner+"/"+r.Name, "reason", problem,
			"filed", home.ID != 0)
	}
	return home, nil
}

// OfLeak reads a leak and the policy that applies to it; found is false when the installation is gone.
func (p *Policies) OfLeak(ctx context.Context, id int64) (leak respond.Leak, applies respond.Policy, found bool, err error) {
	var repository respond.Repository
	err = p.Store.View(ctx, func(ctx context.Context, tx Tx) error {
		if leak, err = tx.Leak(ctx, id); err != nil {
			return err
		}
		repository, err = tx.Repository(ctx, leak.Repository)
		return err
	})
	if errors.Is(err, ledger.ErrNotFound) {
		return respond.Leak{}, respond.Policy{}, false, nil
	}
	if err != nil {
		return respond.Leak{}, respond.Policy{}, false, err
	}
	applies, err = p.Of(ctx, repository)
	return leak, applies, err == nil, err
}

// Role asks GitHub what a person may do in a repository, whatever another repository says where an issue is.
func (p *Policies) Role(ctx context.Context, repository int64, login string) (respond.Role, error) {
	var r respond.Repository
	err := p.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		r, err = tx.Repository(ctx, repository)
		return err
	})
	if errors.Is(err, ledger.ErrNotFound) {
		return respond.RoleNone, nil
	}
	if err != nil {
		return "", err
	}
	role, err := p.GitHub.Repository(record.Target(r), github.RespondAccess).Permission(ctx, login)
	if errors.Is(err, github.ErrNotFound) {
		return respond.RoleNone, nil
	}
	if err != nil {
		return "", fmt.Errorf("asking what %s may do: %w", login, err)
	}
	return respond.Role(role), nil
}
