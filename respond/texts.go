package respond

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

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
	InWiki              Source = "wiki"          // a page, or another file, of the wiki's git repository
	InAsset             Source = "release_asset" // a file of a release
	InLog               Source = "actions_log"   // what a run of GitHub Actions printed
)

// Text is where on GitHub a text stands that holds a leak.
type Text struct {
	NodeID string // GraphQL's id of the issue, the comment, …
	ID     int64  // REST's id of a comment, a review, a release, a file of one, or a run; 0: it has none
	Number int    // of the issue, pull request or discussion; 0: there is none
	URL    string // GitHub's page of it
	Field  string // title, body or diff_hunk; a wiki's page, a file's name, or a log as the archive of the run's logs names it: build/3_Run tests
	// Former reports that the text was edited since: the key stands in an earlier version, which GitHub keeps in the history of edits.
	Former bool
	Gone   time.Time // when the text, or the version that holds the key, was seen to be deleted; zero: it is there
	// Masked is when rekey took the key out of the text as it was then; zero: it did not. It does so once for each key and text.
	Masked time.Time
	Kept   Kept // why it did not, where the policy wants it
}

// OnlyInTexts reports whether all of the sightings are in texts; no for none.
func OnlyInTexts(list []Sighting) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(s Sighting) bool { return !s.InText() })
}

// InText reports whether the sighting is in a text on GitHub.
func (s Sighting) InText() bool { return s.Text != (Text{}) }

// Log is which log of a run of GitHub Actions a text is.
type Log struct {
	Job  string // as GitHub's archive names it
	Step int    // 0: the log is of the whole job
	Name string // of the step
}

// LogOf reads the name of a log in GitHub's archive, without its .txt: "build/3_Run tests" is that of a step, "0_build" that of a whole
// job, and so is "build/system". ok is false for any other name.
func LogOf(name string) (l Log, ok bool) {
	job, log, inFolder := strings.Cut(name, "/")
	if !inFolder {
		_, job, ok = strings.Cut(name, "_")
		return Log{Job: job}, ok
	}
	number, step, numbered := strings.Cut(log, "_")
	if n, err := strconv.Atoi(number); numbered && err == nil && n > 0 {
		return Log{Job: job, Step: n, Name: step}, true
	}
	return Log{Job: job}, log == "system"
}

// WantedLogs are repositories of an installation whose policies have logs of Actions read.
type WantedLogs struct {
	Repositories int
	One          string // owner/name of one of them
}
