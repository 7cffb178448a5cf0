package crashtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/text"
)

// difference is what GitHub shows otherwise than the model wants it.
type difference struct {
	in    *repository
	sha   string // the commit that it is about, or
	leak  *leak
	issue int
	what  string
}

func (d difference) String() string { return d.in.on.FullName() + ": " + d.what }

// compare holds all that GitHub shows against the model, and returns what differs.
func (w *world) compare() (different []difference) {
	closings := w.closings()
	for _, r := range w.repositories {
		if !r.gone {
			different = append(different, r.compare(closings)...)
		}
	}
	// Always in one order: what stays as it is, is seen to.
	slices.SortFunc(different, func(a, b difference) int { return strings.Compare(a.String(), b.String()) })
	return different
}

func (r *repository) compare(closings map[string]int) []difference {
	return append(r.compareChecks(), r.compareIssues(closings)...)
}

func (r *repository) compareChecks() (different []difference) {
	say := func(sha, format string, args ...any) {
		different = append(different, difference{in: r, sha: sha, what: fmt.Sprintf(format, args...)})
	}
	runs := map[string][]githubtest.CheckRun{}
	for _, run := range r.on.CheckRuns("") {
		runs[run.HeadSHA] = append(runs[run.HeadSHA], run)
	}
	for c, one := range r.heads {
		sha := r.commits[c].sha
		of := runs[sha]
		delete(runs, sha)
		may := r.conclusions(one)
		switch {
		case len(of) == 0:
			say(sha, "commit %s has no check run", sha)
		case len(of) > 1:
			say(sha, "commit %s has %d check runs: %s", sha, len(of), names(of))
		case of[0].Name != text.CheckName:
			say(sha, "commit %s has a check run named %q", sha, of[0].Name)
		case of[0].Status != "completed":
			say(sha, "the check run of commit %s hangs: it is %s", sha, of[0].Status)
		case !may[of[0].Conclusion]:
			say(sha, "commit %s: %s (%s), want %v; %s", sha, of[0].Conclusion, of[0].Title, may, r.shows(one))
		}
		if status := r.on.SuiteStatus(sha); status != "completed" {
			say(sha, "the checks of commit %s hang: their suite is %s", sha, status)
		}
		for _, run := range of {
			if twice := twiceAnnotated(run); twice != "" {
				say(sha, "the check run of commit %s marks %s twice", sha, twice)
			}
		}
	}
	for sha := range runs {
		say(sha, "commit %s has a check run, and was never pushed", sha)
	}
	return different
}

// shows names the commits with keys that a head's check run must show and may show.
func (r *repository) shows(one head) string {
	list := func(commits set) string {
		var found []string
		for c := range commits {
			for _, l := range r.commits[c].keys {
				found = append(found, fmt.Sprintf("%.8s in %.8s (fails: %v)", l.fingerprint, r.commits[c].sha, l.want.fails))
			}
		}
		slices.Sort(found) // a text that changed would be taken for a movement
		return cmp.Or(strings.Join(found, ", "), "none")
	}
	return fmt.Sprintf("must show %s; may show %s", list(one.least), list(one.most))
}

func names(runs []githubtest.CheckRun) string {
	var all []string
	for _, run := range runs {
		all = append(all, fmt.Sprintf("%s (%s, %s, %s)", run.Name, run.Conclusion, run.Started.Format("15:04:05.000"), run.ExternalID))
	}
	return strings.Join(all, "; ")
}

func twiceAnnotated(run githubtest.CheckRun) string {
	seen := map[string]bool{}
	for _, a := range run.Annotations {
		place := fmt.Sprintf("%s:%d:%d %s", a.Path, a.StartLine, a.StartColumn, a.Title)
		if seen[place] {
			return place
		}
		seen[place] = true
	}
	return ""
}

func (r *repository) compareIssues(closings map[string]int) (different []difference) {
	say := func(l *leak, issue int, format string, args ...any) {
		different = append(different, difference{in: r, leak: l, issue: issue, what: fmt.Sprintf(format, args...)})
	}
	byFingerprint := map[string][]githubtest.Issue{}
	for _, i := range r.on.Issues() {
		if i.Author != r.w.github.Bot().Login {
			if n := len(ours(i, r.w.github.Bot().Login)); n > 0 {
				say(nil, i.Number, "issue %d is none of ours, and has %d comments of ours", i.Number, n)
			}
			continue
		}
		_, fingerprint, ok := text.ParseMarker(i.Body)
		if !ok {
			say(nil, i.Number, "issue %d is about no leak: %s", i.Number, i.Title)
			continue
		}
		byFingerprint[fingerprint] = append(byFingerprint[fingerprint], i)
	}
	for _, l := range r.leaks {
		of := byFingerprint[l.fingerprint]
		delete(byFingerprint, l.fingerprint)
		switch {
		case l.filed && len(of) != 1:
			say(l, 0, "leak %.8s has %d issues, want 1", l.fingerprint, len(of))
		case !l.filed && len(of) != 0:
			say(l, 0, "leak %.8s is a stranger's, and has %d issues", l.fingerprint, len(of))
		case l.filed:
			if difference := r.w.differs(of[0], l); difference != "" {
				say(l, of[0].Number, "issue %d, %s: %s", of[0].Number, l.told(), difference)
			}
			extra := 0
			if l.byHand { // found closed or reopened at a start, before the delivery came that says so
				extra = 1
			}
			if n := closings[fmt.Sprint(r.on.ID(), ":", of[0].Number)]; n < l.want.closings || n > l.want.closings+extra {
				say(l, of[0].Number, "issue %d, %s: we closed it %d times, want %d", of[0].Number, l.told(), n, l.want.closings)
			}
		}
	}
	for fingerprint := range byFingerprint {
		say(nil, byFingerprint[fingerprint][0].Number, "an issue is about leak %.8s, which nobody pushed", fingerprint)
	}
	return different
}

// told says how far a leak's story was told.
func (l *leak) told() string {
	var steps []string
	for _, s := range l.story[:l.step] {
		what := s.say
		if what == "" {
			what = "closed by hand"
		}
		if s.revoke {
			what = "key deleted, " + what
		}
		steps = append(steps, s.by+": "+what)
	}
	return "[" + strings.Join(steps, "; ") + "]"
}

// differs says in what an issue differs from what the model wants.
func (w *world) differs(i githubtest.Issue, l *leak) string {
	comments := ours(i, w.github.Bot().Login)
	n := 0
	markers := map[string]bool{}
	for _, c := range comments {
		marker, ok := text.FindCommentMarker(c.Body)
		if !ok || markers[marker] {
			return "a comment stands there twice: " + c.Body
		}
		markers[marker] = true
		if !(l.byHand && corrects(c.Body)) {
			n++
		}
	}
	switch {
	case i.Deleted:
		return "it was deleted"
	case (i.State == "open") != l.want.open:
		return fmt.Sprintf("it is %s, want open: %v", i.State, l.want.open)
	case n != l.want.comments:
		return fmt.Sprintf("%d comments of ours, want %d: %s", n, l.want.comments, bodies(comments))
	}
	return ""
}

// corrects reports whether a comment says that an issue was found closed or reopened without an event.
func corrects(body string) bool { return strings.Contains(body, correction) }

const correction = "doesn't know by whom"

func ours(i githubtest.Issue, bot string) (list []githubtest.Comment) {
	for _, c := range i.Comments {
		if c.Author == bot {
			list = append(list, c)
		}
	}
	return list
}

func bodies(comments []githubtest.Comment) string {
	var all []string
	for _, c := range comments {
		all = append(all, fmt.Sprintf("%.80q", c.Body))
	}
	return strings.Join(all, ", ")
}

// closings counts how often we closed each issue, by GitHub's events about it.
func (w *world) closings() map[string]int {
	counts := maps.Clone(w.closed)
	w.countClosings(counts, w.github.Deliveries())
	return counts
}

func (w *world) countClosings(counts map[string]int, log []githubtest.Delivery) {
	seen := map[string]bool{}
	for _, d := range log {
		if d.Event != "issues" || d.Action != "closed" || seen[d.GUID] {
			continue
		}
		seen[d.GUID] = true
		if number, bot := closedBy(d.Payload); bot == w.github.Bot().Login {
			counts[fmt.Sprint(d.RepositoryID, ":", number)]++
		}
	}
}

func closedBy(payload []byte) (number int, login string) {
	var body struct {
		Issue  struct{ Number int }
		Sender struct{ Login string }
	}
	if json.Unmarshal(payload, &body) != nil {
		return 0, ""
	}
	return body.Issue.Number, body.Sender.Login
}
