package text

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/markdown"
)

// maxStillOpen is how many older leaks a check names; it counts them all.
const maxStillOpen = 20

// older are open leaks of the repository that this check does not show otherwise. They don't fail it: nothing that was
// pushed here brought them.
func (v checkView) older() []respond.Leak {
	shown := map[int64]bool{}
	for _, s := range v.Sightings {
		shown[s.Leak.ID] = true
	}
	return slices.DeleteFunc(slices.Clone(v.StillOpen), func(l respond.Leak) bool { return shown[l.ID] })
}

// stillOpenTitle ends the title of a check that passes.
func (v checkView) stillOpenTitle() string {
	older := v.older()
	switch {
	case len(older) == 0:
		return ""
	case v.hidden():
		return "; " + format.Count(len(older), "older finding is", "older findings are") + " still open"
	}
	return "; " + format.Count(len(older), "older leak is", "older leaks are") + " still open"
}

func (v checkView) writeStillOpen(b *strings.Builder) {
	older := v.older()
	if len(older) == 0 {
		return
	}
	b.WriteString("### Still open in this repository\n\nThese are from earlier pushes. They don't fail this check, and stay open until they are resolved.\n\n")
	if v.hidden() {
		var issues []string
		for _, l := range older[:min(len(older), maxStillOpen)] {
			if l.IssueURL != "" && l.IssueRepository == v.Repository.ID {
				issues = append(issues, v.issueCell(l))
			}
		}
		line := format.Count(len(older), "finding", "findings")
		if len(issues) > 0 {
			line += ": " + strings.Join(issues, ", ")
		}
		b.WriteString(line + ".\n\n")
		return
	}
	b.WriteString("| Credential | Kind | Found | Issue |\n| --- | --- | --- | --- |\n")
	for _, l := range older[:min(len(older), maxStillOpen)] {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", markdown.Code(redacted(l)), describe(l), format.Date(l.Detected), v.issueCell(l))
	}
	more(b, len(older)-maxStillOpen, "credential", "credentials")
}
