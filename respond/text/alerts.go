package text

import (
	"fmt"
	"slices"
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

// alsoIn lists where GitHub found the key beside files.
func (v issueView) alsoIn() string {
	if !v.Private {
		return ""
	}
	var b strings.Builder
	n := 0
	for _, a := range v.Alerts {
		for _, p := range a.Places {
			if n++; n <= maxPlaces {
				b.WriteString("- " + alertPlace(p) + "\n")
			}
		}
	}
	if n == 0 {
		return ""
	}
	if n > maxPlaces {
		b.WriteString("- and " + format.Count(n-maxPlaces, "more place", "more places") + "\n")
	}
	return "**GitHub also found it in**\n\n" + b.String() + "\nDeleting or editing a text doesn't revoke the key: GitHub keeps earlier versions, and has sent it by email to everyone who watches the repository.\n\n"
}

// alertPlace names a place, with a link where there is one.
func alertPlace(p respond.AlertPlace) string {
	name := placeName(p.Kind)
	if p.URL == "" {
		return name
	}
	return markdown.Link(name, p.URL)
}

// placeName is a kind of place in words, by GitHub's name of it.
func placeName(kind string) string {
	switch kind {
	case "wiki_commit":
		return "a page of the wiki"
	case "pull_request_review":
		return "a review of a pull request"
	case "pull_request_review_comment":
		return "a comment in a review"
	}
	of := map[string]string{"issue": "an issue", "discussion": "a discussion", "pull_request": "a pull request"}
	at := strings.LastIndexByte(kind, '_')
	if at < 0 || of[kind[:at]] == "" {
		return "another place"
	}
	switch part := kind[at+1:]; part {
	case "title":
		return "the title of " + of[kind[:at]]
	case "body":
		return "the description of " + of[kind[:at]]
	default:
		return "a comment on " + of[kind[:at]]
	}
}

// inTextsOnly reports whether the key was found in texts on GitHub, and nowhere in git.
func (v issueView) inTextsOnly() bool {
	return len(v.Sightings) > 0 && !slices.ContainsFunc(v.Sightings, func(s respond.Sighting) bool { return !s.InText() })
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
	if len(v.Sightings) > 0 {
		return ""
	}
	for _, a := range v.Alerts {
		switch {
		case len(a.Places) == 0:
		case v.Private:
			return "in " + alertPlace(a.Places[0])
		default:
			return "in " + placeName(a.Places[0].Kind)
		}
	}
	return ""
}
