package webhook

import "time"

// Post is something that somebody wrote on GitHub, outside of git.
type Post struct {
	ID          int64
	NodeID      string // GraphQL's id
	URL         string // GitHub's page of it
	Title, Body string // "" where it has none
	Author      Account
	Updated     time.Time // zero where GitHub does not say
}

// Former is what stood in a post before it was edited; "" for what was not changed, or was empty.
type Former struct{ Title, Body string }

// Issues is an issue's change: opened, closed, reopened, deleted, transferred, edited and more.
type Issues struct {
	Common
	Issue  Issue
	Former Former
	// Where a transferred issue is now; zero for other actions.
	MovedTo     Repository
	MovedNumber int
	MovedURL    string
}

// Issue is an issue as events name it.
type Issue struct {
	Number      int
	Title, Body string // "" when GitHub has none
	PullRequest bool   // GitHub counts pull requests as issues
	AppID       int64  // the App that filed it, or 0
	NodeID, URL string
	Author      Account
	Updated     time.Time
}

// IssueComment is a comment's change under an issue or a pull request: created, edited or deleted.
type IssueComment struct {
	Common
	Issue       Issue
	CommentID   int64
	Body        string
	Author      Account
	AppID       int64 // the App that wrote the comment, or 0
	Former      Former
	NodeID, URL string
	Updated     time.Time
}

// PullRequestReview is the change of a review of a pull request: submitted, edited or dismissed. Its own comments come as
// [PullRequestReviewComment].
type PullRequestReview struct {
	Common
	Number  int    // of the pull request
	HeadSHA string // of the pull request
	Review  Post
	Former  Former
}

// PullRequestReviewComment is a comment's change on lines of a pull request: created, edited or deleted.
type PullRequestReviewComment struct {
	Common
	Number   int    // of the pull request
	HeadSHA  string // of the pull request
	Comment  Post
	DiffHunk string // the lines of the diff that the comment quotes
	Former   Former
}

// CommitComment is a comment on a commit; its Action is created. GitHub tells nobody when one is edited or deleted.
type CommitComment struct {
	Common
	Comment Post
}

// Discussion is a discussion's change: created, edited, deleted, transferred, answered and more.
type Discussion struct {
	Common
	Number     int
	Discussion Post
	Former     Former
}

// DiscussionComment is a comment's change in a discussion: created, edited or deleted.
type DiscussionComment struct {
	Common
	Number  int // of the discussion
	Comment Post
	Former  Former
}

// Release is a release's change: created, published, edited, deleted and more. Its name is the Title.
type Release struct {
	Common
	Release Post
	Former  Former
	Assets  int // how many files it has
}

// Gollum says that pages of the wiki were written. What they say is in the wiki's git repository alone.
type Gollum struct{ Common }

// WorkflowRun is a run of GitHub Actions; its Action is requested, in_progress or completed.
type WorkflowRun struct {
	Common
	ID      int64
	URL     string // GitHub's page of it
	Actor   Account
	Updated time.Time
}
