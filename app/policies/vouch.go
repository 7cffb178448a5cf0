package policies

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/policy"
)

// Change is a push to the default branch that changed the policy file.
type Change struct {
	Before, After string // commits; Before is "" for none
	Pusher        string // login; "" where nobody knows
	Received      time.Time
}

// Changed takes note of a change of a repository's policy file: who answers for the entries that it brought, and of an organisation's file
// what applies should the next one be unusable.
func (p *Policies) Changed(ctx context.Context, r respond.Repository, c Change) error {
	if IsOrganisations(r) {
		if err := p.keepPushed(ctx, r, c); err != nil {
			return err
		}
	}
	return p.Vouch(ctx, r, c)
}

// Vouch records who brought the fingerprints that a push to the default branch newly allows: whether they count for
// production keys depends on what that person may do. What no push that we received brought counts for test keys alone.
func (p *Policies) Vouch(ctx context.Context, r respond.Repository, c Change) error {
	after, err := p.policyAt(ctx, record.Target(r), c.After)
	if err != nil {
		return err
	}
	file, err := policy.Parse(after)
	if err != nil || len(file.Allow.Fingerprints) == 0 {
		return nil //nolint:nilerr // a file with a mistake counts for nothing; who fixes it does not answer for what was there
	}
	var before []byte
	if c.Before != "" {
		if before, err = p.policyAt(ctx, record.Target(r), c.Before); err != nil {
			return err
		}
	}
	added := policy.NewFingerprints(before, file)
	if len(added) == 0 {
		return nil
	}
	role := respond.RoleNone
	if c.Pusher != "" {
		if role, err = p.Role(ctx, r.ID, c.Pusher); err != nil {
			return err
		}
	}
	vouchers := make([]ledger.Voucher, len(added))
	for i, f := range added {
		vouchers[i] = ledger.Voucher{Entry: f.Entry(), Login: c.Pusher, Role: role, At: c.Received}
	}
	p.Log.InfoContext(ctx, "policy allows fingerprints", "repository", r.Owner+"/"+r.Name, "fingerprints", len(added), "by", c.Pusher, "role", role)
	err = p.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		return tx.Vouch(ctx, r.ID, vouchers)
	})
	p.Forget(r.ID, r.Name)
	return err
}

// policyAt reads the policy file as it is at a commit. One that is gone, or too large to be a policy, holds nothing.
func (p *Policies) policyAt(ctx context.Context, r github.Repository, commit string) ([]byte, error) {
	text, _, err := p.GitHub.Repository(r, github.ScanAccess).Contents(ctx, respond.PolicyPath, commit)
	if errors.Is(err, github.ErrTooLarge) || errors.Is(err, github.ErrNoCommit) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the policy of %s/%s at %s: %w", r.Owner, r.Name, commit, err)
	}
	return text, nil
}

// vouched marks what a repository's own file allows for production keys too.
func (p *Policies) vouched(ctx context.Context, r respond.Repository, file policy.File) (policy.File, error) {
	if len(file.Allow.Fingerprints) == 0 {
		return file, nil
	}
	var known map[string]ledger.Voucher
	err := p.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		known, err = tx.Vouchers(ctx, r.ID)
		return err
	})
	return file.Vouched(func(entry string) (login string, role respond.Role) { return known[entry].Login, known[entry].Role }), err
}
