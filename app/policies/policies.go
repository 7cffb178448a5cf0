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
)

// KeptFor is how long a policy that was read serves. A push to the default branch that changes the file ends it at once,
// in the process that receives the event.
const KeptFor = time.Minute

// Tx is what the package needs of the ledger.
type Tx interface {
	Leak(ctx context.Context, id int64) (respond.Leak, error)
	Repository(ctx context.Context, id int64) (respond.Repository, error)
	ReachedTx
	Vouch(ctx context.Context, repository int64, vouchers []ledger.Voucher) error
	Vouchers(ctx context.Context, repository int64) (map[string]ledger.Voucher, error)
	keptTx
	StillOpen(ctx context.Context, repository int64, limit int) ([]respond.Leak, error)
	Sightings(ctx context.Context, leak int64, limit int) ([]respond.Sighting, error)
	OpenLeaksIn(ctx context.Context, installation int64) (int, error)
	logsTx
}

// logsTx is whether a policy has logs of Actions read.
type logsTx interface {
	LogsWanted(ctx context.Context, repository int64) (bool, error)
	WantLogs(ctx context.Context, repository int64, want bool) error
}

// keptTx is the last valid policy of an organisation.
type keptTx interface {
	KeptPolicy(ctx context.Context, installation int64) (ledger.KeptPolicy, bool, error)
	KeepPolicy(ctx context.Context, installation int64, p ledger.KeptPolicy) error
	DropPolicy(ctx context.Context, installation int64) error
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

// readPolicy is what was read for a repository: the files, its own last, and what they make.
type readPolicy struct {
	policy respond.Policy
	files  []policy.File
	until  time.Time
}

func (p *Policies) get(repository int64, now time.Time) (readPolicy, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, ok := p.read[repository]
	return r, ok && now.Before(r.until)
}

func (p *Policies) put(repository int64, read readPolicy, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.read == nil || len(p.read) > 10_000 {
		p.read = map[int64]readPolicy{}
	}
	read.until = now.Add(KeptFor)
	p.read[repository] = read
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

// latelyFor is how old an answer of Lately may be.
const latelyFor = time.Hour

// Lately is Of for what is asked very often, and may lag: without a push that changes the policy, GitHub is asked once an hour.
func (p *Policies) Lately(ctx context.Context, r respond.Repository) (respond.Policy, error) {
	if read, ok := p.get(r.ID, p.Now().Add(KeptFor-latelyFor)); ok {
		return read.policy, nil
	}
	return p.Of(ctx, r)
}

// Of returns what applies to a repository: its own file on the default branch, over the same file in the
// organisation's .github repository, over the server's. A repository's file with a mistake counts as absent here: the check run of
// the commit that brought it names the mistake. Of the organisation's the last valid one applies.
func (p *Policies) Of(ctx context.Context, r respond.Repository) (respond.Policy, error) {
	read, err := p.of(ctx, r)
	return read.policy, err
}

func (p *Policies) of(ctx context.Context, r respond.Repository) (readPolicy, error) {
	if read, ok := p.get(r.ID, p.Now()); ok {
		return read, nil
	}
	above, kept, err := p.above(ctx, r)
	if err != nil {
		return readPolicy{}, err
	}
	var own policy.File
	if IsOrganisations(r) {
		own, kept, err = p.organisationFile(ctx, record.Target(r))
	} else {
		own, err = p.policyFile(ctx, record.Target(r), "")
	}
	if err == nil {
		own, err = p.ownFile(ctx, r, own)
	}
	if err != nil {
		return readPolicy{}, err
	}
	read := readPolicy{files: append(above, own)}
	read.policy = p.merged(read.files)
	read.policy.Kept = kept
	p.put(r.ID, read, p.Now())
	return read, p.noteLogs(ctx, r.ID, read.policy.Texts.Logs)
}

// noteLogs notes whether logs are wanted: without the permission for them GitHub sends no event that asks for any, and nobody would know.
func (p *Policies) noteLogs(ctx context.Context, repository int64, want bool) error {
	noted := false
	err := p.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		noted, err = tx.LogsWanted(ctx, repository)
		return err
	})
	if err != nil || noted == want {
		return err
	}
	err = p.Store.Update(ctx, func(ctx context.Context, tx Tx) error { return tx.WantLogs(ctx, repository, want) })
	if errors.Is(err, ledger.ErrNotFound) { // forgotten meanwhile
		return nil
	}
	return err
}

// merged is the policy that the files make, the repository's own last.
func (p *Policies) merged(files []policy.File) respond.Policy {
	merged := policy.Over(files[:len(files)-1], files[len(files)-1])
	merged.Always = p.Server.Notify
	return merged
}

// above are the files that a repository's own one is over: the server's, and the organisation's.
func (p *Policies) above(ctx context.Context, r respond.Repository) ([]policy.File, respond.KeptPolicy, error) {
	server := p.Server.Production()
	server.Source = respond.SourceServer
	if IsOrganisations(r) {
		return []policy.File{server}, respond.KeptPolicy{}, nil
	}
	organisation := record.Target(r)
	organisation.ID, organisation.Name = 0, organisationRepository
	file, kept, err := p.organisationFile(ctx, organisation)
	file = p.permitted(ctx, file.Production(), r.Owner)
	file.Source = respond.PolicySource(r.Owner + "/" + organisationRepository)
	return []policy.File{server, file}, kept, err
}

// IsOrganisations reports whether a repository's file applies to all others of its owner.
func IsOrganisations(r respond.Repository) bool {
	return strings.EqualFold(r.Name, organisationRepository)
}

// reading is a policy file as GitHub has it.
type reading struct {
	content []byte
	file    policy.File
	there   presence
	problem string // why a file that is there cannot be used
	mistake error  // of its text
}

// presence says whether a policy file is there.
type presence int

const (
	absent   presence = iota // the repository has none
	out                      // the App cannot access the repository, or there is none
	unusable                 // see reading.problem
	usable
)

func (p *Policies) readFile(ctx context.Context, from github.Repository, ref string) (reading, error) {
	content, found, err := p.GitHub.Repository(from, github.ScanAccess).Contents(ctx, respond.PolicyPath, ref)
	switch {
	case errors.Is(err, github.ErrOutOfReach), errors.Is(err, github.ErrNotFound):
		return reading{there: out}, nil
	case errors.Is(err, github.ErrNoCommit) && ref == "", err == nil && !found: // the default branch is not there, or not yet
		return reading{there: absent}, nil
	case errors.Is(err, github.ErrTooLarge):
		return reading{there: unusable, problem: "it is too large"}, nil
	case err != nil:
		return reading{}, fmt.Errorf("reading the policy of %s/%s: %w", from.Owner, from.Name, err)
	}
	file, err := policy.Parse(content)
	if err != nil {
		return reading{there: unusable, problem: "it has an error", mistake: err}, nil //nolint:nilerr // it is what was read
	}
	return reading{content: content, file: file, there: usable}, nil
}

func (p *Policies) policyFile(ctx context.Context, from github.Repository, ref string) (policy.File, error) {
	r, err := p.readFile(ctx, from, ref)
	if r.there == unusable {
		p.Log.WarnContext(ctx, "policy file ignored: "+r.problem, "repository", from.Owner+"/"+from.Name, "error", r.mistake)
	}
	return r.file, err
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

// Membership says whether a person is in the team that confirms closings in a repository by its policy; not asked where it names none.
func (p *Policies) Membership(ctx context.Context, r respond.Repository, applies respond.Policy, login string) (respond.Membership, error) {
	organisation, slug, named := applies.Ignore.Approval.Team()
	if !named {
		return respond.TeamNotAsked, nil
	}
	member, err := p.GitHub.TeamMember(ctx, r.Installation, organisation, slug, login)
	switch {
	case errors.Is(err, github.ErrNoMembers):
		p.Log.WarnContext(ctx, "nobody can confirm closings: the App lacks the permission Members: read-only", "team", organisation+"/"+slug, "error", err)
		return respond.TeamUnreadable, nil
	case err != nil:
		return "", fmt.Errorf("asking whether %s is in the team %s/%s: %w", login, organisation, slug, err)
	case member:
		return respond.TeamMember, nil
	}
	return respond.TeamStranger, nil
}
