package respond

import "time"

// The sources that are texts on GitHub.
const (
	InIssue             Source = "issue"
	InIssueComment      Source = "issue_comment" // under an issue or a pull request
	InPullRequest       Source = "pull_request"
	InReview            Source = "review"
	InReviewComment     Source = "review_comment"
	InCommitComment     Source = "commit_comment"
	InDiscussion        Source = "discussion"
	InDiscussionComment Source = "discussion_comment"
	InRelease           Source = "release"
)

// Text is where on GitHub a text stands that holds a leak.
type Text struct {
	NodeID string // GraphQL's id of the issue, the comment, …
	ID     int64  // REST's id of a comment, a review or a release; 0: it has none
	Number int    // of the issue, pull request or discussion; 0: there is none
	URL    string // GitHub's page of it
	Field  string // title, body or diff_hunk
	// Former reports that the text was edited since: the key stands in an earlier version, which GitHub keeps in the history of edits.
	Former bool
	Gone   time.Time // when the text, or the version that holds the key, was seen to be deleted; zero: it is there
	// Masked is when rekey took the key out of the text as it was then; zero: it did not. It does so once for each key and text.
	Masked   time.Time
	Unmasked Unmasked // why it did not, where the policy wants it
}

// InText reports whether the sighting is in a text on GitHub.
func (s Sighting) InText() bool { return s.Text != (Text{}) }
