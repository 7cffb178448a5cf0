package scan

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/guide"
)

// Style says how text for people is written.
type Style struct {
	terminal.Style

	Quiet bool // only what was found
}

// mostPlaces is how many places of one credential are shown to people.
const mostPlaces = 5

// WriteText writes the result for people: each credential with its places and masked lines, then what to do, then what
// was read.
func WriteText(w io.Writer, r Result, s Style) error {
	var b strings.Builder
	groups := grouped(r.Hits)
	for _, g := range groups {
		s.credential(&b, g)
	}
	s.notInGit(&b, r.NotInGit)
	if !s.Quiet {
		s.advice(&b, r)
		s.total(&b, r, groups)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// grouped puts the places of each credential together, the worst first, otherwise in the order in which they were found.
func grouped(hits []Hit) [][]Hit {
	type key struct {
		kind   detect.Kind
		secret detect.Secret
		kept   string // its fingerprint, where the secret is not at hand
	}
	groups := together(hits, func(_ int, h Hit) key {
		k := key{kind: h.Kind, secret: h.Secret}
		if h.Kept != nil {
			k.kept = h.Kept.Fingerprint
		}
		return k
	})
	slices.SortStableFunc(groups, func(a, b []Hit) int {
		return a[0].Severity.Compare(b[0].Severity)
	})
	return groups
}

func (s Style) credential(b *strings.Builder, hits []Hit) {
	h := best(hits)
	colour := terminal.Yellow
	if h.Severity.Compare(detect.HighSeverity) <= 0 {
		colour = terminal.Red
	}
	what := "Clerk " + kindName(h.Kind)
	if h.Environment != "" {
		what += ", " + respond.EnvironmentName(h.Environment)
	}
	fmt.Fprintf(b, "%s  %s\n", s.Paint(terminal.Bold+colour, "■ "+what), s.Paint(terminal.Bold, h.redacted()))
	places := placesOf(hits)
	for _, place := range places[:min(mostPlaces, len(places))] {
		s.place(b, place)
	}
	if n := len(places) - mostPlaces; n > 0 {
		fmt.Fprintf(b, "  %s\n", s.Paint(terminal.Faint, "and "+format.Count(n, "more place", "more places")+"; --format json lists them all"))
	}
	row := func(name, value string) {
		if value == "" {
			return
		}
		const indent = 14
		for i, line := range terminal.Wrapped(terminal.Printable(value), s.Width-indent) {
			if i > 0 {
				name = ""
			}
			fmt.Fprintf(b, "  %s %s\n", s.Paint(terminal.Faint, fmt.Sprintf("%-11s", name)), line)
		}
	}
	for i, reason := range h.why() {
		if i == 0 {
			row("confidence", string(h.Confidence)+": "+reason)
		} else {
			row("", reason)
		}
	}
	if slices.ContainsFunc(hits, allowedInVain) {
		row("not allowed", "rekey:allow counts for test keys only, not for production keys")
	}
	if h.Instance != "" {
		row("instance", "probably "+h.Instance)
	}
	if i := slices.IndexFunc(hits, func(h Hit) bool { return h.Browser }); i >= 0 {
		row("browsers", hits[i].Variable+" is shipped to browsers: everyone who opened the page has it; rename the variable too")
	}
	row("rotate at", cmp.Or(h.Dashboard, guide.Page(h.Kind)))
	row("fingerprint", h.fingerprint())
	b.WriteByte('\n')
}

// best is the place that says most about a credential.
func best(hits []Hit) Hit {
	confidences := []detect.Confidence{detect.HighConfidence, detect.MediumConfidence, detect.LowConfidence}
	return slices.MinFunc(hits, func(a, b Hit) int {
		score := func(h Hit) int {
			n := 3 * slices.Index(confidences, h.Confidence)
			if h.Instance == "" {
				n++
			}
			if h.Dashboard == "" {
				n++
			}
			return n
		}
		return cmp.Compare(score(a), score(b))
	})
}

func (s Style) total(b *strings.Builder, r Result, groups [][]Hit) {
	colour := terminal.Green
	if len(groups) > 0 {
		colour = terminal.Red
	}
	found, places := foundWords(groups)
	whole, _ := r.Unread()
	if len(groups) == 0 && r.Files == 0 && whole > 0 {
		found, colour = "nothing could be read", terminal.Red
	}
	b.WriteString(s.Paint(terminal.Bold+colour, found) + places)
	fmt.Fprintf(b, "; read %s in %s", r.describeRead(), format.Duration(r.Elapsed))
	if notes := r.Counts(); notes != "" {
		fmt.Fprintf(b, "\n%s", notes)
	}
	b.WriteByte('\n')
}

// Total says in one line what was found.
func (r Result) Total() string {
	found, places := foundWords(grouped(r.Hits))
	if notes := r.Counts(); notes != "" {
		places += "; " + notes
	}
	return found + places
}

func foundWords(groups [][]Hit) (found, places string) {
	if len(groups) == 0 {
		return "no Clerk credentials", ""
	}
	n := 0
	for _, g := range groups {
		n += len(placesOf(g))
	}
	if n > len(groups) {
		places = " in " + format.Count(n, "place", "places")
	}
	return format.Count(len(groups), "Clerk credential", "Clerk credentials"), places
}

// Counts says in one line what was passed over and what could not be read; "" if there is nothing to say.
func (r Result) Counts() string {
	var parts []string
	say := func(n int, text string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf(text, format.Number(n)))
		}
	}
	say(r.Allowed, "%s allowed by rekey:allow")
	say(r.Ignored, "%s ignored by "+IgnoreFile)
	say(r.ByPolicy, "%s allowed by "+respond.PolicyPath)
	say(r.Known, "%s known from the baseline")
	say(len(r.NotInGit), "%s not in git")
	whole, part := r.Unread()
	say(whole, "%s could not be read")
	if r.History && part > 0 {
		parts = append(parts, format.Count(part, "object", "objects")+" not read, or only in part")
	} else {
		say(part, "%s read only in part")
	}
	return strings.Join(parts, "; ")
}
