package githubtest

import (
	"cmp"
	"context"
	"fmt"
	"strings"
)

// PullRequest is a pull request into the repository that it was opened in.
type PullRequest struct {
	*issue
	base    *Repository
	head    *Repository
	headRef string // branch
	headSHA string
	baseRef string
	baseSHA string
	draft   bool
	written []*review
}

// PullRequestOptions say what to open.
type PullRequestOptions struct {
	Head    *Repository // nil: the same repository
	HeadRef string      // branch of the head's repository
	BaseRef string      // "": the default branch
	Title   string
	Body    string
	By      *Account // nil: the owner of the head's repository
	Draft   bool
}

// Fork copies the repository to another account, with all its branches. No events are sent, and an installation in the
// other account, if any, decides whether the App reaches it.
func (r *Repository) Fork(owner *Account) (*Repository, error) {
	fork, err := r.s.CreateRepository(owner, r.Name(), RepositoryOptions{DefaultBranch: r.DefaultBranch(), Private: r.isPrivate()})
	if err != nil {
		return nil, err
	}
	if _, err := r.s.git(fork.dir, nil, "fetch", "--quiet", r.dir, "+refs/heads/*:refs/heads/*"); err != nil {
		return nil, fmt.Errorf("fork %s: %w", r.FullName(), err)
	}
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	fork.parent = r
	return fork, nil
}

func (r *Repository) isPrivate() bool {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.private
}

// OpenPullRequest opens one in this repository and sends pull_request.opened. The head's commits are fetched under
// refs/pull/N/head, as GitHub does it.
func (r *Repository) OpenPullRequest(ctx context.Context, opt PullRequestOptions) (*PullRequest, Delivery, error) {
	s := r.s
	if opt.Head == nil {
		opt.Head = r
	}
	if opt.By == nil {
		opt.By = opt.Head.Owner()
	}
	baseRef := cmp.Or(opt.BaseRef, r.DefaultBranch())
	base, err := r.Tip("refs/heads/" + baseRef)
	if err != nil {
		return nil, Delivery{}, fmt.Errorf("open a pull request: %w", err)
	}
	head, err := opt.Head.Tip("refs/heads/" + opt.HeadRef)
	if err != nil {
		return nil, Delivery{}, fmt.Errorf("open a pull request: %w", err)
	}
	s.mu.Lock()
	r.numbers++
	pr := &PullRequest{
		issue: &issue{
			text: s.newText("PullRequest", opt.Body, opt.By), number: r.numbers, title: cmp.Or(opt.Title, "Update "+opt.HeadRef), state: "open",
		},
		base: r, head: opt.Head, headRef: opt.HeadRef, baseRef: baseRef, baseSHA: base, draft: opt.Draft,
	}
	pr.pull = pr
	r.pulls = append(r.pulls, pr)
	s.mu.Unlock()
	if err := pr.take(head); err != nil {
		return nil, Delivery{}, err
	}
	return pr, pr.event(ctx, "opened", opt.By, nil), nil
}

// take makes the commit of the head's repository the pull request's head.
func (pr *PullRequest) take(sha string) error {
	s := pr.base.s
	ref := fmt.Sprintf("refs/pull/%d/head", pr.number)
	var err error
	if pr.head == pr.base {
		err = pr.base.SetRef(ref, sha)
	} else {
		_, err = s.git(pr.base.dir, nil, "fetch", "--quiet", "--no-tags", pr.head.dir, "+"+sha+":"+ref)
	}
	if err != nil {
		return fmt.Errorf("fetch the head of %s#%d: %w", pr.base.FullName(), pr.number, err)
	}
	base, err := pr.base.Tip("refs/heads/" + pr.baseRef)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil { // the base branch may be gone
		pr.baseSHA = base
	}
	pr.headSHA = sha
	pr.base.commits[sha] = true
	return nil
}

// Number is the pull request's number, from the same row as those of issues.
func (pr *PullRequest) Number() int { return pr.number }

// Head is the head commit as it is now.
func (pr *PullRequest) Head() string {
	pr.base.s.mu.Lock()
	defer pr.base.s.mu.Unlock()
	return pr.headSHA
}

// Retarget has the pull request merge into another branch and sends pull_request.edited.
func (pr *PullRequest) Retarget(ctx context.Context, baseRef string, by *Account) (Delivery, error) {
	base, err := pr.base.Tip("refs/heads/" + baseRef)
	if err != nil {
		return Delivery{}, fmt.Errorf("retarget %s#%d: %w", pr.base.FullName(), pr.number, err)
	}
	s := pr.base.s
	s.mu.Lock()
	from := object{"ref": object{"from": pr.baseRef}, "sha": object{"from": pr.baseSHA}}
	pr.baseRef, pr.baseSHA = baseRef, base
	d := s.pullRequestDelivery(pr, "edited", by, object{"changes": object{"base": from}})
	s.mu.Unlock()
	return s.send(ctx, d), nil
}

// Ready ends a draft and sends pull_request.ready_for_review.
func (pr *PullRequest) Ready(ctx context.Context, by *Account) Delivery {
	return pr.event(ctx, "ready_for_review", by, func() { pr.draft = false })
}

// Close closes the pull request without merging it and sends pull_request.closed.
func (pr *PullRequest) Close(ctx context.Context, by *Account) Delivery {
	return pr.event(ctx, "closed", by, func() { pr.state = "closed" })
}

// Reopen undoes [PullRequest.Close].
func (pr *PullRequest) Reopen(ctx context.Context, by *Account) Delivery {
	return pr.event(ctx, "reopened", by, func() { pr.state = "open" })
}

func (pr *PullRequest) event(ctx context.Context, action string, by *Account, change func()) Delivery {
	s := pr.base.s
	s.mu.Lock()
	if change != nil {
		change()
	}
	d := s.pullRequestDelivery(pr, action, by, nil)
	s.mu.Unlock()
	return s.send(ctx, d)
}

// pullRequestDelivery is nil if no installation reaches the base. The caller holds the lock.
func (s *Server) pullRequestDelivery(pr *PullRequest, action string, by *Account, more object) *Delivery {
	return s.inRepositoryDelivery("pull_request", pr.base, by, object{
		"action": action, "number": pr.number, "pull_request": s.pullRequestJSON(pr),
	}, more)
}

// MergeGroup puts a commit on a merge queue's branch for the base branch ("" is the default one), and sends the push of
// that branch and merge_group.checks_requested, in this order.
func (r *Repository) MergeGroup(ctx context.Context, baseRef, head string, by *Account) ([]Delivery, error) {
	s := r.s
	baseRef = cmp.Or(baseRef, r.DefaultBranch())
	base, err := r.Tip("refs/heads/" + baseRef)
	if err != nil {
		return nil, fmt.Errorf("merge group: %w", err)
	}
	ref := "refs/heads/gh-readonly-queue/" + baseRef + "/pr-1-" + base
	sent, err := r.Push(ctx, Push{Ref: ref, SHA: head, By: by})
	if err != nil {
		return nil, err
	}
	entry, err := r.logOne(head)
	if err != nil {
		return nil, fmt.Errorf("merge group: %w", err)
	}
	s.mu.Lock()
	in := s.installationOf(r)
	var d *Delivery
	if in != nil {
		d = s.delivery("merge_group", in.id, r, by, object{
			"action": "checks_requested", "repository": s.repositoryJSON(r),
			"merge_group": object{
				"head_sha": head, "head_ref": ref, "base_sha": base, "base_ref": "refs/heads/" + baseRef,
				"head_commit": simpleCommitJSON(entry[0]),
			},
		})
	}
	s.mu.Unlock()
	return append(sent, s.sendAll(ctx, []*Delivery{d})...), nil
}

// pullsAt lists open pull requests from within the repository with this head, as check runs name them: those of forks
// are left out.
func (s *Server) pullsAt(r *Repository, sha string) []object {
	list := []object{}
	brief := func(r *Repository) object {
		return object{"id": r.id, "url": s.APIURL() + "/repos/" + r.fullName(), "name": r.name}
	}
	for _, pr := range r.pulls {
		if pr.headSHA == sha && pr.head == r && pr.state == "open" {
			list = append(list, object{
				"url": s.pullURL(pr), "id": pr.id, "number": pr.number,
				"head": object{"ref": pr.headRef, "sha": pr.headSHA, "repo": brief(pr.head)},
				"base": object{"ref": pr.baseRef, "sha": pr.baseSHA, "repo": brief(pr.base)},
			})
		}
	}
	return list
}

func (s *Server) pullURL(pr *PullRequest) string {
	return fmt.Sprintf("%s/repos/%s/pulls/%d", s.APIURL(), pr.base.fullName(), pr.number)
}

func (s *Server) pullRequestJSON(pr *PullRequest) object {
	api, repo := s.pullURL(pr), s.APIURL()+"/repos/"+pr.base.fullName()
	web := fmt.Sprintf("%s/%s/pull/%d", s.baseURL, pr.base.fullName(), pr.number)
	issue := strings.Replace(api, "/pulls/", "/issues/", 1)
	end := func(r *Repository, ref, sha string) object {
		var repository any
		if !r.deleted {
			repository = s.repositoryJSON(r)
		}
		return object{"label": r.owner.Login + ":" + ref, "ref": ref, "sha": sha, "user": s.accountJSON(r.owner), "repo": repository}
	}
	href := func(to string) object { return object{"href": to} }
	var closed any
	if pr.state == "closed" {
		closed = stamp(s.opt.Now())
	}
	return object{
		"url": api, "id": pr.id, "node_id": pr.node(), "html_url": web, "diff_url": web + ".diff",
		"patch_url": web + ".patch", "issue_url": issue, "number": pr.number, "state": pr.state, "locked": false,
		"title": pr.title, "user": s.accountJSON(pr.author), "body": orNull(pr.body), "created_at": stamp(pr.created),
		"updated_at": stamp(pr.updated), "closed_at": closed, "merged_at": nil, "merge_commit_sha": nil, "assignee": nil,
		"assignees": []object{}, "requested_reviewers": []object{}, "requested_teams": []object{}, "labels": []object{},
		"milestone": nil, "draft": pr.draft, "commits_url": api + "/commits", "review_comments_url": api + "/comments",
		"review_comment_url": repo + "/pulls/comments{/number}", "comments_url": issue + "/comments",
		"statuses_url": repo + "/statuses/" + pr.headSHA,
		"head":         end(pr.head, pr.headRef, pr.headSHA), "base": end(pr.base, pr.baseRef, pr.baseSHA),
		"_links": object{
			"self": href(api), "html": href(web), "issue": href(issue), "comments": href(issue + "/comments"),
			"review_comments": href(api + "/comments"), "review_comment": href(repo + "/pulls/comments{/number}"),
			"commits": href(api + "/commits"), "statuses": href(repo + "/statuses/" + pr.headSHA),
		},
		"author_association": pr.base.association(pr.author), "auto_merge": nil, "active_lock_reason": nil, "merged": false,
		"mergeable": nil, "rebaseable": nil, "mergeable_state": "unknown", "merged_by": nil, "comments": len(pr.comments),
		"review_comments": len(pr.base.reviewComments(pr)), "maintainer_can_modify": false, "commits": 1, "additions": 1, "deletions": 0, "changed_files": 1,
	}
}

// association is how GitHub says what somebody is to the repository.
func (r *Repository) association(who *Account) string {
	switch {
	case who == nil:
		return "NONE"
	case who == r.owner:
		return "OWNER"
	case r.assignable(who.Login) && r.owner.Type == "Organization":
		return "MEMBER"
	case r.assignable(who.Login):
		return "COLLABORATOR"
	}
	return "NONE"
}
