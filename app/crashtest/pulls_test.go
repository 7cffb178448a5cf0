package crashtest

import (
	"context"
	"slices"
	"time"

	"github.com/rekey-app/rekey/github/githubtest"
)

func (r *repository) pullOf(ref string) *pull {
	for _, pr := range r.pulls {
		if pr.fork == nil && pr.ref == ref {
			return pr
		}
	}
	return nil
}

// ofPull is what a pull request's event makes the check run of its head show: what main had not when the event was made.
func (r *repository) ofPull(tip int) head {
	fresh := r.reach(tip).without(r.reach(r.refs[main]))
	return head{least: fresh, most: fresh}
}

// openPull opens a pull request of a branch, or of a stranger's fork.
func (r *repository) openPull(ctx context.Context) error {
	tip, ok := r.refs[main]
	if !ok || len(r.pulls) >= maxForks {
		return nil
	}
	if ref := r.anyBranch(); r.rng.IntN(2) == 0 && ref != main {
		if r.pullOf(ref) != nil || r.reach(tip)[r.refs[ref]] {
			return nil
		}
		on, _, err := r.on.OpenPullRequest(ctx, githubtest.PullRequestOptions{HeadRef: ref[len("refs/heads/"):], By: r.w.ada})
		if err != nil {
			return err
		}
		r.pulls = append(r.pulls, &pull{on: on, by: r.w.ada, ref: ref, tip: r.refs[ref]})
		r.shared[r.refs[ref]] = true
		r.shown(r.refs[ref], r.ofPull(r.refs[ref]))
		return nil
	}
	stranger := r.w.github.User(r.next(r.name + "-eve"))
	fork, err := r.on.Fork(stranger)
	if err != nil {
		return err
	}
	pr := &pull{fork: fork, by: stranger, ref: "refs/heads/patch"}
	if err := r.commitToPull(ctx, pr, tip); err != nil {
		return err
	}
	if pr.on, _, err = r.on.OpenPullRequest(ctx, githubtest.PullRequestOptions{Head: fork, HeadRef: "patch", By: stranger}); err != nil {
		return err
	}
	r.pulls = append(r.pulls, pr)
	r.shown(pr.tip, r.ofPull(pr.tip))
	return nil
}

func (r *repository) commitToPull(ctx context.Context, pr *pull, parent int) error {
	known := len(r.leaks)
	c, err := r.make(pr.fork, r.rng.IntN(2) == 0, true, parent)
	if err != nil {
		return err
	}
	pr.brought = append(pr.brought, r.leaks[known:]...)
	pr.tip = c
	_, err = pr.fork.Push(ctx, githubtest.Push{Ref: pr.ref, SHA: r.commits[c].sha, By: pr.by})
	return err
}

// mergeGroup merges a branch into main by a merge queue: the merge is checked on a branch of the queue first.
func (r *repository) mergeGroup(ctx context.Context) error {
	ref := r.anyBranch()
	tip, ok := r.refs[main]
	other, found := r.refs[ref]
	if !ok || !found || ref == main || r.reach(tip)[other] {
		return nil
	}
	queued := "refs/heads/gh-readonly-queue/main/pr-1-" + r.commits[tip].sha
	c, err := r.make(r.on, false, false, tip, other)
	if err != nil {
		return err
	}
	r.shared[c] = true
	p := pushed{ref: queued, before: -1, after: c, read: r.readBefore(queued, time.Now().Add(-clockError))}
	sent, err := r.on.MergeGroup(ctx, "", r.commits[c].sha, r.w.ada)
	if err != nil {
		return err
	}
	p.taken = len(sent) > 0 && r.w.taken(sent[0].GUID)
	r.shown(c, r.move(p))
	r.shown(c, r.ofPull(c)) // GitHub says from where it is merged: main
	if err := r.push(ctx, main, c); err != nil {
		return err
	}
	delete(r.refs, queued)
	_, err = r.on.Push(ctx, githubtest.Push{Ref: queued, By: r.w.ada})
	return err
}

// pushToPull adds a commit to a stranger's pull request.
func (r *repository) pushToPull(ctx context.Context) error {
	open := slices.DeleteFunc(slices.Clone(r.pulls), func(pr *pull) bool { return pr.fork == nil || pr.triaged })
	if len(open) == 0 {
		return nil
	}
	pr := open[r.rng.IntN(len(open))]
	if err := r.commitToPull(ctx, pr, pr.tip); err != nil {
		return err
	}
	r.shown(pr.tip, r.ofPull(pr.tip))
	return nil
}

// triage makes what a stranger brought the repository's own. Nothing comes after it: it is about what is known by then.
func (r *repository) triage(ctx context.Context) error {
	open := slices.DeleteFunc(slices.Clone(r.pulls), func(pr *pull) bool { return pr.fork == nil || pr.triaged || len(pr.brought) == 0 })
	if len(open) == 0 || r.loose {
		return nil
	}
	pr := open[r.rng.IntN(len(open))]
	for c, one := range r.heads { // each of its heads must have been read
		if r.reach(pr.tip)[c] && len(one.least) > 0 && !r.concluded(c) {
			return nil
		}
	}
	pr.triaged = true
	for _, l := range pr.brought {
		l.filed = true
	}
	pr.on.Comment(ctx, "/rekey triage", r.w.ada)
	return nil
}
