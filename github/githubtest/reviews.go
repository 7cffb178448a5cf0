package githubtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// review is what somebody says of a pull request as a whole; its comments stand beside lines.
type review struct {
	text
	state    string // approved, changes_requested, commented
	commit   string
	comments []*comment
}

// spot is where a comment of a review stands, or one on a commit.
type spot struct {
	path     string // "": on the commit as a whole
	line     int
	position int    // within the diff of the file
	hunk     string // of the diff, down to the line
	commit   string
	review   int64
}

// Review is a review to write.
type Review struct {
	State    string // approved, changes_requested; "": commented
	Body     string
	Comments []ReviewComment
}

// ReviewComment is a comment beside a line that the pull request adds or shows.
type ReviewComment struct {
	Path string
	Line int
	Body string
}

// Review writes a review as a person does, and sends pull_request_review.submitted, and pull_request_review_comment.created for each
// comment. GitHub puts the lines above a comment into it, from the diff's hunk.
func (pr *PullRequest) Review(ctx context.Context, opt Review, by *Account) ([]Delivery, error) {
	r, s := pr.base, pr.base.s
	spots := make([]spot, len(opt.Comments))
	for i, c := range opt.Comments {
		var err error
		if spots[i], err = pr.spot(c.Path, c.Line); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	v := &review{text: s.newText("PullRequestReview", opt.Body, by), state: cmp.Or(opt.State, "commented"), commit: pr.headSHA}
	pr.written = append(pr.written, v)
	send := []*Delivery{s.reviewDelivery(pr, v, "submitted", by, nil)}
	for i, c := range opt.Comments {
		spots[i].review = v.id
		v.comments = append(v.comments, &comment{text: s.newText("PullRequestReviewComment", c.Body, by), spot: spots[i]})
		send = append(send, s.reviewCommentDelivery(r, pr, v.comments[i], "created", by, nil))
	}
	s.mu.Unlock()
	return s.sendAll(ctx, send), nil
}

var hunkHeader = regexp.MustCompile(`^@@ -\d+(?:,\d+)? \+(\d+)`)

// spot finds a line in the diff of the pull request.
func (pr *PullRequest) spot(path string, line int) (spot, error) {
	s := pr.base.s
	s.mu.Lock()
	base, head := pr.baseSHA, pr.headSHA
	s.mu.Unlock()
	diff, err := s.git(pr.base.dir, nil, "diff", "--no-ext-diff", base+"..."+head, "--", ":(literal)"+path)
	if err != nil {
		return spot{}, err
	}
	at, position, hunk := 0, -1, []string(nil)
	for text := range strings.SplitSeq(strings.TrimSuffix(diff, "\n"), "\n") {
		if m := hunkHeader.FindStringSubmatch(text); m != nil {
			start, err := strconv.Atoi(m[1])
			if err != nil {
				return spot{}, err
			}
			at, hunk = start-1, nil
		}
		if at == 0 && hunk == nil && !strings.HasPrefix(text, "@@") {
			continue // the head of the file's diff
		}
		position++
		hunk = append(hunk, text)
		if strings.HasPrefix(text, "+") || strings.HasPrefix(text, " ") {
			at++
			if at == line {
				return spot{path: path, line: line, position: position, hunk: strings.Join(hunk, "\n"), commit: head}, nil
			}
		}
	}
	return spot{}, fmt.Errorf("the pull request's diff does not show line %d of %s", line, path)
}

// reviews are the pull request's reviews.
func (r *Repository) reviews(pr *PullRequest) []place {
	var list []place
	for _, v := range pr.written {
		list = append(list, place{
			text: &v.text, repo: r, number: pr.number, page: r.reviewPage(pr, v), permission: "pull_requests",
			event: func(action string, by *Account, more object) *Delivery {
				return r.s.reviewDelivery(pr, v, action, by, more)
			},
		})
	}
	return list
}

func (r *Repository) reviewPage(pr *PullRequest, v *review) string {
	return fmt.Sprintf("%s#pullrequestreview-%d", r.page(pr.issue), v.id)
}

// reviewComments are the comments of all reviews of the pull request.
func (r *Repository) reviewComments(pr *PullRequest) []place {
	var list []place
	for _, v := range pr.written {
		for _, c := range v.comments {
			list = append(list, place{
				text: &c.text, repo: r, number: pr.number, page: fmt.Sprintf("%s#discussion_r%d", r.page(pr.issue), c.id),
				permission: "pull_requests",
				event: func(action string, by *Account, more object) *Delivery {
					return r.s.reviewCommentDelivery(r, pr, c, action, by, more)
				},
				remove: func() { v.comments = without(v.comments, c) },
			})
		}
	}
	return list
}

// eventPullJSON is a pull request as the events of reviews show it.
func (s *Server) eventPullJSON(pr *PullRequest) object {
	j := s.pullRequestJSON(pr)
	for _, name := range []string{
		"merged", "mergeable", "rebaseable", "mergeable_state", "merged_by", "comments", "review_comments", "maintainer_can_modify",
		"commits", "additions", "deletions", "changed_files",
	} {
		delete(j, name)
	}
	return j
}

func (s *Server) reviewDelivery(pr *PullRequest, v *review, action string, by *Account, more object) *Delivery {
	return s.inRepositoryDelivery("pull_request_review", pr.base, by, object{
		"action": action, "review": s.reviewJSON(pr, v), "pull_request": s.eventPullJSON(pr),
	}, more)
}

func (s *Server) reviewCommentDelivery(r *Repository, pr *PullRequest, c *comment, action string, by *Account, more object) *Delivery {
	return s.inRepositoryDelivery("pull_request_review_comment", r, by, object{
		"action": action, "comment": s.reviewCommentJSON(pr, c), "pull_request": s.eventPullJSON(pr),
	}, more)
}

func (s *Server) reviewJSON(pr *PullRequest, v *review) object {
	page := pr.base.reviewPage(pr, v)
	return object{
		"id": v.id, "node_id": v.node(), "user": s.accountJSON(v.author), "body": orNull(v.body), "state": v.state, "html_url": page,
		"pull_request_url": s.pullURL(pr), "author_association": pr.base.association(v.author), "submitted_at": stamp(v.created),
		"commit_id": v.commit, "_links": object{"html": object{"href": page}, "pull_request": object{"href": s.pullURL(pr)}},
	}
}

func (s *Server) reviewCommentJSON(pr *PullRequest, c *comment) object {
	api := fmt.Sprintf("%s/repos/%s/pulls/comments/%d", s.APIURL(), pr.base.fullName(), c.id)
	page := fmt.Sprintf("%s#discussion_r%d", pr.base.page(pr.issue), c.id)
	return object{
		"url": api, "pull_request_review_id": c.review, "id": c.id, "node_id": c.node(), "diff_hunk": c.hunk, "path": c.path,
		"position": c.position, "original_position": c.position, "commit_id": c.commit, "original_commit_id": c.commit,
		"user": s.accountJSON(c.author), "body": c.body, "created_at": stamp(c.created), "updated_at": stamp(c.updated), "html_url": page,
		"pull_request_url": s.pullURL(pr), "author_association": pr.base.association(c.author),
		"_links": object{
			"self": object{"href": api}, "html": object{"href": page}, "pull_request": object{"href": s.pullURL(pr)},
		},
		"start_line": nil, "original_start_line": nil, "start_side": nil, "line": c.line, "original_line": c.line, "side": "RIGHT",
		"reactions": reactionsJSON(api), "subject_type": "line",
	}
}

// CommitComment is a comment on a commit to write.
type CommitComment struct {
	SHA  string
	Path string // "": on the commit as a whole
	Line int
	Body string
}

// CommentOnCommit writes a comment on a commit as a person does, and sends commit_comment.created.
func (r *Repository) CommentOnCommit(ctx context.Context, opt CommitComment, by *Account) (Delivery, error) {
	s := r.s
	s.mu.Lock()
	if !r.hasCommit(opt.SHA) {
		s.mu.Unlock()
		return Delivery{}, errors.New("there is no commit " + opt.SHA)
	}
	c := &comment{
		text: s.newText("CommitComment", opt.Body, by), spot: spot{path: opt.Path, line: opt.Line, position: opt.Line, commit: opt.SHA},
	}
	r.onCommits = append(r.onCommits, c)
	d := s.inRepositoryDelivery("commit_comment", r, by, object{"action": "created", "comment": s.commitCommentJSON(r, c)}, nil)
	s.mu.Unlock()
	return s.send(ctx, d), nil
}

// commitComments are the comments on commits. No event tells of their edits and deletions.
func (r *Repository) commitComments() []place {
	var list []place
	for _, c := range r.onCommits {
		list = append(list, place{
			text: &c.text, repo: r, page: r.commitCommentPage(c), permission: "contents",
			event:  func(string, *Account, object) *Delivery { return nil },
			remove: func() { r.onCommits = without(r.onCommits, c) },
		})
	}
	return list
}

func (r *Repository) commitCommentPage(c *comment) string {
	return fmt.Sprintf("%s/%s/commit/%s#commitcomment-%d", r.s.baseURL, r.fullName(), c.commit, c.id)
}

func (s *Server) commitCommentJSON(r *Repository, c *comment) object {
	api := fmt.Sprintf("%s/repos/%s/comments/%d", s.APIURL(), r.fullName(), c.id)
	j := object{
		"url": api, "html_url": r.commitCommentPage(c), "id": c.id, "node_id": c.node(), "user": s.accountJSON(c.author),
		"position": nil, "line": nil, "path": nil, "commit_id": c.commit, "created_at": stamp(c.created), "updated_at": stamp(c.updated),
		"author_association": r.association(c.author), "body": c.body, "reactions": reactionsJSON(api),
	}
	if c.path != "" {
		j["path"], j["line"], j["position"] = c.path, c.line, c.position
	}
	return j
}

// findReviewComment finds the comment of a review that the path names.
func (c *call) findReviewComment() (*PullRequest, *review, *comment) {
	for _, pr := range c.repo.pulls {
		for _, v := range pr.written {
			for _, one := range v.comments {
				if one.id == c.number("id") {
					return pr, v, one
				}
			}
		}
	}
	return nil, nil, nil
}

// getReviewComment is GET /repos/{owner}/{repo}/pulls/comments/{comment_id}.
func getReviewComment(c *call) answer {
	pr, _, one := c.findReviewComment()
	if one == nil {
		return notFound()
	}
	return ok(c.s.reviewCommentJSON(pr, one))
}

// deleteReviewComment is DELETE /repos/{owner}/{repo}/pulls/comments/{comment_id}.
func deleteReviewComment(c *call) answer {
	pr, v, one := c.findReviewComment()
	if one == nil {
		return notFound()
	}
	c.s.echo(c.s.reviewCommentDelivery(c.repo, pr, one, "deleted", c.s.bot, nil))
	v.comments = without(v.comments, one)
	return answer{status: http.StatusNoContent}
}

// listReviewComments is GET /repos/{owner}/{repo}/pulls/comments.
func listReviewComments(c *call) answer {
	type found struct {
		pr *PullRequest
		*comment
	}
	var list []found
	for _, pr := range c.repo.pulls {
		for _, v := range pr.written {
			for _, one := range v.comments {
				list = append(list, found{pr, one})
			}
		}
	}
	return listed(c, list, func(f found) *text { return &f.text }, func(f found) object { return c.s.reviewCommentJSON(f.pr, f.comment) })
}

// listCommitComments is GET /repos/{owner}/{repo}/comments, oldest first.
func listCommitComments(c *call) answer {
	list := []object{}
	cut, link := page(c, c.repo.onCommits)
	for _, one := range cut {
		list = append(list, c.s.commitCommentJSON(c.repo, one))
	}
	return answer{status: http.StatusOK, body: list, link: link}
}

// listAllComments is GET /repos/{owner}/{repo}/issues/comments: those of pull requests too.
func listAllComments(c *call) answer {
	if c.repo.noIssues {
		return issuesDisabled()
	}
	type found struct {
		issue *issue
		*comment
	}
	var list []found
	for _, i := range c.repo.threads() {
		for _, one := range i.comments {
			if !i.deleted && i.movedTo == nil {
				list = append(list, found{i, one})
			}
		}
	}
	return listed(c, list, func(f found) *text { return &f.text }, func(f found) object { return c.s.commentJSON(c.repo, f.issue, f.comment) })
}

// listed answers with a list of texts, sorted and cut as the query says.
func listed[T any](c *call, all []T, of func(T) *text, show func(T) object) answer {
	q := c.r.URL.Query()
	since, err := time.Parse(time.RFC3339, cmp.Or(q.Get("since"), "1970-01-01T00:00:00Z"))
	if err != nil {
		return unfit("since is not a timestamp.")
	}
	all = slices.DeleteFunc(all, func(one T) bool { return of(one).updated.Before(since) })
	slices.SortStableFunc(all, func(x, y T) int {
		a, b := of(x), of(y)
		order := a.created.Compare(b.created)
		if q.Get("sort") == "updated" {
			order = a.updated.Compare(b.updated)
		}
		order = cmp.Or(order, cmp.Compare(a.id, b.id))
		if q.Get("sort") != "" && q.Get("direction") != "asc" { // GitHub ignores the direction without a sort
			return -order
		}
		return order
	})
	list := []object{}
	cut, link := page(c, all)
	for _, one := range cut {
		list = append(list, show(one))
	}
	return answer{status: http.StatusOK, body: list, link: link}
}
