package text

import (
	"fmt"
	"strings"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/markdown"
)

// Whoever looks for living keys reads public issues, and searches them. So nothing that is public helps a stranger while
// a key may work: no kind, no place, no instance, no part of the key, no word that reports whether it works, and in issues,
// which can be searched, no words that such a search would use. A policy can say otherwise (public.details). Once Clerk
// has said that the key is revoked, the details may be told.

func (f IssueFacts) hidden() bool { return respond.Hidden(f.Private, f.Leak.State, f.Policy) }

// publicIssue is the issue of a leak where strangers read it. Its text is the same whatever leaked, and whatever Clerk
// answered.
func (v issueView) publicIssue() IssueText {
	state := "Close this when it is done."
	if v.Leak.State != respond.Open && v.Leak.State != "" {
		state = "This is closed."
	}
	state += publicWaits(v.Leak)
	id := v.Leak.Fingerprint[:min(6, len(v.Leak.Fingerprint))]
	return IssueText{
		Title: "For maintainers: action needed (" + id + ")",
		Body: Marker(v.Repository.ID, v.Leak.Fingerprint) + "\n" +
			"An automated review found something in this repository that needs a maintainer. " +
			"Details aren't shown here, because the repository is public.\n\n" +
			"**Maintainers:** the summary of this App's check run says where to find the details. Or ask whoever installed the App.\n\n" + state + "\n",
		Labels:    unsearchable(v.Policy.Issues.Labels),
		Assignees: v.Policy.Issues.Assignees, // not the pusher: that would point at the commit
	}
}

// unsearchable leaves the default label out, which is the same in every repository with rekey.
func unsearchable(labels []string) []string {
	var out []string
	for _, l := range labels {
		if l != respond.DefaultLabel {
			out = append(out, l)
		}
	}
	return out
}

// publicSummary is the issue that stands for many, where strangers read it.
func publicSummary(f SummaryFacts) IssueText {
	return IssueText{
		Title: "For maintainers: more action needed",
		Body: SummaryMarker(f.Repository.ID) + "\n" +
			"An automated review found more in this repository than it files issues for at once. The others follow, most urgent first.\n",
		Labels: unsearchable(f.Policy.Issues.Labels), Assignees: f.Policy.Issues.Assignees,
	}
}

// publicComment says what happened where strangers read it.
func publicComment(r respond.Reply) string {
	switch {
	case r.Kind == respond.ReplyPublicNotConfirmed:
		return "This stays open: it isn't confirmed that all steps are done. Check them, then comment `/rekey rotated`."
	case r.Kind == respond.ReplyPublicState:
		return "This is " + string(r.Leak.State) + ". Maintainers: comment `/rekey rotated` when it is done, `/rekey ignore <reason>` if it is a false positive, " +
			"or `/rekey reopen`. What a comment can do depends on your role in the repository." + publicWaits(r.Leak)
	case r.Change.To == respond.Revoked:
		return "Done. The description has the details now, and the checks turn green."
	case r.Change.To == respond.Open:
		return "Open again."
	}
	return "Closed by " + markdown.Code(r.Change.By) + approvedBy(r.Change.ApprovedBy) + until(r.Change.Until) + "."
}

// publicWaits says that a closing waits for a second person, which in public it may for every key.
func publicWaits(l respond.Leak) string {
	if !l.Request.Waits() {
		return ""
	}
	return " A closing that " + markdown.Code(l.Request.By) + " asked for waits for a second person: `/rekey approve`."
}

func (v checkView) hidden() bool { return respond.Hidden(v.Repository.Private, respond.Open, v.Policy) }

// publicTitle is the title of a check run that strangers read.
func (v checkView) publicTitle() (title string, ok bool) {
	switch {
	case len(v.failing) > 0:
		title = format.Count(len(v.failing), "finding needs", "findings need") + " a maintainer"
		if len(v.failed) > 0 {
			title += "; the scan could not be finished"
		}
	case len(v.failed) > 0 || len(v.unjudged) > 0 || v.PolicyFile.Message != "":
		return "", false
	case len(v.tolerated) > 0:
		title = format.Count(len(v.tolerated), "finding", "findings") + " that the policy doesn't fail on"
	case len(v.unsure) > 0:
		title = format.Count(len(v.unsure), "possible finding", "possible findings")
	default:
		return "", false
	}
	return title, true
}

// writePublic writes what strangers may read about open leaks, and where those find more who should.
func (v checkView) writePublic(b *strings.Builder) {
	n := len(v.failing) + len(v.tolerated) + len(v.unsure)
	if n == 0 {
		return
	}
	fmt.Fprintf(b, "**%s.** Details aren't shown, because this repository is public.\n\n", format.Count(n, "finding", "findings"))
	b.WriteString("Removing the line isn't enough: anyone who fetched the commit has what was in it.\n\n")
	b.WriteString("**Maintainers:** " + v.whereDetailsAre() + "\n\n")
	if ours, outside := countOutside(v.failing); outside > 0 {
		if ours > 0 {
			b.WriteString("For what this pull request brings: ")
		}
		b.WriteString(v.outsideHint(outside) + "\n\n")
	}
}

func (v checkView) whereDetailsAre() string {
	var here []string
	for _, set := range [][]leakView{v.failing, v.tolerated} {
		for _, l := range set {
			switch {
			case l.IssueURL == "":
			case l.IssueRepository != v.Repository.ID:
				return "the details and the steps are in your private issues. When they are done, this check turns green."
			case len(here) < maxRows:
				here = append(here, v.issueCell(l.Leak))
			}
		}
	}
	s := "run `rekey scan --history .` in a clone to see what was found and what to do."
	if len(here) > 0 {
		s += " When it is done, close " + strings.Join(here, ", ") + ", or comment `/rekey rotated` there: this check turns green."
	}
	return s + " To get issues with complete instructions, set `issues.repository` in `" + respond.PolicyPath + "` to a private repository."
}

// publicClosed is a closed leak of which it is not certain that its key is revoked, as strangers may read of it.
func (v checkView) publicClosed(l leakView) string {
	line := fmt.Sprintf("1 finding: **%s**", l.State)
	if l.ClosedBy != "" {
		line += " by " + markdown.Code(l.ClosedBy)
	}
	if !l.Closed.IsZero() {
		line += " on " + format.Time(l.Closed)
	}
	line += approvedBy(l.ApprovedBy)
	if cell := v.issueCell(l.Leak); cell != "" {
		line += " (" + cell + ")"
	}
	return line
}
