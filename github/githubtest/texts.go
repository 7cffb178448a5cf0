package githubtest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"
)

// text is what somebody wrote. When it is edited, GitHub keeps what it said before.
type text struct {
	kind             string // GraphQL's name: IssueComment
	id               int64
	body             string
	author           *Account
	created, updated time.Time
	versions         []*version // oldest first, the last one is body; none before the first edit
	renames          []rename   // of an issue or a pull request, oldest first
}

// rename is a change of a title. GitHub tells of it between the comments, and nobody can delete that.
type rename struct {
	id   int64
	from string
	by   *Account
	at   time.Time
}

// version is what a text said at some time. Everybody who can read the text can read it, until somebody deletes it.
type version struct {
	id        int64
	body      string
	editor    *Account
	at        time.Time
	deleted   time.Time // zero: it is there
	deletedBy *Account
}

func (t *text) node() string { return nodeID(t.kind, t.id) }

// newText is the start of a text of a kind. The caller holds the lock, as for what follows.
func (s *Server) newText(kind, body string, by *Account) text {
	now := s.opt.Now()
	return text{kind: kind, id: s.id(), body: body, author: by, created: now, updated: now}
}

// edit gives the text another body, and keeps the one before.
func (s *Server) edit(t *text, body string, by *Account) {
	if body == t.body {
		return
	}
	now := s.opt.Now()
	if len(t.versions) == 0 {
		t.versions = []*version{{id: s.id(), body: t.body, editor: t.author, at: t.created}}
	}
	t.versions = append(t.versions, &version{id: s.id(), body: body, editor: by, at: now})
	t.body, t.updated = body, now
}

// rename gives the text another title, and keeps the one before.
func (s *Server) rename(t *text, title, to *string, by *Account) {
	if to != nil && *to != *title {
		t.renames = append(t.renames, rename{s.id(), *title, by, s.opt.Now()})
		*title = *to
	}
}

// place is a text where it stands.
type place struct {
	*text
	repo       *Repository
	title      *string // nil: such texts have none
	number     int     // of the issue, pull request or discussion; 0: none
	page       string  // html_url
	permission string  // to read it; to delete it, for writing
	fork       bool    // a pull request from another repository
	// event is the webhook of an action on it; nil if there is none, or nobody to send it to.
	event func(action string, by *Account, more object) *Delivery
	// remove takes it away; nil: it can't be deleted so.
	remove          func()
	comments, inner []place // a discussion's comments, a comment's replies, a pull request's reviews
}

// Text is something that people wrote in a repository outside git, as it stands.
type Text struct {
	Kind     string // GraphQL's name: Issue, IssueComment, PullRequest, PullRequestReview …
	NodeID   string
	ID       int64
	Number   int    // of the issue, pull request or discussion; 0: none
	URL      string // html_url
	Title    string
	Body     string
	Author   string
	Versions []Version // oldest first, the last one is Body; none before the first edit
}

// Version is what a text said at some time.
type Version struct {
	Body    string // "" after it was deleted
	Editor  string
	Deleted bool
}

// Texts lists the issues, pull requests, reviews, discussions and comments of the repository, each followed by what was written
// under it.
func (r *Repository) Texts() []Text {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var list []Text
	for p := range r.places() {
		one := Text{Kind: p.kind, NodeID: p.node(), ID: p.id, Number: p.number, URL: p.page, Body: p.body, Author: p.author.Login}
		if p.title != nil {
			one.Title = *p.title
		}
		for _, v := range p.versions {
			shown := Version{Body: v.body, Editor: v.editor.Login, Deleted: !v.deleted.IsZero()}
			if shown.Deleted {
				shown.Body = ""
			}
			one.Versions = append(one.Versions, shown)
		}
		list = append(list, one)
	}
	return list
}

// Edited is what a text says after an edit: nil leaves the part as it is.
type Edited struct{ Title, Body *string }

// EditText edits a text as its author does, or somebody with write access, and sends what GitHub sends then: issues.edited,
// issue_comment.edited and so on; nothing for a commit comment. What it said before stays in its edit history.
func (r *Repository) EditText(ctx context.Context, nodeID string, to Edited, by *Account) (Delivery, error) {
	return r.onText(ctx, nodeID, by, func(p place) (*Delivery, error) {
		title, body := new(string), p.body
		if p.title != nil {
			title = p.title
		} else if to.Title != nil {
			return nil, fmt.Errorf("a %s has no title", p.kind)
		}
		before := *title
		r.s.rename(p.text, title, to.Title, by)
		if to.Body != nil {
			r.s.edit(p.text, *to.Body, by)
		}
		p.updated = r.s.opt.Now()
		return p.event("edited", by, object{"changes": changed(before, *title, body, p.body)}), nil
	})
}

// DeleteText deletes a comment as its author does, or somebody with write access; an issue or discussion as they do too. It sends the
// deleted event of its kind. What was under it goes with it, and so does its edit history.
func (r *Repository) DeleteText(ctx context.Context, nodeID string, by *Account) (Delivery, error) {
	return r.onText(ctx, nodeID, by, func(p place) (*Delivery, error) {
		if p.remove == nil {
			return nil, fmt.Errorf("a %s can't be deleted", p.kind)
		}
		d := p.event("deleted", by, nil)
		p.remove()
		return d, nil
	})
}

// DeleteVersion deletes a version from a text's edit history as its author does, or somebody with write access; 0 is the oldest.
// GitHub sends nothing, and shows from then on that there was an edit, without its text. What the text says now can't be deleted.
func (r *Repository) DeleteVersion(nodeID string, version int, by *Account) error {
	_, err := r.onText(context.Background(), nodeID, by, func(p place) (*Delivery, error) {
		if version < 0 || version >= len(p.versions)-1 {
			return nil, fmt.Errorf("there are %d versions, the last of which can't be deleted", len(p.versions))
		}
		v := p.versions[version]
		v.body, v.deleted, v.deletedBy = "", r.s.opt.Now(), by
		return nil, nil
	})
	return err
}

// onText does something to a text, if the person may.
func (r *Repository) onText(ctx context.Context, nodeID string, by *Account, do func(place) (*Delivery, error)) (Delivery, error) {
	d, err := func() (*Delivery, error) {
		r.s.mu.Lock()
		defer r.s.mu.Unlock()
		p, found := r.place(nodeID)
		switch {
		case !found:
			return nil, errors.New("there is no text " + nodeID)
		case by != p.author && !slices.Contains([]string{"admin", "maintain", "write"}, r.role(by.Login)):
			return nil, fmt.Errorf("%s is neither the author of %s nor has write access", by.Login, p.page)
		}
		return do(p)
	}()
	if err != nil {
		return Delivery{}, err
	}
	return r.s.send(ctx, d), nil
}

// place finds a text of the repository.
func (r *Repository) place(nodeID string) (place, bool) {
	for p := range r.places() {
		if p.node() == nodeID {
			return p, true
		}
	}
	return place{}, false
}

// places are the repository's texts, each followed by what was written under it.
func (r *Repository) places() iter.Seq[place] {
	return func(yield func(place) bool) {
		for _, i := range r.threads() {
			if i.deleted || i.movedTo != nil {
				continue
			}
			top := r.issuePlace(i)
			if !yield(top) || !each(top.inner, yield) {
				return
			}
			for _, c := range i.comments {
				if !yield(r.commentPlace(i, c)) {
					return
				}
			}
			if i.pull != nil && !each(r.reviewComments(i.pull), yield) {
				return
			}
		}
		if !each(r.commitComments(), yield) {
			return
		}
		for _, d := range r.discussions {
			top := r.discussionPlace(d)
			if !yield(top) {
				return
			}
			for _, c := range top.comments {
				if !yield(c) || !each(c.inner, yield) {
					return
				}
			}
		}
	}
}

func each(places []place, yield func(place) bool) bool {
	return !slices.ContainsFunc(places, func(p place) bool { return !yield(p) })
}

func (r *Repository) issuePlace(i *issue) place {
	p := place{text: &i.text, repo: r, title: &i.title, number: i.number, page: r.page(i), permission: "issues"}
	if i.pull != nil {
		p.permission, p.inner, p.fork = "pull_requests", r.reviews(i.pull), i.pull.head != i.pull.base
		p.event = func(action string, by *Account, more object) *Delivery {
			return r.s.pullRequestDelivery(i.pull, action, by, more)
		}
		return p
	}
	p.event = func(action string, by *Account, more object) *Delivery {
		return r.s.issueDelivery(r, i, action, by, more)
	}
	p.remove = func() { i.deleted = true }
	return p
}

func (r *Repository) commentPlace(i *issue, c *comment) place {
	return place{
		text: &c.text, repo: r, number: i.number, page: fmt.Sprintf("%s#issuecomment-%d", r.page(i), c.id), permission: "issues",
		event: func(action string, by *Account, more object) *Delivery {
			return r.s.commentDelivery(r, i, c, action, by, more)
		},
		remove: func() { i.comments = without(i.comments, c) },
	}
}

func without(list []*comment, c *comment) []*comment {
	return slices.DeleteFunc(list, func(other *comment) bool { return other == c })
}

// page is an issue's html_url, or a pull request's.
func (r *Repository) page(i *issue) string {
	kind := "issues"
	if i.pull != nil {
		kind = "pull"
	}
	return fmt.Sprintf("%s/%s/%s/%d", r.s.baseURL, r.fullName(), kind, i.number)
}

// threads are issues and pull requests, which GitHub counts as issues too, by number.
func (r *Repository) threads() []*issue {
	list := slices.Clone(r.issues)
	for _, pr := range r.pulls {
		list = append(list, pr.issue)
	}
	slices.SortFunc(list, func(a, b *issue) int { return a.number - b.number })
	return list
}

// thread finds an issue or a pull request.
func (r *Repository) thread(number int64) *issue {
	for _, i := range r.threads() {
		if int64(i.number) == number {
			return i
		}
	}
	return nil
}
