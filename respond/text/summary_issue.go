package text

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/markdown"
)

// SummaryFacts are what a repository's summary issue is made of: the leaks that were too many for an issue each.
type SummaryFacts struct {
	Repository respond.Repository
	Private    bool // the repository that the issue goes to is private
	Elsewhere  bool // it is another than the leaks' own
	Policy     respond.Policy
	Leaks      []SummaryLeak
}

// SummaryLeak is one leak of a summary.
type SummaryLeak struct {
	Leak      respond.Leak
	Sightings []respond.Sighting
}

// maxSummary is how many leaks a summary lists.
const maxSummary = 200

// Summary returns the one issue that stands for many leaks, as an old history may hold. It mentions nobody.
func Summary(f SummaryFacts) IssueText {
	if respond.Hidden(f.Private, respond.Open, f.Policy) {
		return publicSummary(f)
	}
	leaks := slices.Clone(f.Leaks)
	slices.SortStableFunc(leaks, func(a, b SummaryLeak) int {
		return cmp.Or(a.Leak.Severity.Compare(b.Leak.Severity), strings.Compare(a.Leak.Fingerprint, b.Leak.Fingerprint))
	})
	open := 0
	for _, l := range leaks {
		if l.Leak.State == respond.Open || l.Leak.State == "" {
			open++
		}
	}
	var b strings.Builder
	b.WriteString(SummaryMarker(f.Repository.ID) + "\n")
	fmt.Fprintf(&b, "rekey found more leaked Clerk credentials here than it files issues for at once (%s an hour). These are the others. Each gets its own issue in time, most urgent first.\n\n",
		format.Number(max(f.Policy.Issues.MaxPerHour, 1)))
	b.WriteString(removingDoesNotHelp + " How to replace one: https://clerk.com/docs/guides/secure/rotate-api-keys\n\n")
	b.WriteString("| Credential | Kind | Clerk instance | State | Where |\n| --- | --- | --- | --- | --- |\n")
	for i, l := range leaks {
		if i == maxSummary {
			break
		}
		where := "not shown"
		if f.Private {
			where = "unknown"
			if len(l.Sightings) > 0 {
				where = place(f.Repository, l.Sightings[0])
			}
			if n := len(l.Sightings) - 1; n > 0 {
				where += " and " + format.Count(n, "more place", "more places")
			}
		}
		state := l.Leak.State
		if state == "" {
			state = respond.Open
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", markdown.Code(redacted(l.Leak)), describe(l.Leak), instanceCell(l.Leak), state, where)
	}
	more(&b, len(leaks)-maxSummary, "credential", "credentials")
	title := fmt.Sprintf("%s, %s open", format.Count(len(leaks), "leaked Clerk credential", "leaked Clerk credentials"), format.Number(open))
	if f.Elsewhere {
		title += " in " + markdown.Plain(f.Repository.FullName())
	}
	return IssueText{
		Title:     markdown.Title(title),
		Body:      markdown.Cut(markdown.Valid(b.String()), markdown.MaxIssueBody, "_This text is longer than GitHub allows; its end is missing._"),
		Labels:    f.Policy.Issues.Labels,
		Assignees: f.Policy.Issues.Assignees,
	}
}
