package githubtest

import (
	"context"
	"fmt"
)

// discussion is a discussion of the category General.
type discussion struct {
	text
	number   int
	title    string
	comments []*comment
}

// OpenDiscussion opens a discussion as a person does, and sends discussion.created.
func (r *Repository) OpenDiscussion(ctx context.Context, title, body string, by *Account) (int, Delivery) {
	s := r.s
	s.mu.Lock()
	r.numbers++
	d := &discussion{text: s.newText("Discussion", body, by), number: r.numbers, title: title}
	r.discussions = append(r.discussions, d)
	sent := s.discussionDelivery(r, d, "created", by, nil)
	s.mu.Unlock()
	return d.number, s.send(ctx, sent)
}

// CommentOnDiscussion writes a comment under a discussion as a person does, or a reply to the comment with that id, and sends
// discussion_comment.created.
func (r *Repository) CommentOnDiscussion(ctx context.Context, number int, replyTo int64, body string, by *Account) (Delivery, error) {
	sent, err := r.commentOnDiscussion(number, replyTo, body, by)
	if err != nil {
		return Delivery{}, err
	}
	return r.s.send(ctx, sent), nil
}

func (r *Repository) commentOnDiscussion(number int, replyTo int64, body string, by *Account) (*Delivery, error) {
	s := r.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range r.discussions {
		if d.number != number {
			continue
		}
		if replyTo == 0 {
			c := &comment{text: s.newText("DiscussionComment", body, by)}
			d.comments = append(d.comments, c)
			return s.discussionCommentDelivery(r, d, c, 0, "created", by, nil), nil
		}
		for _, parent := range d.comments {
			if parent.id == replyTo {
				c := &comment{text: s.newText("DiscussionComment", body, by)}
				parent.replies = append(parent.replies, c)
				return s.discussionCommentDelivery(r, d, c, replyTo, "created", by, nil), nil
			}
		}
	}
	return nil, fmt.Errorf("%s has no discussion %d, or it no comment %d", r.fullName(), number, replyTo)
}

func (r *Repository) discussionPage(d *discussion) string {
	return fmt.Sprintf("%s/%s/discussions/%d", r.s.baseURL, r.fullName(), d.number)
}

func (r *Repository) discussionPlace(d *discussion) place {
	p := place{
		text: &d.text, repo: r, title: &d.title, number: d.number, page: r.discussionPage(d), permission: "discussions",
		event: func(action string, by *Account, more object) *Delivery {
			return r.s.discussionDelivery(r, d, action, by, more)
		},
		remove: func() { r.discussions = withoutDiscussion(r.discussions, d) },
	}
	for _, c := range d.comments {
		below := r.discussionCommentPlace(d, c, 0, func() { d.comments = without(d.comments, c) })
		for _, reply := range c.replies {
			below.inner = append(below.inner,
				r.discussionCommentPlace(d, reply, c.id, func() { c.replies = without(c.replies, reply) }))
		}
		p.comments = append(p.comments, below)
	}
	return p
}

func withoutDiscussion(list []*discussion, d *discussion) []*discussion {
	var left []*discussion
	for _, other := range list {
		if other != d {
			left = append(left, other)
		}
	}
	return left
}

func (r *Repository) discussionCommentPlace(d *discussion, c *comment, parent int64, remove func()) place {
	return place{
		text: &c.text, repo: r, number: d.number, page: r.discussionCommentPage(d, c), permission: "discussions", remove: remove,
		event: func(action string, by *Account, more object) *Delivery {
			return r.s.discussionCommentDelivery(r, d, c, parent, action, by, more)
		},
	}
}

func (r *Repository) discussionCommentPage(d *discussion, c *comment) string {
	return fmt.Sprintf("%s#discussioncomment-%d", r.discussionPage(d), c.id)
}

func (s *Server) discussionDelivery(r *Repository, d *discussion, action string, by *Account, more object) *Delivery {
	return s.inRepositoryDelivery("discussion", r, by, object{"action": action, "discussion": s.discussionJSON(r, d)}, more)
}

func (s *Server) discussionCommentDelivery(
	r *Repository, d *discussion, c *comment, parent int64, action string, by *Account, more object,
) *Delivery {
	body := object{
		"id": c.id, "node_id": c.node(), "html_url": r.discussionCommentPage(d, c), "parent_id": nil, "child_comment_count": len(c.replies),
		"repository_url": r.fullName(), "discussion_id": d.id, "author_association": r.association(c.author),
		"user": s.accountJSON(c.author), "created_at": stamp(c.created), "updated_at": stamp(c.updated), "body": c.body,
		"reactions": reactionsJSON(fmt.Sprintf("%s/repos/%s/discussions/comments/%d", s.APIURL(), r.fullName(), c.id)),
	}
	if parent != 0 {
		body["parent_id"] = parent
	}
	return s.inRepositoryDelivery("discussion_comment", r, by, object{
		"action": action, "comment": body, "discussion": s.discussionJSON(r, d),
	}, more)
}

func (s *Server) discussionJSON(r *Repository, d *discussion) object {
	api := s.APIURL() + "/repos/" + r.fullName()
	count := len(d.comments)
	for _, c := range d.comments {
		count += len(c.replies)
	}
	return object{
		"repository_url": api, "html_url": r.discussionPage(d), "id": d.id, "node_id": d.node(), "number": d.number, "title": d.title,
		"user": s.accountJSON(d.author), "state": "open", "state_reason": nil, "locked": false, "comments": count,
		"created_at": stamp(d.created), "updated_at": stamp(d.updated), "author_association": r.association(d.author),
		"active_lock_reason": nil, "body": d.body, "reactions": reactionsJSON(fmt.Sprintf("%s/discussions/%d", api, d.number)),
		"timeline_url": fmt.Sprintf("%s/discussions/%d/timeline", api, d.number), "labels": []object{},
		"answer_html_url": nil, "answer_chosen_at": nil, "answer_chosen_by": nil,
		"category": object{
			"id": r.id, "node_id": nodeID("DiscussionCategory", r.id), "repository_id": r.id, "emoji": ":speech_balloon:", "name": "General",
			"description": "Chat about anything", "created_at": stamp(r.created), "updated_at": stamp(r.created), "slug": "general",
			"is_answerable": false,
		},
	}
}
