package text

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/guide"
	"github.com/rekey-app/rekey/respond/markdown"
)

// IssueFacts are what a leak's issue is made of.
type IssueFacts struct {
	Repository respond.Repository // where the leak is
	Elsewhere  bool               // the issue goes to another repository than the leak's
	Private    bool               // the repository that the issue goes to is private
	Leak       respond.Leak
	Sightings  []respond.Sighting
	History    []respond.Event
	Policy     respond.Policy
	Alerts     []respond.Alert // of GitHub's secret scanning
	Files      guide.Files     // the repository's files at the commit whose places Head has; nil: not read
	Head       []guide.Location
	Secrets    map[guide.Secret]time.Time // when secrets of GitHub Actions were last set, as far as that is known
	Exposed    Exposure                   // of a leak that an advisory causes
	Branch     string                     // the branch that Files and Head are of, where that is not the default one
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

// Issue returns the issue of a leak: one line of fact, what to do in this repository, and folded away the facts and how it
// closes. It mentions nobody. An issue that strangers can read says nothing that helps them, see [Hidden], and once the key
// is revoked names no places and no people. Where ctx ends
// before the repository's files were read, the instructions are general ones.
func Issue(ctx context.Context, f IssueFacts) IssueText {
	v := issueView{f}
	v.Sightings = withAlerts(f.Sightings, f.Alerts)
	if f.hidden() {
		return v.publicIssue()
	}
	v.Private = v.Private || f.Policy.Public.Details
	if f.Leak.Kind == respond.ExposedKey {
		return v.exposedIssue(ctx)
	}
	marker := Marker(f.Repository.ID, f.Leak.Fingerprint)
	var b strings.Builder
	b.WriteString(marker + "\n")
	b.WriteString(v.opening())
	switch f.Leak.State {
	case respond.Open, "":
		b.WriteString(v.guide(ctx).Markdown(v.abused()) + "\n" + v.removal())
	case respond.Revoked, respond.Resolved:
		b.WriteString(v.removal() + v.guide(ctx).Aftermath())
	}
	b.WriteString(folded("Facts about this leak", v.table()+v.places()+v.history()))
	b.WriteString(v.closing())
	return IssueText{
		Title:     markdown.Title(v.title()),
		Body:      markdown.Cut(markdown.Valid(b.String()), markdown.MaxIssueBody, "_This text is longer than GitHub allows; its end is missing._"),
		Labels:    f.Policy.Issues.Labels,
		Assignees: v.assignees(),
	}
}

// fastest names the command that does what the steps below it say. The fingerprint leads it to the credential and to this issue.
func (v issueView) fastest() string {
	if v.Leak.Kind == detect.APIKey || v.Leak.Kind == detect.ClaimURL { // whose user rotates it; which takes one click
		return ""
	}
	in := "this repository"
	if v.Elsewhere {
		in = markdown.Code(v.Repository.FullName())
	}
	fastest := "**Fastest:**"
	if v.Leak.Kind == respond.ExposedKey { // it upgrades nothing
		fastest = "**Fastest, once step 1 is done:**"
	}
	return fastest + " run `rekey rotate " + v.Leak.Fingerprint[:min(12, len(v.Leak.Fingerprint))] + "` in a clone of " + in +
		". It shows a plan first, then does these steps with your own logins."
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
	case respond.Revoked:
		s := "**Done: this key no longer works.** Clerk stopped accepting it"
		if !l.Closed.IsZero() && !l.Detected.IsZero() {
			s += " " + format.Duration(l.Closed.Sub(l.Detected)) + " after it was found"
		}
		return s + ". rekey can't tell whether it was used before. The checklist below helps you find out.\n\n"
	case respond.Ignored:
		s := "**Closed as a false positive**" + by(l) + "."
		if !l.Until.IsZero() {
			s += " This counts" + until(l.Until) + " (UTC). After that day it opens again by itself."
		}
		return s + "\n\n"
	case respond.Resolved:
		return "**Closed as resolved**" + by(l) + ". Clerk hasn't confirmed that the key no longer works.\n\n" + v.waiting()
	}
	return v.waiting() + v.openOpening()
}

// waiting says that a closing waits for a second person.
func (v issueView) waiting() string {
	if !v.Leak.Request.Waits() {
		return ""
	}
	return waits(v.Leak.Request, v.Policy.Ignore.Approval) + "\n\n"
}

func (v issueView) openOpening() string {
	where := "to this repository"
	if v.Elsewhere {
		where = "to " + markdown.Code(v.Repository.FullName())
	}
	in, was := v.in(), "pushed "+where
	if written := v.writtenIn(); written != "" {
		was = "written " + written
		if v.Elsewhere {
			was += " of " + markdown.Code(v.Repository.FullName())
		}
	}
	urgent := ""
	if v.public() {
		urgent = "**GitHub found this key in a public repository.** Bots collect keys there within minutes: delete it first, then fix what breaks.\n\n"
	}
	return urgent + v.claim(was, in)
}

// claim says what leaked, where it was pushed or written, and how sure that is.
func (v issueView) claim(was, in string) string {
	l, seen := v.Leak, "the commit"
	if v.writtenIn() != "" {
		seen = "it there"
	}
	switch {
	case l.Verdict == respond.KeyAlive:
		return fmt.Sprintf("**A Clerk %s was %s, and it works**%s: Clerk accepted it on %s. "+
			"Anyone who has seen %s can use it until you delete it in Clerk.\n\n", describe(l), was, in, format.Time(l.VerifiedAt), seen)
	case !l.Sure():
		return fmt.Sprintf("**Something %s looks like a Clerk %s**%s, but something doesn't fit. If it isn't one, comment `/rekey ignore` with the reason.\n\n", was, describe(l), in)
	}
	useless := "deleting the line or rewriting history doesn't help"
	if v.inTextsOnly() {
		useless = "editing or deleting the text isn't enough"
	}
	return fmt.Sprintf("**A Clerk %s was %s**%s. Treat this %s as compromised: %s.\n\n", describe(l), was, in, noun(l.Kind), useless)
}

// in names the first place, where places may be named.
func (v issueView) in() string {
	if !v.Private || len(v.Sightings) == 0 {
		return ""
	}
	s := v.sorted()
	in := " (" + place(v.Repository, s[0])
	if v.inTextsOnly() { // which is named already
		if in = ""; len(s) > 1 {
			in = " and in " + format.Count(len(s)-1, "more place", "more places")
		}
		return in
	}
	if n := len(s) - 1; n > 0 {
		in += " and " + format.Count(n, "more place", "more places")
	}
	return in + ")"
}

// folded is a section that opens on a click.
func folded(summary, text string) string {
	if text == "" {
		return ""
	}
	return "<details>\n<summary>" + summary + "</summary>\n\n" + strings.TrimRight(text, "\n") + "\n\n</details>\n\n"
}

func by(l respond.Leak) string {
	s := ""
	if l.ClosedBy != "" {
		s += " by " + markdown.Code(l.ClosedBy)
	}
	if !l.Closed.IsZero() {
		s += " on " + format.Time(l.Closed)
	}
	s += approvedBy(l.ApprovedBy)
	if l.Reason != "" {
		s += ": " + markdown.Code(l.Reason)
	}
	return s
}

// guide returns the instructions. What an issue in a public repository says of the files is in the files anyway; the
// leak's own path is not in it.
func (v issueView) guide(ctx context.Context) guide.Guide {
	g := guide.For(ctx, guideLeak(v.IssueFacts), v.Files)
	g.Fastest = v.fastest()
	if v.inTextsOnly() {
		g.Purge = ""
	}
	return g
}

// ActionsSecrets returns the secrets of GitHub Actions that the issue's steps are about.
func (f IssueFacts) ActionsSecrets(ctx context.Context) []guide.Secret {
	return guide.Secrets(ctx, guideLeak(f), f.Files)
}

func guideLeak(f IssueFacts) guide.Leak {
	l := guide.Leak{
		Kind:        f.Leak.Kind,
		Environment: f.Leak.Environment,
		Redacted:    f.Leak.Redacted,
		Instance:    f.Leak.Instance,
		Dashboard:   f.Leak.Dashboard,
		Variable:    f.Leak.Variable,
		Browser:     f.Leak.Browser,
		Repository:  f.Repository.FullName(),
		Hide:        !f.Private,
		Head:        f.Head,
		Branch:      f.Branch,
		Found:       f.Leak.Detected,
		Updated:     f.Secrets,
	}
	for _, s := range f.Sightings {
		if s.Path != "" && !slices.Contains(l.Paths, s.Path) {
			l.Paths = append(l.Paths, s.Path)
		}
	}
	return l
}

// abused: a production key that strangers can read, in a public repository or in what browsers download, is found by bots
// within minutes. Delete it first.
func (v issueView) abused() bool {
	return (!v.Repository.Private || v.Leak.Browser || v.public()) && v.Leak.Production()
}

// closing says how the issue will close, and what can be said to it.
func (v issueView) closing() string {
	var b strings.Builder
	if v.Leak.State != respond.Open && v.Leak.State != "" {
		return "If this was closed by mistake, reopen it or comment `/rekey reopen`.\n\n"
	}
	switch {
	case !v.Leak.Verifiable():
		b.WriteString("When someone with write access comments `/rekey rotated` or closes it: Clerk can't say whether this kind of credential still works.")
	case v.Policy.Verify == respond.VerifyNever:
		b.WriteString("When someone with write access comments `/rekey rotated` or closes it. By policy, rekey doesn't ask Clerk.")
	case v.Policy.Verify == respond.VerifyWatch:
		b.WriteString("By itself, once the key no longer works: by policy, rekey asks Clerk from time to time (`GET /v1/instance`, nothing else). " +
			"**Each time changes the key's \"Last used\" in your dashboard.**")
	default:
		b.WriteString("Comment `/rekey rotated` or close the issue, and rekey asks Clerk once, with the key itself (`GET /v1/instance`, nothing else). " +
			"If the key no longer works, this closes and the checks turn green. If it still works, this stays open. **Asking changes the key's \"Last used\" in your dashboard**, so rekey doesn't ask before.")
	}
	b.WriteString("\n\n| Comment | |\n| --- | --- |\n" +
		"| `/rekey rotated` | the old key is deleted |\n" +
		"| `/rekey ignore <reason>` | it's a false positive" + ignoreNeeds(v.Leak, v.Policy.Ignore.Approval) + " |\n" +
		"| `/rekey status` | what rekey knows |\n" +
		"| `/rekey help` | all commands |\n")
	return folded("How this closes", b.String())
}

func ignoreNeeds(l respond.Leak, a respond.Approval) string {
	switch {
	case l.Production() && a.Required():
		return " (for a production key, only a maintainer or admin, and a second person confirms it with `/rekey approve`)"
	case l.Production():
		return " (for a production key, only a maintainer or admin)"
	}
	return ""
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
