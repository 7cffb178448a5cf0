package policies

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/policy"
)

// An organisation's file binds others, so a mistake in it, or the App's loss of access to it, must not set them free: the last valid
// file applies until there is another one, or the file is deleted.

// outOfReach is why a file that cannot be read does not apply.
const outOfReach = "the App can't access the repository"

// organisationFile reads the file of an account's .github repository. Where that cannot be used it returns the last valid one, and says
// so in kept.
func (p *Policies) organisationFile(ctx context.Context, from github.Repository) (file policy.File, kept respond.KeptPolicy, err error) {
	now, err := p.readFile(ctx, from, "")
	if err != nil {
		return policy.File{}, kept, err
	}
	var last ledger.KeptPolicy
	var known bool
	err = p.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		last, known, err = tx.KeptPolicy(ctx, from.Installation)
		return err
	})
	if err == nil && known && now.there == absent {
		now.there, err = p.confirmAbsent(ctx, from)
	}
	if err != nil {
		return policy.File{}, kept, err
	}
	switch {
	case now.there == usable:
		return now.file, kept, p.keep(ctx, from, now.content, last, known)
	case now.there == absent && known:
		p.Log.InfoContext(ctx, "the organisation's policy file was deleted: it applies no more", "repository", from.Owner+"/"+from.Name)
		return policy.File{}, kept, p.Store.Update(ctx, func(ctx context.Context, tx Tx) error { return tx.DropPolicy(ctx, from.Installation) })
	case !known:
		if now.there == unusable {
			p.Log.WarnContext(ctx, "policy file ignored: "+now.problem, "repository", from.Owner+"/"+from.Name, "error", now.mistake)
		}
		return policy.File{}, kept, nil
	case now.there == out:
		now.problem = outOfReach
	}
	return p.lastValid(ctx, from, last, now)
}

// confirmAbsent tells a file that was deleted from a repository that is out of reach: GitHub answers the same for both.
func (p *Policies) confirmAbsent(ctx context.Context, from github.Repository) (presence, error) {
	_, err := p.GitHub.Repository(from, github.ScanAccess).Repository(ctx)
	switch {
	case errors.Is(err, github.ErrOutOfReach), errors.Is(err, github.ErrNotFound):
		return out, nil
	case err != nil:
		return out, fmt.Errorf("looking for %s/%s: %w", from.Owner, from.Name, err)
	}
	return absent, nil
}

// keep keeps a valid file, unless that is what is kept already.
func (p *Policies) keep(ctx context.Context, from github.Repository, content []byte, last ledger.KeptPolicy, known bool) error {
	masked := p.Scanner.Redact(ctx, content)
	if known && last.Problem == "" && bytes.Equal(last.Content, masked) {
		return nil
	}
	if _, err := policy.Parse(masked); err != nil {
		p.Log.WarnContext(ctx, "the organisation's policy file holds what looks like a credential, and is not kept for when it can't be read",
			"repository", from.Owner+"/"+from.Name)
		return nil //nolint:nilerr // what is masked need not be a policy
	}
	return p.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		return tx.KeepPolicy(ctx, from.Installation, ledger.KeptPolicy{Content: masked, Read: p.Now()})
	})
}

// lastValid is what was kept of a file that cannot be used as it is now. The log says so once.
func (p *Policies) lastValid(ctx context.Context, from github.Repository, last ledger.KeptPolicy, now reading) (policy.File, respond.KeptPolicy, error) {
	file, err := policy.Parse(last.Content)
	if err != nil {
		return policy.File{}, respond.KeptPolicy{}, fmt.Errorf("the policy of %s/%s that was kept: %w", from.Owner, from.Name, err)
	}
	kept := respond.KeptPolicy{Source: respond.PolicySource(from.Owner + "/" + from.Name), Read: last.Read, Problem: now.problem}
	if last.Problem == now.problem {
		return file, kept, nil
	}
	p.Log.WarnContext(ctx, "the organisation's policy file can't be used, and the last valid one applies: "+now.problem,
		"repository", from.Owner+"/"+from.Name, "read", last.Read, "error", now.mistake)
	last.Problem = now.problem
	return file, kept, p.Store.Update(ctx, func(ctx context.Context, tx Tx) error { return tx.KeepPolicy(ctx, from.Installation, last) })
}

// keepPushed keeps what a push to an organisation's .github repository brought; nobody may have asked for it before it is spoilt. Where
// nothing is kept, and the push spoilt it, it keeps what was there before.
func (p *Policies) keepPushed(ctx context.Context, r respond.Repository, c Change) error {
	_, _, err := p.organisationFile(ctx, record.Target(r))
	if err != nil || c.Before == "" {
		return err
	}
	var known bool
	err = p.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		_, known, err = tx.KeptPolicy(ctx, r.Installation)
		return err
	})
	if err != nil || known {
		return err
	}
	after, err := p.readFile(ctx, record.Target(r), c.After)
	if err != nil || after.there != unusable {
		return err
	}
	before, err := p.readFile(ctx, record.Target(r), c.Before)
	if err != nil || before.there != usable {
		return err
	}
	return p.keep(ctx, record.Target(r), before.content, ledger.KeptPolicy{}, false)
}
