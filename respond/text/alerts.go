package text

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/markdown"
)

// public reports whether GitHub found the key in a public repository.
func (v issueView) public() bool {
	return slices.ContainsFunc(v.Alerts, func(a respond.Alert) bool { return a.Public })
}

// alertCell says what GitHub's alerts about the leak are, and who pushed it past push protection.
func (v issueView) alertCell() string {
	var cells []string
	for _, a := range v.Alerts {
		name := fmt.Sprintf("#%d", a.Number)
		if a.URL != "" {
			name = markdown.Link(name, a.URL)
		}
		cells = append(cells, name+": "+alertState(a))
	}
	return strings.Join(cells, "<br>")
}

func alertState(a respond.Alert) string {
	if a.State != respond.AlertResolved {
		return "open"
	}
	s := "resolved as " + respond.ResolutionName(a.Resolution)
	if a.ResolvedBy != "" {
		s = "resolved by " + markdown.Code(a.ResolvedBy) + " as " + respond.ResolutionName(a.Resolution)
	}
	if !a.ResolvedAt.IsZero() {
		s += ", " + format.Date(a.ResolvedAt)
	}
	if a.Comment != "" && !a.Ours {
		s += ": " + markdown.Code(a.Comment)
	}
	return s
}

// bypassCell says who pushed the key past push protection.
func (v issueView) bypassCell() string {
	for _, a := range v.Alerts {
		if a.BypassedAt.IsZero() {
			continue
		}
		s := "bypassed on " + format.Time(a.BypassedAt)
		if a.BypassedBy != "" {
			s = "bypassed by " + markdown.Code(a.BypassedBy) + " on " + format.Time(a.BypassedAt)
		}
		switch {
		case a.BypassComment != "":
			s += ": " + markdown.Code(a.BypassComment)
		case a.Resolution == respond.ResolvedInTests, a.Resolution == respond.ResolvedFalsePositive:
			s += ": " + markdown.Code(respond.ResolutionName(a.Resolution))
		}
		return s
	}
	return ""
}

// withAlerts is the places of a leak with those where GitHub found it besides: one list, in which each is once.
func withAlerts(list []respond.Sighting, alerts []respond.Alert) []respond.Sighting {
	all := slices.Clone(list)
	for _, a := range alerts {
		for _, p := range a.Places {
			s := ofAlert(p)
			known := slices.ContainsFunc(all, func(k respond.Sighting) bool {
				same := k.Source == s.Source && k.Text.Field == s.Text.Field || p.Kind == "wiki_commit" && k.Source == respond.InWiki
				return same && (s.Text.URL == "" || strings.EqualFold(k.Text.URL, s.Text.URL))
			})
			if !known {
				all = append(all, s)
			}
		}
	}
	return all
}

// byGitHub reports whether the place is known from GitHub's alert alone: rekey has nothing to look at it by.
func byGitHub(s respond.Sighting) bool { return s.ID == 0 && s.InText() && s.Text.NodeID == "" }

// ofAlert is a place of an alert's as a text; one in the wiki, or of a kind that GitHub may add later, has no source, and its field is the kind.
func ofAlert(p respond.AlertPlace) respond.Sighting {
	source, field := respond.Source(""), "body"
	switch p.Kind {
	default:
		field = p.Kind
	case "pull_request_review":
		source = respond.InReview
	case "pull_request_review_comment":
		source = respond.InReviewComment
	case "issue_comment", "pull_request_comment":
		source = respond.InIssueComment
	case "discussion_comment":
		source = respond.InDiscussionComment
	case "issue_title", "issue_body", "pull_request_title", "pull_request_body", "discussion_title", "discussion_body":
		at := strings.LastIndexByte(p.Kind, '_')
		source, field = respond.Source(p.Kind[:at]), p.Kind[at+1:]
	}
	return respond.Sighting{Source: source, Text: respond.Text{URL: p.URL, Field: field, Number: numberIn(p.URL)}}
}

// placeName is a place in words that is no text of a kind that rekey reads, by GitHub's name of it.
func placeName(kind string) string {
	if kind == "wiki_commit" {
		return "a page of the wiki"
	}
	return "another place on GitHub"
}

// numberIn is the number of the issue, pull request or discussion whose page an address leads to; 0 for none.
func numberIn(url string) int {
	for _, page := range []string{"/issues/", "/pull/", "/discussions/"} {
		if _, rest, found := strings.Cut(url, page); found {
			end := strings.IndexFunc(rest, func(c rune) bool { return c < '0' || c > '9' })
			if end < 0 {
				end = len(rest)
			}
			n, _ := strconv.Atoi(rest[:end]) // 0 for none
			return n
		}
	}
	return 0
}

// inTextsOnly reports whether the key was found in texts on GitHub, and nowhere in git.
func (v issueView) inTextsOnly() bool {
	return respond.OnlyInTexts(v.Sightings)
}

// writtenIn says where a key was written that no file holds; "" where one does, or nobody knows.
func (v issueView) writtenIn() string {
	if v.inTextsOnly() {
		first, _ := v.first()
		if !v.Private {
			return "in " + SourceName(first)
		}
		return "in " + textPlace(first)
	}
	return ""
}
