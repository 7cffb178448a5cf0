package policies

import (
	"context"
	"fmt"
	"strings"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/notify"
	"github.com/rekey-app/rekey/respond/policy"
	"github.com/rekey-app/rekey/respond/text"
)

// What a policy file may name is more than its text tells: a target of the server's must serve the account, a repository
// for issues must be in reach, must take them, and must not be more public than what they are about.

// ownFile is a repository's own file with what it must not decide taken out of it.
func (p *Policies) ownFile(ctx context.Context, r respond.Repository, file policy.File) (policy.File, error) {
	file, err := p.vouched(ctx, r, file)
	if err != nil {
		return policy.File{}, err
	}
	file.IssuesRefused, err = p.refusedBy(ctx, r, file)
	file.Source = respond.SourceRepository
	return p.permitted(ctx, file, r.Owner), err
}

// refusedBy says why a repository's own file may not send its issues to another repository; "" if it may. The file of
// an organisation's .github repository speaks for the organisation.
func (p *Policies) refusedBy(ctx context.Context, r respond.Repository, file policy.File) (string, error) {
	if file.IssuesRepository == nil || IsOrganisations(r) {
		return "", nil
	}
	owner, name, _ := strings.Cut(*file.IssuesRepository, "/")
	if strings.EqualFold(owner, r.Owner) && strings.EqualFold(name, r.Name) {
		return "", nil
	}
	theirs, err := p.policyFile(ctx, github.Repository{Installation: r.Installation, Owner: owner, Name: name}, "")
	if err != nil || theirs.Accepts(r.Owner, r.Name) {
		return "", err
	}
	return fmt.Sprintf("%s/%s does not accept issues about %s/%s: add it to issues.accepts in that repository's %s, or set issues.repository in the organisation's",
		owner, name, r.Owner, r.Name, respond.PolicyPath), nil
}

// permitted are the entries of notify whose targets serve the account.
func (p *Policies) permitted(ctx context.Context, file policy.File, account string) policy.File {
	if file.Remind != nil && file.Remind.Escalate.To != "" {
		if problem := p.targetProblem("remind.escalate", file.Remind.Escalate.To, account); problem != "" {
			p.Log.WarnContext(ctx, "escalation ignored", "account", account, "target", file.Remind.Escalate.To, "reason", problem)
			kept := *file.Remind
			kept.Escalate = respond.Escalation{}
			file.Remind = &kept
		}
	}
	if file.Notify == nil {
		return file
	}
	kept := []respond.NotifyRule{}
	for _, n := range file.Notify {
		if problem := p.targetProblem("notify", n.To, account); problem != "" {
			p.Log.WarnContext(ctx, "notify entry ignored", "account", account, "target", n.To, "reason", problem)
			continue
		}
		kept = append(kept, n)
	}
	file.Notify = kept
	return file
}

// targetProblem says why policies of an account may not name a target; "" if they may. It does not tell targets of others
// from targets that do not exist.
func (p *Policies) targetProblem(setting, name, account string) string {
	if t, known := notify.Find(p.Targets, name); known && t.Serves(account) {
		return ""
	}
	return fmt.Sprintf("%s names %q, which is no target of this server for %s: ask whoever runs rekey to add it, with %s among its accounts", setting, name, account, account)
}

// faults is what is wrong with a policy file beside its text.
func (p *Policies) faults(ctx context.Context, r respond.Repository, file policy.File) (text.PolicyProblem, error) {
	for i, n := range file.Notify {
		if problem := p.targetProblem("notify", n.To, r.Owner); problem != "" {
			return text.PolicyProblem{Line: file.Lines.Notify[i], Message: problem, Partial: true}, nil
		}
	}
	if file.Remind != nil && file.Remind.Escalate.To != "" {
		if problem := p.targetProblem("remind.escalate", file.Remind.Escalate.To, r.Owner); problem != "" {
			return text.PolicyProblem{Line: file.Lines.Escalate, Message: problem, Partial: true}, nil
		}
	}
	if problem := foreignTeam(r, file); problem != "" {
		return text.PolicyProblem{Line: file.Lines.Approval, Message: problem, Partial: true}, nil
	}
	if file.IssuesRepository == nil || file.IssuesOff != nil && *file.IssuesOff {
		return text.PolicyProblem{}, nil
	}
	at := text.PolicyProblem{Line: file.Lines.IssuesRepository, Partial: true}
	refused, err := p.refusedBy(ctx, r, file)
	if err != nil {
		return text.PolicyProblem{}, err
	}
	home := respond.Policy{Issues: respond.IssuePolicy{Repository: *file.IssuesRepository, Refused: refused}}
	err = p.Store.View(ctx, func(ctx context.Context, tx Tx) error {
		reached, err := tx.RepositoriesOf(ctx, r.Installation)
		_, at.Message = respond.IssueHome(r, reached, home)
		return err
	})
	if at.Message == "" {
		return text.PolicyProblem{}, err
	}
	return at, err
}

// foreignTeam says what is wrong with the team that confirms closings, if it is another owner's: GitHub doesn't say who is in it.
func foreignTeam(r respond.Repository, file policy.File) string {
	if file.IgnoreApproval == nil {
		return ""
	}
	organisation, _, named := file.IgnoreApproval.Team()
	if !named || strings.EqualFold(organisation, r.Owner) {
		return ""
	}
	return fmt.Sprintf("ignore.approval names a team of %s, and this repository belongs to %s: name a team of %s, or nobody can confirm anything", organisation, r.Owner, r.Owner)
}
