package read

import (
	"context"
	"sync"
	"time"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
)

// outside reports whether somebody without write access brought what the task reads. GitHub is asked only where it
// matters: about the author of a pull request from a fork in which something was found, or in whose texts. Who cannot be told is outside.
func (r *Reader) outside(ctx context.Context, t *Task, found bool) (bool, error) {
	switch {
	case t.Again:
		return r.wasOutside(ctx, t)
	case t.Trigger != respond.TriggerPullRequest && t.Trigger != respond.TriggerText || !t.Fork:
		return false, nil // it was pushed to the repository itself, or written there
	case respond.CanPush(t.Association, ""):
		return false, nil
	case !found:
		return true, nil
	}
	role, err := r.authorRole(ctx, t)
	return !respond.CanPush(t.Association, role), err
}

// wasOutside is what earlier scans of the commit say: somebody who has a commit read again vouches for nothing in it.
func (r *Reader) wasOutside(ctx context.Context, t *Task) (bool, error) {
	outside := true
	err := r.Store.View(ctx, func(ctx context.Context, tx Tx) error {
		scans, err := tx.Scans(ctx, t.Repository.ID, t.Head)
		for _, s := range scans {
			outside = outside && s.Outside
		}
		return err
	})
	return outside, err
}

// authorRole asks GitHub for the author's role in the base repository, at most every few minutes.
func (r *Reader) authorRole(ctx context.Context, t *Task) (respond.Role, error) {
	now := r.Now()
	if role, ok := r.roles.get(t.Repository.ID, t.Author, now); ok {
		return role, nil
	}
	role, err := r.Policies.Role(ctx, t.Repository.ID, t.Author)
	if err != nil && outcome.Of(err, now, outcome.Attempt{}).Do == github.GiveUp {
		r.Log.WarnContext(ctx, "role of a pull request's author unknown: treated as a stranger", "repository", t.Repository.Owner+"/"+t.Repository.Name,
			"pull", t.Pull, "error", err)
		role, err = respond.RoleNone, nil
	}
	if err == nil {
		r.roles.put(t.Repository.ID, t.Author, role, now)
	}
	return role, err
}

// roleFor is how long a role serves that GitHub gave.
const roleFor = 5 * time.Minute

// roles remembers what people may do. It is safe for concurrent use; its zero value is ready.
type roles struct {
	mu    sync.Mutex
	known map[person]knownRole
}

type person struct {
	repository int64
	login      string
}

type knownRole struct {
	role  respond.Role
	until time.Time
}

func (r *roles) get(repository int64, login string, now time.Time) (respond.Role, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, ok := r.known[person{repository, login}]
	return k.role, ok && now.Before(k.until)
}

func (r *roles) put(repository int64, login string, role respond.Role, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil || len(r.known) > 10_000 {
		r.known = map[person]knownRole{}
	}
	r.known[person{repository, login}] = knownRole{role, now.Add(roleFor)}
}
