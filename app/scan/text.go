package scan

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect"
)

// Style says how text for people is written.
type Style struct {
	Colour bool
}

const (
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	green  = "\x1b[32m"
	bold   = "\x1b[1m"
	faint  = "\x1b[2m"
	plain  = "\x1b[0m"
)

// mostPlaces is how many places of one credential are shown to people.
const mostPlaces = 5

func (s Style) paint(codes, text string) string {
	if !s.Colour || text == "" {
		return text
	}
	return codes + text + plain
}

// WriteText writes the result for people: each credential with its places and masked lines, then what to do, then what
// was read.
func WriteText(w io.Writer, r Result, s Style) error {
	var b strings.Builder
	groups := grouped(r.Hits)
	for _, g := range groups {
		s.credential(&b, g)
	}
	s.advice(&b, groups)
	s.total(&b, r, groups)
	_, err := io.WriteString(w, b.String())
	return err
}

// grouped puts the places of each credential together, the worst first, otherwise in the order in which they were found.
func grouped(hits []Hit) [][]Hit {
	type key struct {
		kind   detect.Kind
		secret detect.Secret
	}
	groups := together(hits, func(_ int, h Hit) key { return key{h.Kind, h.Secret} })
	slices.SortStableFunc(groups, func(a, b []Hit) int {
		return cmp.Compare(rank(a[0].Severity), rank(b[0].Severity))
	})
	return groups
}

func rank(s detect.Severity) int {
	return slices.Index([]detect.Severity{detect.CriticalSeverity, detect.HighSeverity, detect.MediumSeverity, detect.LowSeverity}, s)
}

func (s Style) credential(b *strings.Builder, hits []Hit) {
	h := best(hits)
	colour := yellow
	if rank(h.Severity) <= rank(detect.HighSeverity) {
		colour = red
	}
	what := "Clerk " + kindWords(h.Kind)
	if h.Environment != "" {
		what += ", " + environmentWords(h.Environment)
	}
	fmt.Fprintf(b, "%s  %s\n", s.paint(bold+colour, "■ "+what), s.paint(bold, h.Secret.Redacted()))
	places := placesOf(hits)
	for _, place := range places[:min(mostPlaces, len(places))] {
		s.place(b, place)
	}
	if n := len(places) - mostPlaces; n > 0 {
		fmt.Fprintf(b, "  %s\n", s.paint(faint, "and "+plural(n, "more place", "more places")+"; --format json lists them all"))
	}
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(b, "  %s %s\n", s.paint(faint, fmt.Sprintf("%-11s", name)), printable(value))
		}
	}
	for i, reason := range h.Reasons {
		if i == 0 {
			row("confidence", string(h.Confidence)+": "+reason)
		} else {
			fmt.Fprintf(b, "  %-11s %s\n", "", printable(reason))
		}
	}
	if h.Instance != "" {
		row("instance", "probably "+h.Instance)
	}
	if i := slices.IndexFunc(hits, func(h Hit) bool { return h.Browser }); i >= 0 {
		row("browsers", hits[i].Variable+" is shipped to browsers: whoever opened the page has it; rename the variable too")
	}
	row("rotate at", cmp.Or(h.Dashboard, dashboardPage(h.Kind)))
	row("fingerprint", h.Secret.Fingerprint())
	b.WriteByte('\n')
}

// best is the place that says most about a credential.
func best(hits []Hit) Hit {
	confidences := []detect.Confidence{detect.HighConfidence, detect.MediumConfidence, detect.LowConfidence}
	return slices.MinFunc(hits, func(a, b Hit) int {
		says := func(h Hit) int {
			n := 3 * slices.Index(confidences, h.Confidence)
			if h.Instance == "" {
				n++
			}
			if h.Dashboard == "" {
				n++
			}
			return n
		}
		return cmp.Compare(says(a), says(b))
	})
}

func (s Style) total(b *strings.Builder, r Result, groups [][]Hit) {
	found := s.paint(bold+green, "no Clerk credentials")
	if len(groups) > 0 {
		found = s.paint(bold+red, plural(len(groups), "Clerk credential", "Clerk credentials"))
		places := 0
		for _, g := range groups {
			places += len(placesOf(g))
		}
		if places > len(groups) {
			found += " in " + plural(places, "place", "places")
		}
	}
	fmt.Fprintf(b, "%s; read %s, %s", found, r.describeRead(), r.Elapsed.Round(time.Millisecond))
	if notes := r.Counts(); notes != "" {
		fmt.Fprintf(b, "\n%s", notes)
	}
	b.WriteByte('\n')
}

// Counts says in one line what was passed over and what could not be read; "" if there is nothing to say.
func (r Result) Counts() string {
	var parts []string
	say := func(n int, text string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf(text, thousands(int64(n))))
		}
	}
	say(r.Allowed, "%s allowed by rekey:allow")
	say(r.Ignored, "%s ignored by "+IgnoreFile)
	whole, part := r.Unread()
	say(whole, "%s could not be read")
	if r.History && part > 0 {
		parts = append(parts, plural(part, "object", "objects")+" not read, or only in part")
	} else {
		say(part, "%s read only in part")
	}
	return strings.Join(parts, "; ")
}
