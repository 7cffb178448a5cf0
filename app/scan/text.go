package scan

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
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
	s.total(&b, r, len(groups))
	_, err := io.WriteString(w, b.String())
	return err
}

// grouped puts the places of each credential together, the worst first, otherwise in the order in which they were found.
func grouped(hits []Hit) [][]Hit {
	type key struct {
		kind   detect.Kind
		secret detect.Secret
	}
	at := map[key]int{}
	var groups [][]Hit
	for _, h := range hits {
		k := key{h.Kind, h.Secret}
		i, known := at[k]
		if !known {
			i = len(groups)
			at[k] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], h)
	}
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
		s.place(b, place[0], len(place)-1)
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
	if h.Browser {
		row("browsers", h.Variable+" is shipped to browsers: whoever opened the page has it; rename the variable too")
	}
	row("rotate at", cmp.Or(h.Dashboard, dashboardPage(h.Kind)))
	row("fingerprint", h.Secret.Fingerprint())
	b.WriteByte('\n')
}

// placesOf puts the hits together that differ only in the commit that brought them, the earliest first.
func placesOf(hits []Hit) [][]Hit {
	type place struct {
		root, path   string
		line, column int
	}
	at := map[place]int{}
	var places [][]Hit
	for _, h := range hits {
		p := place{h.Root, h.Path(), h.Place.Line, h.Place.Column}
		if h.File == "" || h.Place.Line == 0 {
			p.path += "\x00" + h.Blob + strconv.Itoa(len(places))
		}
		i, known := at[p]
		if !known {
			i = len(places)
			at[p] = i
			places = append(places, nil)
		}
		places[i] = append(places[i], h)
	}
	return places
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

// place writes one place, which so many other commits brought, too.
func (s Style) place(b *strings.Builder, h Hit, others int) {
	place := printable(joined(h.Root, h.Path()))
	if place == "-" {
		place = "standard input"
	}
	if place == "" {
		place = "object " + h.Blob
	}
	if h.Place.Line > 0 {
		place += fmt.Sprintf(":%d:%d", h.Place.Line, h.Place.Column)
	}
	if h.Encoding != "plain" && h.Member == "" {
		place += s.paint(faint, "  as "+h.Encoding)
	}
	fmt.Fprintf(b, "  %s\n", place)
	line := h.Line
	if line == "" && h.Variable != "" {
		line = printable(h.Variable) + " … " + h.Secret.Redacted()
	}
	if line != "" {
		fmt.Fprintf(b, "    %s\n", s.paint(faint, line))
	}
	if h.Commit != "" {
		words := commitWords(h)
		if others > 0 {
			words += "; and by " + plural(others, "other commit", "other commits")
		}
		fmt.Fprintf(b, "    %s\n", s.paint(faint, words))
	}
}

func commitWords(h Hit) string {
	words := h.Commit[:min(12, len(h.Commit))]
	if h.Author.Name != "" {
		words += " by " + printable(h.Author.Name)
	}
	if !h.Author.When.IsZero() {
		words += " on " + h.Author.When.Format(time.DateOnly)
	}
	if len(h.Refs) == 0 {
		return words + ", deleted since"
	}
	words += ", still in " + printable(shortRef(h.Refs))
	if n := len(h.Refs) - 1; n > 0 {
		words += " and " + plural(n, "other ref", "other refs")
	}
	return words
}

// shortRef is the name of the ref that says most, as people write it.
func shortRef(refs []string) string {
	ref := refs[0]
	for _, known := range []string{"refs/heads/main", "refs/heads/master"} {
		if slices.Contains(refs, known) {
			ref = known
			break
		}
	}
	for _, prefix := range []string{"refs/heads/", "refs/remotes/", "refs/"} {
		if short, ok := strings.CutPrefix(ref, prefix); ok {
			return short
		}
	}
	return ref
}

func (s Style) total(b *strings.Builder, r Result, credentials int) {
	found := s.paint(bold+green, "no Clerk credentials")
	if credentials > 0 {
		found = s.paint(bold+red, plural(credentials, "Clerk credential", "Clerk credentials"))
		if n := len(r.Hits); n > credentials {
			found += " in " + plural(n, "place", "places")
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
	say(part, "%s read only in part")
	return strings.Join(parts, "; ")
}
