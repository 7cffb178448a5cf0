package work

import (
	"context"
	"errors"
	"fmt"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/policy"
)

// vouch records who brought the fingerprints that a push to the default branch allows anew: whether they count for
// production keys depends on what that person may do. What no push brought that we heard of counts for test keys alone.
func (w *Worker) vouch(ctx context.Context, t *task, r record) error {
	if !t.Policy || t.Ref != "refs/heads/"+r.DefaultBranch {
		return nil
	}
	after, _, err := w.policyAt(ctx, t.Repository, t.Want)
	if err != nil {
		return err
	}
	file, err := policy.Parse(after)
	if err != nil || len(file.Allow.Fingerprints) == 0 {
		return nil // a file with a mistake counts for nothing; who mends it does not answer for what was there
	}
	var before []byte
	if t.Before != "" {
		if before, _, err = w.policyAt(ctx, t.Repository, t.Before); err != nil {
			return err
		}
	}
	added := policy.NewFingerprints(before, file)
	if len(added) == 0 {
		return nil
	}
	role := "none"
	if t.Pusher != "" {
		if role, err = w.role(ctx, t.Repository.ID, t.Pusher); err != nil {
			return err
		}
	}
	vouchers := make([]ledger.Voucher, len(added))
	for i, f := range added {
		vouchers[i] = ledger.Voucher{Entry: f.Entry(), Login: t.Pusher, Role: role, At: t.Received}
	}
	w.Log.InfoContext(ctx, "policy allows fingerprints", "repository", r.Owner+"/"+r.Name, "fingerprints", len(added), "by", t.Pusher, "role", role)
	err = w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		return tx.Vouch(ctx, t.Repository.ID, vouchers)
	})
	w.policies.forget(r.ID, r.Name)
	return err
}

// refile queues the issues that had no place under the policy before.
func refile(ctx context.Context, tx *ledger.Tx, repository int64) error {
	leaks, err := tx.Unissued(ctx, repository, maxSummed)
	if err != nil {
		return err
	}
	for _, leak := range leaks {
		if err := tx.Enqueue(ctx, job.Issue{Leak: leak.ID}, nil); err != nil {
			return err
		}
	}
	return nil
}

// policyAt reads the policy file as it is at a commit. One that is gone, or too large to be a policy, holds nothing.
func (w *Worker) policyAt(ctx context.Context, r github.Repository, commit string) (text []byte, found bool, err error) {
	text, found, err = w.GitHub.Repository(r, github.ScanAccess).Contents(ctx, respond.PolicyPath, commit)
	if errors.Is(err, github.ErrTooLarge) || errors.Is(err, github.ErrNoCommit) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading the policy of %s/%s at %s: %w", r.Owner, r.Name, commit, err)
	}
	return text, found, nil
}

// vouched marks what a repository's own file allows for production keys too.
func (w *Worker) vouched(ctx context.Context, r ledger.Repository, file policy.File) (policy.File, error) {
	if len(file.Allow.Fingerprints) == 0 {
		return file, nil
	}
	var known map[string]ledger.Voucher
	err := w.Store.View(ctx, func(ctx context.Context, tx *ledger.Tx) (err error) {
		known, err = tx.Vouchers(ctx, r.ID)
		return err
	})
	return file.Vouched(func(entry string) (login, role string) { return known[entry].Login, known[entry].Role }), err
}
