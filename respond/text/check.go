package text

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/markdown"
)

// CheckName is the name of the one check run that a head commit gets.
const CheckName = "Clerk secret keys"

// CheckFacts are what a head commit's check run is made of.
type CheckFacts struct {
	Repository respond.Repository
	Head       string
	Scans      []respond.Scan
	Sightings  []respond.HeadSighting
	Policy     respond.Policy
	PolicyFile PolicyProblem
	Preview    respond.PolicyPreview // of the policy file that this commit holds
	// StillOpen are open leaks of the repository, of this head and others, where the head is pushed to the default branch.
	StillOpen []respond.Leak
	// Gaps are ranges of the refs that the head was pushed to of which a limit left something unread, accepted ones too.
	Gaps []respond.Gap
}

// PolicyProblem is what is wrong with the policy file that this commit holds. The zero value is nothing.
type PolicyProblem struct {
	Line    int
	Message string // Markdown-free words; "" is no problem
	Partial bool   // the rest of the file counts

	Organisation bool // it is the file of the organisation's .github repository
	Kept         bool // with Organisation: there is a last valid one, which applies
}

// Check returns the check run for a head commit, and the ids of the sightings whose annotations are in it. Annotations
// that were sent before are left out, as GitHub appends. The run is always completed: a check is never left hanging.
func Check(f CheckFacts) (run CheckRun, annotated []int64) {
	v := view(f)
	run = CheckRun{
		Name:       CheckName,
		HeadSHA:    f.Head,
		ExternalID: CheckID(f.Repository.ID, f.Head),
		Conclusion: v.conclusion(),
		Title:      markdown.Title(v.fullTitle()),
		Buttons:    v.buttons(),
	}
	run.Summary = markdown.Cut(markdown.Valid(v.summary()), markdown.MaxCheckSummary,
		"_This text is longer than GitHub allows. The issues list every place._")
	run.Annotations, annotated = v.annotations()
	for _, s := range f.Scans {
		if !s.Finished.IsZero() && s.Finished.After(run.CompletedAt) {
			run.CompletedAt = s.Finished
			run.StartedAt = s.Finished.Add(-s.Duration)
		}
	}
	return run, annotated
}

// CheckDigest returns a hash of what the run says, without its annotations and times: where it equals that of what was
// last sent, and there are no new annotations, nothing needs to be sent.
func CheckDigest(run CheckRun) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %q", run.Name, run.Conclusion, run.Title, run.Summary)
	for _, a := range run.Buttons {
		fmt.Fprintf(h, " %q", a.Identifier)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// checkView is the facts, sorted by what they mean for the check.
type checkView struct {
	CheckFacts
	failed    []respond.Scan // not made good by a later one
	unjudged  []string       // what limits left out, and no later scan has judged
	gaps      []respond.Gap  // what limits left out of earlier pushes, and nobody has accepted
	failing   []leakView     // open, and severe enough
	tolerated []leakView     // open, under the policy's threshold
	unsure    []leakView     // open, of low confidence
	allowed   []leakView     // all their places carry rekey:allow
	closed    []leakView     // revoked, ignored, resolved
}

// leakView is a leak with its places in the range of this head.
type leakView struct {
	respond.Leak
	places []respond.HeadSighting
}

func view(f CheckFacts) checkView {
	v := checkView{CheckFacts: f, failed: failedScans(f.Scans), unjudged: notAccepted(unjudged(f.Scans), f.Gaps), gaps: earlierGaps(f)}
	for _, l := range byLeak(f.Sightings) {
		switch {
		case l.allAllowed() && (l.State == respond.Open || l.State == "" || l.ClosedBy == respond.Self):
			v.allowed = append(v.allowed, l)
		case l.State != respond.Open && l.State != "":
			v.closed = append(v.closed, l)
		case !l.Leak.Sure():
			v.unsure = append(v.unsure, l)
		case !f.Policy.FailOn.Fails(l.Severity):
			v.tolerated = append(v.tolerated, l)
		default:
			v.failing = append(v.failing, l)
		}
	}
	return v
}

// byLeak groups sightings, production keys first, then by fingerprint, so that a text is the same for the same facts.
func byLeak(sightings []respond.HeadSighting) []leakView {
	at := map[string]int{}
	var out []leakView
	for _, s := range sightings {
		i, known := at[s.Leak.Fingerprint]
		if !known {
			i = len(out)
			at[s.Leak.Fingerprint] = i
			out = append(out, leakView{Leak: s.Leak})
		}
		out[i].places = append(out[i].places, s)
	}
	for i := range out {
		slices.SortStableFunc(out[i].places, func(a, b respond.HeadSighting) int {
			return cmp.Or(cmp.Compare(a.Sighting.Path, b.Sighting.Path), cmp.Compare(a.Sighting.Member, b.Sighting.Member),
				cmp.Compare(a.Sighting.Line, b.Sighting.Line), cmp.Compare(a.Sighting.Column, b.Sighting.Column),
				a.Sighting.Authored.Compare(b.Sighting.Authored), cmp.Compare(a.Sighting.Commit, b.Sighting.Commit))
		})
	}
	slices.SortStableFunc(out, func(a, b leakView) int {
		return cmp.Or(a.Severity.Compare(b.Severity), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	return out
}

func (l leakView) allAllowed() bool {
	for _, p := range l.places {
		if !l.Leak.AllowedInline(p.Sighting) {
			return false
		}
	}
	return true
}

func (l leakView) atHead() []respond.HeadSighting {
	return slices.DeleteFunc(slices.Clone(l.places), func(p respond.HeadSighting) bool { return !p.AtHead })
}

func (l leakView) removed() []respond.HeadSighting {
	return slices.DeleteFunc(slices.Clone(l.places), func(p respond.HeadSighting) bool { return p.AtHead })
}

// failedScans returns the scans that could not be finished and were not made good, the latest last.
func failedScans(scans []respond.Scan) []respond.Scan {
	var failed []respond.Scan
	for _, s := range scans {
		if s.Failure != "" && !madeGood(s, scans, func(respond.Scan) bool { return true }) {
			failed = append(failed, s)
		}
	}
	slices.SortFunc(failed, func(a, b respond.Scan) int { return a.Finished.Compare(b.Finished) })
	return failed
}

// unjudged returns what limits left out in scans that were not made good by one that left nothing.
func unjudged(scans []respond.Scan) []string {
	var all []string
	for _, s := range scans {
		if s.Failure != "" || len(s.Unjudged) == 0 || madeGood(s, scans, func(o respond.Scan) bool { return len(o.Unjudged) == 0 }) {
			continue
		}
		for _, text := range s.Unjudged {
			if !slices.Contains(all, text) { // a push and its pull request leave the same
				all = append(all, text)
			}
		}
	}
	return all
}

// madeGood reports whether a later scan that counts read the same range, or was asked for by somebody and read it again.
func madeGood(s respond.Scan, scans []respond.Scan, counts func(respond.Scan) bool) bool {
	return slices.ContainsFunc(scans, func(o respond.Scan) bool {
		return o.Failure == "" && o.Finished.After(s.Finished) && counts(o) &&
			(o.Base == s.Base || o.Trigger.Rereads())
	})
}

// conclusion is never failure where the policy observes.
func (v checkView) conclusion() Conclusion {
	if c := v.enforced(); c != Failure || !v.Policy.Observes() {
		return c
	}
	return Neutral
}

// enforced is the conclusion where the policy does not observe.
func (v checkView) enforced() Conclusion {
	switch {
	case len(v.failing) > 0, len(v.failed) > 0, v.PolicyFile.Message != "":
		return Failure
	case len(v.unjudged) > 0 && v.Policy.Unread != respond.UnreadNeutral:
		return Failure
	case len(v.unjudged) > 0, len(v.gaps) > 0, len(v.tolerated) > 0, len(v.unsure) > 0, v.productionAllowed():
		return Neutral
	}
	return Success
}

// fullTitle says of a check that passes what is still open: nobody opens a green one to find out.
func (v checkView) fullTitle() string {
	if v.conclusion() == Success {
		return v.title() + v.stillOpenTitle()
	}
	return v.title()
}

func (v checkView) title() string {
	if title, ok := v.publicTitle(); ok && v.hidden() {
		return title
	}
	switch {
	case len(v.failing) > 0:
		title := leaked(v.failing)
		if len(v.failed) > 0 {
			title += "; the scan could not be finished"
		}
		if len(v.unjudged) > 0 {
			title += "; not everything was checked"
		}
		if waiting := v.waiting(); len(waiting) > 0 && len(waiting) == len(v.failing) {
			title += "; waits for a second person"
		}
		return title
	case len(v.failed) > 0:
		return "The scan could not be finished: " + markdown.Plain(v.failed[len(v.failed)-1].Failure)
	case v.PolicyFile.Message != "":
		return "The policy in " + respond.PolicyPath + " is invalid"
	case len(v.unjudged) > 0:
		return "Not everything was checked: " + markdown.Plain(v.unjudged[0])
	case len(v.gaps) > 0:
		return v.gapTitle()
	case len(v.tolerated) > 0:
		return leaked(v.tolerated) + "; the policy doesn't fail on it"
	case len(v.unsure) > 0:
		return format.Count(len(v.unsure), "possible Clerk credential", "possible Clerk credentials")
	case len(v.closed) > 0:
		return v.closedTitle()
	case len(v.allowed) > 0:
		return format.Count(len(v.allowed), "test key", "test keys") + " allowed by rekey:allow, nothing else found"
	}
	commits := 0
	for _, s := range v.Scans {
		commits = max(commits, s.Commits)
	}
	if commits == 0 {
		return "No Clerk secret keys"
	}
	return "No Clerk secret keys in " + format.Count(commits, "commit", "commits")
}

// leaked writes "1 production secret key leaked", or "3 Clerk credentials leaked, 1 of them for production".
func leaked(leaks []leakView) string {
	live, same := 0, true
	for _, l := range leaks {
		if l.Production() {
			live++
		}
		same = same && l.Kind == leaks[0].Kind && l.Environment == leaks[0].Environment
	}
	if same {
		one, many := respond.KindName(leaks[0].Kind)
		if env := respond.EnvironmentName(leaks[0].Environment); env != "" {
			one, many = env+" "+one, env+" "+many
		}
		return format.Count(len(leaks), "Clerk "+one, "Clerk "+many) + " leaked"
	}
	title := format.Count(len(leaks), "Clerk credential", "Clerk credentials") + " leaked"
	if live > 0 {
		title += fmt.Sprintf(", %d for production", live)
	}
	return title
}

func (v checkView) closedTitle() string {
	if v.productionAllowed() {
		return "The policy allows " + map[bool]string{true: "a finding", false: "a production key"}[v.hidden()]
	}
	counts := map[respond.State]int{}
	for _, l := range v.closed {
		counts[l.State]++
	}
	var parts []string
	for _, s := range []respond.State{respond.Revoked, respond.Resolved, respond.Ignored} {
		if counts[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[s], s))
		}
	}
	return format.Count(len(v.closed), "Clerk credential", "Clerk credentials") + " closed: " + strings.Join(parts, ", ")
}
