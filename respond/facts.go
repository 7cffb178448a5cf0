package respond

import (
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/markdown"
)

// Repository is what texts need to know of a repository.
type Repository struct {
	ID      int64
	Owner   string
	Name    string
	URL     string // its web page: https://github.com/owner/name
	Private bool
}

// FullName returns owner/name.
func (r Repository) FullName() string { return r.Owner + "/" + r.Name }

// place names where a sighting stands, as Markdown, with a permalink where GitHub has a page for it.
func place(r Repository, s ledger.Sighting) string {
	if s.Source != "" && s.Source != "blob" {
		what := "message of "
		if s.Source == "tag" {
			what = "message of a tag on "
		}
		return what + commitLink(r, s.Commit)
	}
	name := s.Path
	if s.Member != "" {
		name += "!" + s.Member
	} else if s.Line > 0 {
		name += ":" + strconv.Itoa(s.Line)
	}
	first, last := lines(s)
	url := markdown.Permalink(r.URL, s.Commit, s.Path, first, last)
	if url == "" || !isCommit(s.Commit) {
		return markdown.Code(name)
	}
	return markdown.Link(markdown.Code(name), url)
}

// lines returns the lines of the file as GitHub shows it: none for a member of an archive, which GitHub cannot show.
func lines(s ledger.Sighting) (first, last int) {
	if s.Member != "" || s.Line <= 0 {
		return 0, 0
	}
	return s.Line, max(s.Line, s.EndLine)
}

func commitLink(r Repository, commit string) string {
	if !isCommit(commit) {
		return markdown.Code(short(commit))
	}
	return markdown.Link(markdown.Code(short(commit)), r.URL+"/commit/"+commit)
}

func isCommit(s string) bool {
	return len(s) == 40 && strings.Trim(s, "0123456789abcdef") == ""
}

// allowedHere reports whether the sighting is silenced by rekey:allow on its line, which silences test keys only.
func allowedHere(l ledger.Leak, s ledger.Sighting) bool {
	return s.Allowed && detect.Environment(l.Environment) != detect.Live
}

func sure(l ledger.Leak) bool { return detect.Confidence(l.Confidence) != detect.LowConfidence }
