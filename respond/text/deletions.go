package text

import (
	"strings"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/markdown"
)

// deletions says what came of a command to delete comments.
func deletions(r respond.Reply) string {
	var gone, left []string
	for _, d := range r.Deletions {
		if d.Deleted { // its link leads nowhere now
			gone = append(gone, upper(SourceName(d.Text)))
			continue
		}
		left = append(left, upper(textPlace(d.Text))+" ("+kept(d.Text, d.Kept)+"): "+clicks(d.Text))
	}
	var b strings.Builder
	switch {
	case len(gone)+len(left) == 0:
		return "No comment on GitHub shows this key any more."
	case len(gone) == 0:
		b.WriteString("**Nothing was deleted.**")
	default:
		b.WriteString("Deleted, as " + markdown.Code(r.By) + " asked:\n\n" + listed(gone))
	}
	if len(left) > 0 {
		b.WriteString("\n\n**Left to do by hand:**\n\n" + listed(left))
	}
	if r.Unreadable && r.Leak.IsOpen() && r.Leak.Verifiable() {
		b.WriteString("\n\nThe key was nowhere else, so rekey can't ask Clerk whether it still works. Check that it's deleted in Clerk, then close this issue.")
	}
	return b.String()
}

func listed(items []string) string {
	if len(items) > maxPlaces {
		items = append(items[:maxPlaces:maxPlaces], "and "+format.Count(len(items)-maxPlaces, "more text", "more texts"))
	}
	return "- " + strings.Join(items, "\n- ")
}

// publicDeletions is [deletions] where strangers read it: it leads nobody to what is left.
func publicDeletions(r respond.Reply) string {
	n := 0
	for _, d := range r.Deletions {
		if d.Deleted {
			n++
		}
	}
	s := "Nothing was deleted."
	if n > 0 {
		s = "Deleted " + format.Count(n, "comment", "comments") + ", as " + markdown.Code(r.By) + " asked."
	}
	return s + " What may be left isn't listed here, because the repository is public."
}
