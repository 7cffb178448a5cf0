package githubtest

import (
	"context"
	"fmt"
	"strings"
)

// zeroID stands where there is no object.
const zeroID = "0000000000000000000000000000000000000000"

// Push is a ref's change.
type Push struct {
	Ref string   // refs/heads/…, refs/tags/…; "" is the default branch
	SHA string   // where it shall point; "" deletes it
	By  *Account // who pushes; nil: the repository's owner
}

// Push changes a ref and sends what GitHub sends then: push, check_suite.requested, and pull_request.synchronize for each
// open pull request whose head the ref is (also from a fork). It returns the deliveries, the push first if there was one.
func (r *Repository) Push(ctx context.Context, p Push) ([]Delivery, error) {
	s := r.s
	if p.Ref == "" {
		p.Ref = "refs/heads/" + r.DefaultBranch()
	}
	if p.By == nil {
		p.By = r.Owner()
	}
	before, err := r.Tip(p.Ref)
	if err != nil {
		before = zeroID
	}
	after := p.SHA
	if after == "" {
		after = zeroID
	}
	if before == zeroID && after == zeroID {
		return nil, fmt.Errorf("push to %s: there is no %s to delete", r.FullName(), p.Ref)
	}
	fields, err := r.describePush(p.Ref, before, after)
	if err != nil {
		return nil, fmt.Errorf("push to %s: %w", r.FullName(), err)
	}
	if err := r.SetRef(p.Ref, p.SHA); err != nil {
		return nil, err
	}
	synchronized, err := r.follow(p.Ref, after)
	if err != nil {
		return nil, err
	}

	s.mu.Lock()
	r.pushed = s.opt.Now()
	var send []*Delivery
	if in := s.installationOf(r); in != nil {
		send = append(send, s.delivery("push", in.id, r, p.By, s.pushJSON(r, p, before, after, fields)))
		if d := s.suiteRequested(r, in, p, before, after, fields.head); d != nil {
			send = append(send, d)
		}
	}
	for _, pr := range synchronized {
		send = append(send, s.pullRequestDelivery(pr, "synchronize", p.By, object{"before": before, "after": after}))
	}
	s.mu.Unlock()
	return s.sendAll(ctx, send), nil
}

// DefaultBranch is the branch's name, as it is now.
func (r *Repository) DefaultBranch() string {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.defaultBranch
}

// pushFields is what git knows about a push.
type pushFields struct {
	forced  bool
	commits []logEntry
	head    *logEntry
}

// describePush asks git, before the ref is changed.
func (r *Repository) describePush(ref, before, after string) (pushFields, error) {
	var f pushFields
	if after == zeroID {
		return f, nil
	}
	notCommit := func(err error) error { return fmt.Errorf("%s is no commit, or a tag of one: %w", after, err) }
	fresh, err := r.log(after, "--not", "--all")
	if err != nil {
		return f, notCommit(err)
	}
	if len(fresh) > 0 {
		f.head = &fresh[len(fresh)-1]
	} else if head, err := r.log("--max-count=1", after); err != nil || len(head) == 0 {
		return f, notCommit(err)
	} else {
		f.head = &head[0]
	}
	if !strings.HasPrefix(ref, "refs/heads/") {
		return f, nil // pushes of tags list no commits
	}
	if f.commits = fresh; before == zeroID || follows(fresh, before) {
		return f, nil
	}
	if f.commits, err = r.log(after, "--not", before); err != nil {
		return f, err
	}
	_, err = r.s.git(r.dir, nil, "merge-base", "--is-ancestor", before, after)
	f.forced = err != nil
	news, err := r.s.git(r.dir, nil, "rev-list", after, "--not", "--all")
	if err != nil {
		return f, err
	}
	for i, e := range f.commits {
		f.commits[i].known = !strings.Contains(news, e.sha)
	}
	return f, nil
}

// follows reports whether commits that no ref has yet, oldest first, follow the tip of a ref, and it alone: then they are all that
// follows it.
func follows(fresh []logEntry, tip string) bool {
	among, reached := map[string]bool{tip: true}, false
	for _, e := range fresh {
		for _, parent := range e.parents {
			if !among[parent] {
				return false
			}
			reached = reached || parent == tip
		}
		among[e.sha] = true
	}
	return reached && len(fresh) < maxLog
}

func (s *Server) pushJSON(r *Repository, p Push, before, after string, f pushFields) object {
	web := s.baseURL + "/" + r.fullName()
	compare := web + "/compare/" + short(before) + "..." + short(after)
	if before == zeroID {
		compare = web + "/compare/" + strings.TrimPrefix(strings.TrimPrefix(p.Ref, "refs/heads/"), "refs/tags/")
	}
	commits := []object{}
	for _, e := range f.commits {
		commits = append(commits, s.pushCommitJSON(r, e))
	}
	var head any
	if f.head != nil {
		head = s.pushCommitJSON(r, *f.head)
	}
	return object{
		"ref": p.Ref, "before": before, "after": after, "created": before == zeroID, "deleted": after == zeroID,
		"forced": f.forced, "base_ref": nil, "compare": compare, "commits": commits, "head_commit": head,
		"repository": s.pushRepositoryJSON(r), "pusher": object{"name": p.By.Login, "email": p.By.Email()},
	}
}

// follow brings open pull requests whose head the ref is to the new commit.
func (r *Repository) follow(ref, after string) ([]*PullRequest, error) {
	s := r.s
	branch, isBranch := strings.CutPrefix(ref, "refs/heads/")
	if !isBranch || after == zeroID {
		return nil, nil
	}
	s.mu.Lock()
	var moved []*PullRequest
	for _, base := range s.repositories {
		for _, pr := range base.pulls {
			if pr.head == r && pr.headRef == branch && pr.state == "open" {
				moved = append(moved, pr)
			}
		}
	}
	s.mu.Unlock()
	for _, pr := range moved {
		if err := pr.take(after); err != nil {
			return nil, err
		}
	}
	return moved, nil
}
