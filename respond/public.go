package respond

import (
	"fmt"
	"strings"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/markdown"
	"github.com/rekey-app/rekey/respond/policy"
)

// Whoever looks for living keys reads public issues, and searches them. So nothing that is public helps a stranger while
// a key may work: no kind, no place, no instance, no part of the key, no word that reports whether it works, and in issues,
// which can be searched, no words that such a search would use. A policy can say otherwise (public.details). Once Clerk
// has said that the key is revoked, the details may be told.

// Hidden reports whether a text about a leak says nothing that helps a stranger. private is whether the repository where
// the text is to be read is.
func Hidden(private bool, state ledger.LeakState, p policy.Policy) bool {
	return !private && !p.Public.Details && state != ledger.Revoked
}

func (f IssueFacts) hidden() bool { return Hidden(f.Private, f.Leak.State, f.Policy) }

// publicIssue is the issue of a leak where strangers read it. Its text is the same whatever leaked, and whatever Clerk
// answered.
func (v issueView) publicIssue() IssueText {
	state := "Close this when it is done."
	if v.Leak.State != ledger.Open && v.Leak.State != "" {
		state = "This is closed."
	}
	id := v.Leak.Fingerprint[:min(6, len(v.Leak.Fingerprint))]
	return IssueText{
		Title: "For maintainers: action needed (" + id + ")",
		Body: Marker(v.Repository.ID, v.Leak.Fingerprint) + "\n" +
			"An automated review found something in this repository that a maintainer needs to deal with. " +
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
		if l != policy.DefaultLabel {
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
			"An automated review found more in this repository than it files issues for at once. The others follow, the most urgent first.\n",
		Labels: unsearchable(f.Policy.Issues.Labels), Assignees: f.Policy.Issues.Assignees,
	}
}

// hush takes out of a decision's comments what strangers must not read. before is what is not understood of a word, "" for
// nothing. asked reports that the comments tell what came of a question to Clerk.
func (d *Decision) hush(before string, state ledger.LeakState, asked bool) {
	for _, c := range d.Changes {
		if c.Moved() {
			state = c.To
		}
	}
	for i := range d.Actions {
		if a := &d.Actions[i]; a.Do == Comment {
			a.Body = before + publicComment(d.Changes, state, asked)
		}
	}
}

func publicComment(changes []Change, state ledger.LeakState, asked bool) string {
	for _, c := range changes {
		switch {
		case !c.Moved():
		case c.To == ledger.Revoked:
			return "Done. The description has the details now, and the checks turn green."
		case c.To == ledger.Open:
			return "Open again."
		default:
			return "Closed by " + markdown.Code(c.By) + "."
		}
	}
	if asked {
		return "This stays open: it isn't confirmed that all steps are done. Check them, then comment `/rekey rotated`."
	}
	return "This is " + string(state) + ". Maintainers: comment `/rekey rotated` when it is done, `/rekey ignore <reason>` if it is a false positive, " +
		"or `/rekey reopen`. What a comment can do depends on your role in the repository."
}

func (v checkView) hidden() bool { return Hidden(v.Repository.Private, ledger.Open, v.Policy) }

// publicTitle is the title of a check run that strangers read.
func (v checkView) publicTitle() (title string, ok bool) {
	switch {
	case len(v.failing) > 0:
		title = count(len(v.failing), "finding needs", "findings need") + " a maintainer"
		if len(v.failed) > 0 {
			title += "; the scan could not be finished"
		}
	case len(v.failed) > 0 || len(v.unjudged) > 0 || v.PolicyFile.Message != "":
		return "", false
	case len(v.tolerated) > 0:
		title = count(len(v.tolerated), "finding", "findings") + " that the policy does not fail on"
	case len(v.unsure) > 0:
		title = count(len(v.unsure), "possible finding", "possible findings")
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
	fmt.Fprintf(b, "**%s.** Details aren't shown, because this repository is public.\n\n", count(n, "finding", "findings"))
	b.WriteString("Removing the line isn't enough: anyone who fetched the commit has what was in it.\n\n")
	b.WriteString("**Maintainers:** " + v.whereDetailsAre() + "\n\n")
	if ours, outside := countOutside(v.failing); outside > 0 {
		if ours > 0 {
			b.WriteString("For what this pull request brings: ")
		}
		b.WriteString(outsideHint(outside) + "\n\n")
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
	return s + " To get issues with complete instructions, set `issues.repository` in `" + policy.Path + "` to a private repository."
}

// publicClosed is a closed leak of which it is not certain that its key is revoked, as strangers may read of it.
func (v checkView) publicClosed(l leakView) string {
	line := fmt.Sprintf("1 finding: **%s**", l.State)
	if l.ClosedBy != "" {
		line += " by " + markdown.Code(l.ClosedBy)
	}
	if !l.Closed.IsZero() {
		line += " on " + date(l.Closed)
	}
	if cell := v.issueCell(l.Leak); cell != "" {
		line += " (" + cell + ")"
	}
	return line
}
