package backfill

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/policies"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
)

// Policy brings up to date what depends on a policy that changed: issues that it wants now, and the conclusions of checks.
func (w *Worker) Policy(ctx context.Context, j *river.Job[job.Policy]) error {
	repository, found, err := w.Recorder.Repository(ctx, j.Args.Repository)
	if err != nil || !found {
		return err
	}
	if settled := j.CreatedAt.Add(policies.KeptFor); !j.Args.Settled && w.Now().Before(settled) {
		others, err := w.others(ctx)
		if err != nil {
			return err
		}
		if others {
			return &outcome.WaitError{Until: settled, Reason: "other processes may have the policy as it was"}
		}
	}
	if policies.IsOrganisations(repository) {
		if err := w.queuePolicies(ctx, repository.Installation, repository.ID); err != nil {
			return err
		}
	}
	return w.applyPolicy(ctx, repository)
}

// others reports whether other processes work on this ledger. One that starts later reads policies anew.
func (w *Worker) others(ctx context.Context) (others bool, err error) {
	if w.Leases == nil {
		return false, nil
	}
	err = w.Store.View(ctx, func(ctx context.Context, tx Tx) error {
		n, err := tx.Processes(ctx)
		others = n > 1
		return err
	})
	return others, err
}

// queuePolicies has all repositories of an installation but one brought up to date, or of all installations for 0.
func (w *Worker) queuePolicies(ctx context.Context, installation, but int64) error {
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		others, err := tx.RepositoriesNotPassed(ctx, installation)
		if err != nil {
			return err
		}
		for _, id := range others {
			if id == but {
				continue
			}
			if err := tx.Enqueue(ctx, job.Policy{Repository: id, Settled: true}, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

const (
	// maxRefiled is how many issues a changed policy queues at once that had no place before.
	maxRefiled = 500
	// maxJudged is how many checks of a repository are concluded again, the latest.
	maxJudged = 500
)

func (w *Worker) applyPolicy(ctx context.Context, r respond.Repository) error {
	w.Policies.Forget(r.ID, r.Name)
	w.cooldown.end(r.ID)
	if _, err := w.catchUpOn(ctx, r.ID); err != nil {
		return err
	}
	p, err := w.Policies.Of(ctx, r)
	if err != nil {
		return err
	}
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if last, err := tx.LastUpload(ctx, r.ID); err != nil {
			return err
		} else if p.CodeScanning || last.Results > 0 {
			if err := record.EnqueueCodeScanning(ctx, tx, r.ID); err != nil {
				return err
			}
		}
		if err := tx.Enqueue(ctx, job.Audit{Repository: r.ID}, nil); err != nil {
			return err
		}
		leaks, err := tx.Unissued(ctx, r.ID, maxRefiled)
		if err != nil {
			return err
		}
		for _, leak := range leaks {
			if err := tx.Enqueue(ctx, job.Issue{Leak: leak.ID}, nil); err != nil {
				return err
			}
		}
		heads, err := tx.ChecksNotPassed(ctx, r.ID, maxJudged)
		if err != nil {
			return err
		}
		for _, head := range heads {
			if err := tx.Enqueue(ctx, job.Check{Repository: r.ID, Head: head}, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// serverPolicyKey is where the ledger keeps which policy of the server's applied last.
const serverPolicyKey = "server_policy"

// serverPolicy brings everything up to date where the server has another policy than before.
func (w *Worker) serverPolicy(ctx context.Context) error {
	text, err := json.Marshal(w.Policies.Server)
	if err != nil {
		return fmt.Errorf("the server's policy: %w", err)
	}
	sum := sha256.Sum256(text)
	now := hex.EncodeToString(sum[:])
	var before string
	err = w.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		before, err = tx.Meta(ctx, serverPolicyKey)
		return err
	})
	if err != nil || before == now {
		return err
	}
	if before != "" {
		if err := w.queuePolicies(ctx, 0, 0); err != nil {
			return err
		}
	}
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error { return tx.SetMeta(ctx, serverPolicyKey, now) })
}
