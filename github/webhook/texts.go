package webhook

import "time"

// TextKind is what kind of text of GitHub's a [Text] is.
type TextKind string

// The kinds of texts.
const (
	TextIssue             TextKind = "issue"
	TextIssueComment      TextKind = "issue_comment" // under an issue or a pull request
	TextPullRequest       TextKind = "pull_request"
	TextReview            TextKind = "review"
	TextReviewComment     TextKind = "review_comment"
	TextCommitComment     TextKind = "commit_comment"
	TextDiscussion        TextKind = "discussion"
	TextDiscussionComment TextKind = "discussion_comment"
	TextRelease           TextKind = "release"
)

// Text is one field of a text that somebody wrote on GitHub, outside of git, as an event tells it.
type Text struct {
	Kind    TextKind
	NodeID  string // GraphQL's id of the object
	ID      int64  // REST's id of the comment, review or release; 0 where there is none
	Number  int    // of the issue, pull request or discussion; 0: there is none
	URL     string // GitHub's page of it
	Field   string // title, body or diff_hunk
	Content string
	Former  bool // Content was edited away by this event: GitHub keeps it in the history of edits
	Deleted bool // the event says that the whole text was deleted
	Author  Account
	Updated time.Time // when this version was written, or edited away, as GitHub says; zero: not known
	Written time.Time // when this version was written; zero: Updated says so, or nobody knows
}

// Texts lists the texts of what the event is about; nothing for events that are about none. For an edit, what was edited away follows
// each text, with the time of the edit: GitHub doesn't tell when that was written. Empty texts are left out.
//
// What the event names besides, such as the issue that a comment stands under, has events of its own, and so has a pull request that
// comes as an issue.
func Texts(e Event) []Text {
	switch e := e.(type) {
	case *Issues:
		if e.Issue.PullRequest {
			return nil
		}
		i := e.Issue
		base := Text{Kind: TextIssue, NodeID: i.NodeID, Number: i.Number, URL: i.URL, Author: i.Author, Updated: i.Updated}
		return textsOf(e.Common, base, field{"title", i.Title, e.Former.Title}, field{"body", i.Body, e.Former.Body})
	case *IssueComment:
		base := Text{
			Kind: TextIssueComment, NodeID: e.NodeID, ID: e.CommentID, Number: e.Issue.Number, URL: e.URL, Author: e.Author, Updated: e.Updated,
		}
		return textsOf(e.Common, base, field{"body", e.Body, e.Former.Body})
	case *PullRequest:
		base := Text{Kind: TextPullRequest, NodeID: e.NodeID, Number: e.Number, URL: e.URL, Author: e.Author, Updated: e.Updated}
		return textsOf(e.Common, base, field{"title", e.Title, e.Former.Title}, field{"body", e.Body, e.Former.Body})
	case *PullRequestReview:
		return textsOf(e.Common, e.Review.text(TextReview, e.Number), field{"body", e.Review.Body, e.Former.Body})
	case *PullRequestReviewComment:
		return textsOf(e.Common, e.Comment.text(TextReviewComment, e.Number),
			field{"body", e.Comment.Body, e.Former.Body}, field{"diff_hunk", e.DiffHunk, ""})
	case *CommitComment:
		return textsOf(e.Common, e.Comment.text(TextCommitComment, 0), field{"body", e.Comment.Body, ""})
	case *Discussion:
		base := e.Discussion.text(TextDiscussion, e.Number)
		base.ID = 0 // REST has no discussions by their ids
		return textsOf(e.Common, base, field{"title", e.Discussion.Title, e.Former.Title}, field{"body", e.Discussion.Body, e.Former.Body})
	case *DiscussionComment:
		return textsOf(e.Common, e.Comment.text(TextDiscussionComment, e.Number), field{"body", e.Comment.Body, e.Former.Body})
	case *Release:
		return textsOf(e.Common, e.Release.text(TextRelease, 0),
			field{"title", e.Release.Title, e.Former.Title}, field{"body", e.Release.Body, e.Former.Body})
	}
	return nil
}

// text is what all texts of the post have in common.
func (p *Post) text(kind TextKind, number int) Text {
	return Text{Kind: kind, NodeID: p.NodeID, ID: p.ID, Number: number, URL: p.URL, Author: p.Author, Updated: p.Updated}
}

// field is one field of a text, as it is and as it was before the event.
type field struct{ name, now, before string }

func textsOf(about Common, text Text, fields ...field) []Text {
	var texts []Text
	text.Deleted = about.Action == "deleted"
	for _, f := range fields {
		text.Field = f.name
		if f.now != "" {
			text.Content = f.now
			texts = append(texts, text)
		}
		if f.before != "" && about.Action == "edited" {
			was := text
			was.Content, was.Former = f.before, true
			texts = append(texts, was)
		}
	}
	return texts
}
