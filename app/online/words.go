package online

import (
	"fmt"
	"strings"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
)

// What is counted, by the names that states have for it.
const (
	countCommits  = "commits"
	countBlobs    = "blobs"
	countVersions = "versions"
	countAssets   = "assets"
	countLogs     = "logs"
	countBytes    = "bytes"
)

// countedAs is under what a text counts.
func countedAs(t github.Text) string { return string(kindOf(t)) }

// counted is one count in words, in the order in which they are said.
type counted struct {
	one, many string
	names     []string // of what is counted together
}

func countedWords() []counted {
	return []counted{
		{"commit", "commits", []string{countCommits}},
		{"blob", "blobs", []string{countBlobs}},
		{"issue", "issues", []string{string(respond.InIssue)}},
		{"pull request", "pull requests", []string{string(respond.InPullRequest)}},
		{"review", "reviews", []string{string(respond.InReview)}},
		{"discussion", "discussions", []string{string(respond.InDiscussion)}},
		{"comment", "comments", []string{
			string(respond.InIssueComment), string(respond.InReviewComment), string(respond.InCommitComment), string(respond.InDiscussionComment),
		}},
		{"earlier version", "earlier versions", []string{countVersions}},
		{"release", "releases", []string{string(respond.InRelease)}},
		{"file of releases", "files of releases", []string{countAssets}},
		{"log", "logs", []string{countLogs}},
	}
}

// countWords says what was counted.
func countWords(counts map[string]int64) (words []string) {
	for _, c := range countedWords() {
		n := int64(0)
		for _, name := range c.names {
			n += counts[name]
		}
		if n > 0 {
			words = append(words, format.Count(n, c.one, c.many))
		}
	}
	return words
}

// readWords says what was read in how many repositories.
func readWords(repositories int, counts map[string]int64) (words string, files, bytes int64) {
	for name, n := range counts {
		if name != countCommits && name != countBytes {
			files += n
		}
	}
	words = format.Count(repositories, "repository", "repositories")
	if parts := countWords(counts); len(parts) > 0 {
		words += " (" + strings.Join(parts, ", ") + "), " + format.Size(counts[countBytes])
	}
	return words, files, counts[countBytes]
}

// Progress is how far a scan is.
type Progress struct {
	Repository string // owner/name
	Done, Of   int    // repositories
	Step       string
	Read       string // of this repository, in words
}

// String is where the scan is, without what was read.
func (p Progress) String() string {
	line := fmt.Sprintf("%s: %s", p.Repository, p.Step)
	if p.Of > 1 {
		line = fmt.Sprintf("%s of %s  %s", format.Number(p.Done+1), format.Number(p.Of), line)
	}
	return line
}

// show tells whoever looks how far the scan is. now says what is being read, where that takes long.
func (r *reading) show(step string, now []string) {
	if r.Show == nil {
		return
	}
	p := Progress{Repository: r.to.Name, Step: step}
	p.Done, p.Of = r.state.done()
	p.Read = strings.Join(append(now, countWords(r.to.Counts)...), ", ")
	r.Show(p)
}
