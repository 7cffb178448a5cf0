package text

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/markdown"
)

// maxPlaces is how many places an issue lists.
const maxPlaces = 20

// table says what leaked: enough to find the row in Clerk's dashboard.
func (v issueView) table() string {
	l := v.Leak
	var b strings.Builder
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", name, value)
		}
	}
	b.WriteString("| | |\n| --- | --- |\n")
	row("**Credential**", markdown.Code(redacted(l)))
	severity := l.Severity
	switch {
	case severity == "":
	case !v.Repository.Private:
		severity += ": the repository is public"
	case v.public():
		severity += ": the key is in a public repository"
	}
	row("**Severity**", string(severity))
	instance := instanceCell(l)
	if instance == "unknown" {
		instance = ""
	}
	row("**Clerk instance**", instance)
	row("**Variable**", v.variable())
	if first, ok := v.first(); ok {
		since := ""
		if !first.Authored.IsZero() {
			since = format.Time(first.Authored)
		}
		where, name := commitLink(v.Repository, first.Commit), "**In git since**"
		if first.InText() {
			where, name = textPlace(first), "**Written**"
		}
		if v.Private {
			since = strings.TrimSpace(since + " in " + where)
			if first.AuthorName != "" {
				since += " by " + markdown.Code(first.AuthorName)
			}
		}
		row(name, since)
	}
	if !l.Detected.IsZero() {
		found := format.Time(l.Detected)
		if l.Pusher != "" && v.Private && !v.inTextsOnly() {
			found += ", pushed by " + markdown.Code(l.Pusher)
		}
		row("**Found**", found)
	}
	if l.State == respond.Open && !l.Snoozed.IsZero() {
		row("**Reminders**", "none until "+format.Time(l.Snoozed))
	}
	row("**Confidence**", v.confidence())
	row("**Clerk says**", v.answer())
	row("**GitHub's alert**", v.alertCell())
	row("**Push protection**", v.bypassCell())
	row("**Fingerprint**", markdown.Code(l.Fingerprint))
	b.WriteString("\n")
	if kind := l.Kind; kind == detect.SecretKey || kind == detect.LegacyAPIKey {
		b.WriteString("Other scanners may call this a Stripe key: the prefix is the same.\n\n")
	}
	return b.String()
}

// variableName is how variables and settings are called: CLERK_SECRET_KEY, secretKey, clerk.secret-key, Clerk:SecretKey.
// A function of a package, clerk.SetKey, is none.
var variableName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_-]{0,99}|[a-z_][a-z0-9_-]*(\.[a-z0-9_-]+){1,9}|[A-Za-z]+:[A-Za-z]+)$`)
})

// variable is the name that the credential was assigned to, if it is a variable's or a setting's: code may have given it to
// a function.
func (v issueView) variable() string {
	if !variableName().MatchString(v.Leak.Variable) {
		return ""
	}
	return markdown.Code(v.Leak.Variable)
}

func (v issueView) confidence() string {
	if v.Leak.Confidence == "" {
		return ""
	}
	s := string(v.Leak.Confidence)
	if len(v.Leak.Reasons) > 0 {
		s += ": "
		for i, r := range v.Leak.Reasons {
			if i > 0 {
				s += ", "
			}
			s += markdown.Text(r)
		}
	}
	return s
}

func (v issueView) answer() string {
	l := v.Leak
	at := ""
	if !l.VerifiedAt.IsZero() {
		at = ", asked on " + format.Time(l.VerifiedAt)
	}
	switch l.Verdict {
	case respond.KeyAlive:
		return "**the key works**" + at
	case respond.KeyRevoked:
		return "the key no longer works" + at
	case respond.KeyFenced:
		return "**possibly works, from certain addresses only**" + at
	case respond.KeyUnknown:
		return "no clear answer" + at
	}
	return ""
}

func (v issueView) places() string {
	sightings := v.sorted()
	if !v.Private || len(sightings) < 2 {
		return "" // the issue's first line names it
	}
	var b strings.Builder
	b.WriteString("**Where it was found**\n\n")
	for i, s := range sightings {
		if i == maxPlaces {
			b.WriteString("- and " + format.Count(len(sightings)-i, "more place", "more places") + "\n")
			break
		}
		b.WriteString("- " + place(v.Repository, s))
		if !s.InText() {
			b.WriteString(" in " + commitLink(v.Repository, s.Commit))
		}
		if s.AuthorName != "" {
			b.WriteString(" by " + markdown.Code(s.AuthorName))
		}
		if !s.Authored.IsZero() {
			b.WriteString(", " + format.Date(s.Authored))
		}
		if r := strings.TrimPrefix(s.Ref, "refs/heads/"); r != "" {
			b.WriteString(", pushed to " + markdown.Code(strings.TrimPrefix(r, "refs/tags/")))
		}
		if s.Encoded() {
			b.WriteString(", encoded as " + markdown.Code(s.Encoding))
		}
		if state := textState(s); state != "" {
			b.WriteString(", " + state)
		}
		b.WriteString("\n")
	}
	return b.String() + "\n"
}

// sorted returns the sightings, the oldest first.
func (v issueView) sorted() []respond.Sighting {
	out := slices.Clone(v.Sightings)
	slices.SortStableFunc(out, func(a, b respond.Sighting) int {
		return cmp.Or(a.Authored.Compare(b.Authored), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Commit, b.Commit), cmp.Compare(a.ID, b.ID))
	})
	return out
}

func (v issueView) first() (respond.Sighting, bool) {
	s := v.sorted()
	if len(s) == 0 {
		return respond.Sighting{}, false
	}
	return s[0], true
}

func (v issueView) history() string {
	if len(v.History) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("**History**\n\n")
	for _, e := range v.History {
		fmt.Fprintf(&b, "- %s: **%s**", format.Time(e.At), e.To)
		if e.By != "" {
			b.WriteString(" by " + markdown.Code(e.By) + approvedBy(e.ApprovedBy))
		}
		b.WriteString(until(e.Until))
		if e.Reason != "" && v.Private {
			b.WriteString(": " + markdown.Code(e.Reason))
		}
		b.WriteString("\n")
	}
	return b.String() + "\n"
}
