package read

import (
	"context"

	"github.com/rekey-app/rekey/respond"
)

// bringsPolicy reports whether a pull request into the default branch has another policy file than that branch, so that its check says
// what it would change. Of a branch of the repository pushes have told whether they touched the file; of a fork GitHub is asked. Where
// GitHub does not answer, the check does without: it must not wait for that.
func (r *Reader) bringsPolicy(ctx context.Context, t *Task, repository respond.Repository) bool {
	if t.Trigger != respond.TriggerPullRequest || t.Into != repository.DefaultBranch {
		return false
	}
	touched := t.Fork
	if !touched {
		err := r.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
			touched, err = tx.PolicyTouched(ctx, repository.ID, "refs/heads/"+t.Ref)
			return err
		})
		if err != nil || !touched {
			return false
		}
	}
	differs, err := r.Policies.Differs(ctx, repository, t.Head)
	if err != nil {
		r.Log.WarnContext(ctx, "can't tell if a pull request changes the policy", "repository", repository.Owner+"/"+repository.Name, "pull", t.Pull, "error", err)
	}
	return differs
}
