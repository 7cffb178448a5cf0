package text

import (
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/markdown"
)

// place names where a sighting stands, as Markdown, with a permalink where GitHub has a page for it.
func place(r respond.Repository, s respond.Sighting) string {
	if s.InText() {
		return textPlace(s)
	}
	if !s.InFile() {
		what := "message of "
		if s.Source == respond.InTag {
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

// Permalink is GitHub's page for a sighting: the lines of its file, or its commit; "": there is none.
func Permalink(r respond.Repository, s respond.Sighting) string {
	switch {
	case s.InText():
		return s.Text.URL
	case r.URL == "" || !isCommit(s.Commit):
		return ""
	case !s.InFile():
		return r.URL + "/commit/" + s.Commit
	}
	first, last := lines(s)
	return markdown.Permalink(r.URL, s.Commit, s.Path, first, last)
}

// lines returns the lines of the file as GitHub shows it: none for a member of an archive, which GitHub cannot show.
func lines(s respond.Sighting) (first, last int) {
	if s.Member != "" || s.Line <= 0 {
		return 0, 0
	}
	return s.Line, max(s.Line, s.EndLine)
}

func commitLink(r respond.Repository, commit string) string {
	if commit == "" {
		return ""
	}
	if !isCommit(commit) {
		return markdown.Code(short(commit))
	}
	return markdown.Link(markdown.Code(short(commit)), r.URL+"/commit/"+commit)
}

func isCommit(s string) bool {
	return len(s) == 40 && strings.Trim(s, "0123456789abcdef") == ""
}
