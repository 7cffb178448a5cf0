package webhook

import (
	"strconv"
	"time"
)

// postNode is what somebody wrote: an issue, a pull request, a review, a comment, a discussion.
type postNode struct {
	ID      int64        `json:"id"`
	NodeID  string       `json:"node_id"`
	URL     string       `json:"html_url"`
	Title   string       `json:"title"`
	Body    string       `json:"body"`
	User    *accountNode `json:"user"`
	Updated moment       `json:"updated_at"`
}

func (n *postNode) post() Post {
	return Post{
		ID: n.ID, NodeID: n.NodeID, URL: n.URL, Title: n.Title, Body: n.Body, Author: n.User.account(), Updated: n.Updated.Time,
	}
}

// moment is a time as GitHub writes it; zero for anything else.
type moment struct{ time.Time }

// UnmarshalJSON never fails: when something was written is not worth losing what was written.
func (m *moment) UnmarshalJSON(literal []byte) error {
	m.Time = time.Time{}
	if text, err := strconv.Unquote(string(literal)); err == nil {
		m.Time, _ = time.Parse(time.RFC3339, text)
	}
	return nil
}

// firstOf returns the first moment that is known.
func firstOf(moments ...moment) time.Time {
	for _, m := range moments {
		if !m.IsZero() {
			return m.Time
		}
	}
	return time.Time{}
}

// formerNode is what changes hold of the texts before an edit.
type formerNode struct {
	Title fromNode `json:"title"`
	Body  fromNode `json:"body"`
}

func (n formerNode) former() Former { return Former{Title: n.Title.From, Body: n.Body.From} }

type issueNode struct {
	postNode
	Number      int       `json:"number"`
	PullRequest *struct{} `json:"pull_request"`
	App         *appNode  `json:"performed_via_github_app"`
}

func (n *issueNode) issue(c *checks) Issue {
	c.present("issue.number", n.Number != 0)
	return Issue{
		Number: n.Number, Title: n.Title, Body: n.Body, PullRequest: n.PullRequest != nil, AppID: n.App.id(),
		NodeID: n.NodeID, URL: n.URL, Author: n.User.account(), Updated: n.Updated.Time,
	}
}

type issuesPayload struct {
	envelope
	Issue   issueNode `json:"issue"`
	Changes struct {
		formerNode
		NewIssue *struct {
			Number int    `json:"number"`
			URL    string `json:"html_url"`
		} `json:"new_issue"`
		NewRepository *repositoryNode `json:"new_repository"`
	} `json:"changes"`
}

func (p issuesPayload) event(c *checks) Event {
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	issues := &Issues{Common: p.common(), Issue: p.Issue.issue(c), Former: p.Changes.former()}
	if moved := p.Changes; moved.NewIssue != nil && moved.NewRepository != nil {
		issues.MovedTo, issues.MovedNumber, issues.MovedURL = moved.NewRepository.repository(), moved.NewIssue.Number, moved.NewIssue.URL
	}
	return issues
}

type issueCommentPayload struct {
	envelope
	Issue   issueNode `json:"issue"`
	Comment struct {
		postNode
		App *appNode `json:"performed_via_github_app"`
	} `json:"comment"`
	Changes formerNode `json:"changes"`
}

func (p issueCommentPayload) event(c *checks) Event {
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	c.present("comment.id", p.Comment.ID != 0)
	return &IssueComment{
		Common:    p.common(),
		Issue:     p.Issue.issue(c),
		CommentID: p.Comment.ID,
		Body:      p.Comment.Body,
		Author:    p.Comment.User.account(),
		AppID:     p.Comment.App.id(),
		Former:    p.Changes.former(),
		NodeID:    p.Comment.NodeID,
		URL:       p.Comment.URL,
		Updated:   p.Comment.Updated.Time,
	}
}

// reviewedNode is the pull request that a review is about.
type reviewedNode struct {
	Number int `json:"number"`
	Head   struct {
		SHA string `json:"sha"`
	} `json:"head"`
}

type reviewPayload struct {
	envelope
	PullRequest reviewedNode `json:"pull_request"`
	Review      struct {
		postNode
		Submitted moment `json:"submitted_at"`
	} `json:"review"`
	Changes formerNode `json:"changes"`
}

func (p reviewPayload) event(c *checks) Event {
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	c.present("pull_request.number", p.PullRequest.Number != 0)
	c.present("review.id", p.Review.ID != 0)
	review := p.Review.post()
	review.Updated = firstOf(p.Review.Updated, p.Review.Submitted)
	return &PullRequestReview{
		Common:  p.common(),
		Number:  p.PullRequest.Number,
		HeadSHA: c.sha("pull_request.head.sha", p.PullRequest.Head.SHA),
		Review:  review,
		Former:  p.Changes.former(),
	}
}

type reviewCommentPayload struct {
	envelope
	PullRequest reviewedNode `json:"pull_request"`
	Comment     struct {
		postNode
		DiffHunk string `json:"diff_hunk"`
	} `json:"comment"`
	Changes formerNode `json:"changes"`
}

func (p reviewCommentPayload) event(c *checks) Event {
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	c.present("pull_request.number", p.PullRequest.Number != 0)
	c.present("comment.id", p.Comment.ID != 0)
	return &PullRequestReviewComment{
		Common:   p.common(),
		Number:   p.PullRequest.Number,
		HeadSHA:  c.sha("pull_request.head.sha", p.PullRequest.Head.SHA),
		Comment:  p.Comment.post(),
		DiffHunk: p.Comment.DiffHunk,
		Former:   p.Changes.former(),
	}
}

type commitCommentPayload struct {
	envelope
	Comment postNode `json:"comment"`
}

func (p commitCommentPayload) event(c *checks) Event {
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	c.present("comment.id", p.Comment.ID != 0)
	return &CommitComment{Common: p.common(), Comment: p.Comment.post()}
}

type discussionNode struct {
	postNode
	Number int `json:"number"`
}

type discussionPayload struct {
	envelope
	Discussion discussionNode `json:"discussion"`
	Changes    formerNode     `json:"changes"`
}

func (p discussionPayload) event(c *checks) Event {
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	c.present("discussion.number", p.Discussion.Number != 0)
	return &Discussion{
		Common: p.common(), Number: p.Discussion.Number, Discussion: p.Discussion.post(), Former: p.Changes.former(),
	}
}

type discussionCommentPayload struct {
	envelope
	Discussion struct {
		Number int `json:"number"`
	} `json:"discussion"`
	Comment postNode   `json:"comment"`
	Changes formerNode `json:"changes"`
}

func (p discussionCommentPayload) event(c *checks) Event {
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	c.present("discussion.number", p.Discussion.Number != 0)
	c.present("comment.id", p.Comment.ID != 0)
	return &DiscussionComment{
		Common: p.common(), Number: p.Discussion.Number, Comment: p.Comment.post(), Former: p.Changes.former(),
	}
}

type releasePayload struct {
	envelope
	Release struct {
		postNode
		Name      string       `json:"name"`
		Author    *accountNode `json:"author"`
		Published moment       `json:"published_at"`
		Created   moment       `json:"created_at"`
		Assets    []struct{}   `json:"assets"`
	} `json:"release"`
	Changes struct {
		Name fromNode `json:"name"`
		Body fromNode `json:"body"`
	} `json:"changes"`
}

func (p releasePayload) event(c *checks) Event {
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	c.present("release.id", p.Release.ID != 0)
	release := p.Release.post()
	release.Title, release.Author = p.Release.Name, p.Release.Author.account()
	release.Updated = firstOf(p.Release.Updated, p.Release.Published, p.Release.Created)
	return &Release{
		Common: p.common(), Release: release, Former: Former{Title: p.Changes.Name.From, Body: p.Changes.Body.From},
		Assets: len(p.Release.Assets),
	}
}

type gollumPayload struct{ envelope }

func (p gollumPayload) event(c *checks) Event {
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	return &Gollum{p.common()}
}

type workflowRunPayload struct {
	envelope
	Run struct {
		ID      int64        `json:"id"`
		URL     string       `json:"html_url"`
		Actor   *accountNode `json:"actor"`
		Updated moment       `json:"updated_at"`
	} `json:"workflow_run"`
}

func (p workflowRunPayload) event(c *checks) Event {
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	c.present("workflow_run.id", p.Run.ID != 0)
	return &WorkflowRun{Common: p.common(), ID: p.Run.ID, URL: p.Run.URL, Actor: p.Run.Actor.account(), Updated: p.Run.Updated.Time}
}
