package respond

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/guide"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/markdown"
	"github.com/rekey-app/rekey/respond/policy"
)

// maxPlaces is how many places an issue lists.
const maxPlaces = 20

// IssueFacts are what a leak's issue is made of.
type IssueFacts struct {
	Repository Repository // where the leak is
	Elsewhere  bool       // the issue goes to another repository than the leak's
	Private    bool       // the repository that the issue goes to is private
	Leak       ledger.Leak
	Sightings  []ledger.Sighting
	History    []ledger.Event
	Policy     policy.Policy
	Files      guide.Files // the repository's files at the leaking commit; nil: not read
}

// IssueText is an issue as it is to be.
type IssueText struct {
	Title, Body       string
	Labels, Assignees []string
}

// Digest returns a hash of title and body: an issue whose digest was sent last needs no edit.
func (t IssueText) Digest() string {
	sum := sha256.Sum256([]byte(t.Title + "\x00" + t.Body))
	return hex.EncodeToString(sum[:16])
}

// Marker is the hidden line by which a leak's issue is found again among the App's issues.
func Marker(repository int64, fingerprint string) string {
	return fmt.Sprintf("<!-- rekey:leak:%d:%s -->", repository, fingerprint)
}

// Issue returns the issue of a leak: what leaked, where, since when; what to do now in this repository; how it closes.
// It mentions nobody. In an issue that strangers can read, it names no places and no people.
func Issue(f IssueFacts) IssueText {
	v := issueView{f}
	marker := Marker(f.Repository.ID, f.Leak.Fingerprint)
	var b strings.Builder
	b.WriteString(marker + "\n")
	b.WriteString(v.opening())
	b.WriteString(v.table())
	switch f.Leak.State {
	case ledger.Open, "":
		b.WriteString(v.guide().Markdown(v.abused()) + "\n")
	case ledger.Revoked, ledger.Resolved:
		b.WriteString(v.guide().Aftermath())
	}
	if f.Private {
		b.WriteString(v.places())
	}
	b.WriteString(v.closing())
	b.WriteString(v.history())
	return IssueText{
		Title:     markdown.Title(v.title()),
		Body:      markdown.Cut(markdown.Valid(b.String()), markdown.MaxIssueBody, "_This text was longer than GitHub takes; its end is missing._"),
		Labels:    f.Policy.Issues.Labels,
		Assignees: v.assignees(),
	}
}

type issueView struct{ IssueFacts }

func (v issueView) title() string {
	t := fmt.Sprintf("Leaked Clerk %s %s", describe(v.Leak), redacted(v.Leak))
	if v.Elsewhere {
		t += " in " + markdown.Plain(v.Repository.FullName())
	}
	return t
}

func (v issueView) opening() string {
	l := v.Leak
	switch l.State {
	case ledger.Revoked:
		s := "**Done: this key is dead.** Clerk no longer accepts it"
		if !l.Closed.IsZero() && !l.Detected.IsZero() {
			s += ", " + elapsed(l.Closed.Sub(l.Detected)) + " after it was found"
		}
		return s + ". What may have been done with it before is for you to see: the list is below.\n\n"
	case ledger.Ignored:
		return "**Closed as no secret**" + by(l) + ".\n\n"
	case ledger.Resolved:
		return "**Closed as dealt with**" + by(l) + ". Clerk did not confirm that the key is dead.\n\n"
	}
	where := "to this repository"
	if v.Elsewhere {
		where = "to " + markdown.Code(v.Repository.FullName())
	}
	if l.Answer == "alive" {
		return fmt.Sprintf("**A Clerk %s was pushed %s, and it works:** Clerk accepted it on %s. "+
			"Until somebody deletes it in Clerk, anybody who has seen the commit can use it.\n\n", describe(l), where, date(l.Asked))
	}
	s := fmt.Sprintf("**A Clerk %s was pushed %s.** Take it for known to others: deleting the line or rewriting history does not help, only replacing the key does.", describe(l), where)
	if !sure(l) {
		s = fmt.Sprintf("**What was pushed %s looks like a Clerk %s**, and something speaks against it. If it is none, comment `/rekey ignore` with the reason.", where, describe(l))
	}
	return s + "\n\n"
}

func by(l ledger.Leak) string {
	s := ""
	if l.ClosedBy != "" {
		s += " by " + markdown.Code(l.ClosedBy)
	}
	if !l.Closed.IsZero() {
		s += " on " + date(l.Closed)
	}
	if l.Reason != "" {
		s += ": " + markdown.Code(l.Reason)
	}
	return s
}

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
	env := environmentName(l.Environment)
	kind, _ := kindName(l.Kind)
	row("**Kind**", kind)
	row("**Environment**", env)
	severity := l.Severity
	if severity != "" && !v.Repository.Private {
		severity += ": strangers can read this repository, and look for keys"
	}
	row("**Severity**", severity)
	instance := instanceCell(l)
	if instance == "unknown" {
		instance = ""
	}
	row("**Clerk instance**", instance)
	if l.Variable != "" {
		row("**Variable**", markdown.Code(l.Variable))
	}
	if first, ok := v.first(); ok {
		since := ""
		if !first.Authored.IsZero() {
			since = date(first.Authored)
		}
		if v.Private {
			since = strings.TrimSpace(since + " in " + commitLink(v.Repository, first.Commit))
			if first.AuthorName != "" {
				since += " by " + markdown.Code(first.AuthorName)
			}
		}
		row("**In git since**", since)
	}
	if !l.Detected.IsZero() {
		found := date(l.Detected)
		if l.Pusher != "" && v.Private {
			found += ", pushed by " + markdown.Code(l.Pusher)
		}
		row("**Found**", found)
	}
	if v.Private && len(v.Sightings) > 0 {
		cell := place(v.Repository, v.sorted()[0])
		if n := len(v.Sightings) - 1; n > 0 {
			cell += " and " + count(n, "more place", "more places")
		}
		row("**Where**", cell)
	}
	row("**Confidence**", v.confidence())
	row("**Clerk says**", v.answer())
	row("**Fingerprint**", markdown.Code(l.Fingerprint))
	b.WriteString("\n")
	if kind := detect.Kind(l.Kind); kind == detect.SecretKey || kind == detect.LegacyAPIKey {
		b.WriteString("<sub>Other scanners may call this a Stripe key: the prefix is the same.</sub>\n\n")
	}
	return b.String()
}

func (v issueView) confidence() string {
	if v.Leak.Confidence == "" {
		return ""
	}
	s := v.Leak.Confidence
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
	if !l.Asked.IsZero() {
		at = ", asked on " + date(l.Asked)
	}
	switch l.Answer {
	case "alive":
		return "**the key works**" + at
	case "revoked":
		return "the key is dead" + at
	case "fenced":
		return "**possibly works, from certain addresses only**" + at
	case "unknown":
		return "no clear answer" + at + "; that is not taken for safe"
	}
	return ""
}

// guide returns the instructions. What an issue in a public repository says of the files is in the files anyway; the
// leak's own path is not in it.
func (v issueView) guide() guide.Guide {
	return guide.For(guideLeak(v.IssueFacts), v.Files)
}

func guideLeak(f IssueFacts) guide.Leak {
	l := guide.Leak{
		Kind:        detect.Kind(f.Leak.Kind),
		Environment: detect.Environment(f.Leak.Environment),
		Redacted:    f.Leak.Redacted,
		Instance:    f.Leak.Instance,
		Dashboard:   f.Leak.Dashboard,
		Variable:    f.Leak.Variable,
		Browser:     f.Leak.Browser,
		Repository:  f.Repository.FullName(),
		Hide:        !f.Private,
	}
	for _, s := range f.Sightings {
		if s.Path != "" && !slices.Contains(l.Paths, s.Path) {
			l.Paths = append(l.Paths, s.Path)
		}
	}
	return l
}

// abused: a production key in a public repository is found by strangers within minutes. Delete it first.
func (v issueView) abused() bool {
	return !v.Repository.Private && detect.Environment(v.Leak.Environment) == detect.Live
}

func (v issueView) places() string {
	sightings := v.sorted()
	if len(sightings) < 2 {
		return "" // the table names it
	}
	var b strings.Builder
	b.WriteString("### Where it is\n\n")
	for i, s := range sightings {
		if i == maxPlaces {
			b.WriteString("- and " + count(len(sightings)-i, "more place", "more places") + "\n")
			break
		}
		fmt.Fprintf(&b, "- %s in %s", place(v.Repository, s), commitLink(v.Repository, s.Commit))
		if s.AuthorName != "" {
			b.WriteString(" by " + markdown.Code(s.AuthorName))
		}
		if !s.Authored.IsZero() {
			b.WriteString(", " + s.Authored.UTC().Format("2 January 2006"))
		}
		if r := strings.TrimPrefix(s.Ref, "refs/heads/"); r != "" {
			b.WriteString(", pushed to " + markdown.Code(strings.TrimPrefix(r, "refs/tags/")))
		}
		if s.Encoding != "" && s.Encoding != "plain" {
			b.WriteString(", encoded as " + markdown.Code(s.Encoding))
		}
		b.WriteString("\n")
	}
	return b.String() + "\n"
}

// sorted returns the sightings, the oldest first.
func (v issueView) sorted() []ledger.Sighting {
	out := slices.Clone(v.Sightings)
	slices.SortStableFunc(out, func(a, b ledger.Sighting) int {
		return cmp.Or(a.Authored.Compare(b.Authored), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Commit, b.Commit), cmp.Compare(a.ID, b.ID))
	})
	return out
}

func (v issueView) first() (ledger.Sighting, bool) {
	s := v.sorted()
	if len(s) == 0 {
		return ledger.Sighting{}, false
	}
	return s[0], true
}

// closing says how the issue will close, and what can be said to it.
func (v issueView) closing() string {
	var b strings.Builder
	if v.Leak.State != ledger.Open && v.Leak.State != "" {
		return "If this was closed by mistake, reopen it, or comment `/rekey reopen`.\n\n"
	}
	b.WriteString("### How this closes\n\n")
	switch {
	case !clerkCanTell(v.Leak):
		b.WriteString("When somebody with write access comments `/rekey rotated` or closes it: Clerk has no way to ask about this kind of credential.")
	case v.Policy.Verify == policy.Never:
		b.WriteString("When somebody with write access comments `/rekey rotated` or closes it. The policy says that Clerk is not to be asked.")
	case v.Policy.Verify == policy.Watch:
		b.WriteString("By itself, when the key is dead: rekey asks Clerk from time to time (`GET /v1/instance`, nothing else), as the policy says. " +
			"**Each time moves the key's \"Last used\" in your dashboard.**")
	default:
		b.WriteString("When the key is dead. Comment `/rekey rotated` or close the issue, and rekey asks Clerk once, with the key itself (`GET /v1/instance`, nothing else). " +
			"Dead: this closes and the checks turn green. Alive: this stays open. **Asking moves the key's \"Last used\" in your dashboard**, so rekey does not ask before.")
	}
	b.WriteString("\n\n| Comment | |\n| --- | --- |\n" +
		"| `/rekey rotated` | the old key is deleted |\n" +
		"| `/rekey ignore <reason>` | it is no secret" + ignoreNeeds(v.Leak) + " |\n" +
		"| `/rekey status` | what rekey knows |\n" +
		"| `/rekey help` | all of this |\n\n")
	return b.String()
}

func ignoreNeeds(l ledger.Leak) string {
	if detect.Environment(l.Environment) == detect.Live {
		return "; for a production key this takes the role maintain or admin"
	}
	return ""
}

// clerkCanTell tells whether Clerk can be asked if this credential is dead: only secret keys open GET /v1/instance. Of
// keys from before 2023 it is not known what Clerk answers while they live.
func clerkCanTell(l ledger.Leak) bool { return detect.Kind(l.Kind) == detect.SecretKey }

func (v issueView) history() string {
	if len(v.History) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("### History\n\n")
	for _, e := range v.History {
		fmt.Fprintf(&b, "- %s: **%s**", date(e.At), e.To)
		if e.By != "" {
			b.WriteString(" by " + markdown.Code(e.By))
		}
		if e.Reason != "" && v.Private {
			b.WriteString(": " + markdown.Code(e.Reason))
		}
		b.WriteString("\n")
	}
	return b.String() + "\n"
}

// assignees are the pusher, where it is a person, and whom the policy names.
func (v issueView) assignees() []string {
	var out []string
	add := func(login string) {
		if login != "" && !strings.HasSuffix(login, "[bot]") && !slices.Contains(out, login) {
			out = append(out, login)
		}
	}
	if !v.Elsewhere {
		add(v.Leak.Pusher)
	}
	for _, a := range v.Policy.Issues.Assignees {
		add(a)
	}
	return out
}
