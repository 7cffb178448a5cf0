package scan

import (
	"fmt"
	"io"
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
	bold   = "\x1b[1m"
	faint  = "\x1b[2m"
	plain  = "\x1b[0m"
)

func (s Style) paint(codes, text string) string {
	if !s.Colour || text == "" {
		return text
	}
	return codes + text + plain
}

// WriteText writes the result for people: each finding with its masked line, then what to do, then what was read.
func WriteText(w io.Writer, r Result, s Style) error {
	var b strings.Builder
	for _, h := range r.Hits {
		s.hit(&b, h)
	}
	s.advice(&b, r)
	s.total(&b, r)
	_, err := io.WriteString(w, b.String())
	return err
}

func (s Style) hit(b *strings.Builder, h Hit) {
	colour := yellow
	if h.Severity == detect.CriticalSeverity || h.Severity == detect.HighSeverity {
		colour = red
	}
	what := "Clerk " + kindWords(h.Kind)
	if h.Environment != "" {
		what += ", " + environmentWords(h.Environment)
	}
	fmt.Fprintf(b, "%s  %s\n", s.paint(bold+colour, what), s.paint(bold, h.Secret.Redacted()))
	place := printable(h.Path)
	if h.Place.Line > 0 {
		place += fmt.Sprintf(":%d:%d", h.Place.Line, h.Place.Column)
	}
	fmt.Fprintf(b, "  %s\n", place)
	if h.Line != "" {
		fmt.Fprintf(b, "  %s\n", s.paint(faint, strings.TrimSpace(h.Line)))
	}
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(b, "  %s %s\n", s.paint(faint, fmt.Sprintf("%-11s", name)), printable(value))
		}
	}
	if h.Commit != "" {
		row("commit", h.Commit[:min(12, len(h.Commit))]+", "+h.Author.Name+", "+h.Author.When.Format(time.DateOnly))
	}
	if len(h.Refs) > 0 {
		row("held by", strings.Join(h.Refs[:min(5, len(h.Refs))], ", "))
	}
	if h.Encoding != "plain" {
		row("encoding", h.Encoding)
	}
	row("instance", h.Instance)
	row("confidence", string(h.Confidence)+": "+strings.Join(h.Reasons, "; "))
	if h.Browser {
		row("browsers", h.Variable+" is shipped to browsers: everybody who opened the page has it; rename the variable too")
	}
	if h.Dashboard != "" {
		row("rotate at", h.Dashboard)
	}
	row("fingerprint", h.Secret.Fingerprint())
	b.WriteByte('\n')
}

func (s Style) advice(b *strings.Builder, r Result) {
	if len(r.Hits) == 0 {
		return
	}
	b.WriteString(s.paint(bold, "What to do") + "\n" +
		"  1. In Clerk's dashboard, add a new key: https://dashboard.clerk.com/~/api-keys\n" +
		"  2. Put it everywhere the old one is used, and deploy.\n" +
		"  3. When the old key's \"Last used\" stands still, delete it. Deleting the line here does not kill the key.\n" +
		"  A false alarm? Put its fingerprint, with a comment saying why, into " + IgnoreFile + ".\n\n")
}

func (s Style) total(b *strings.Builder, r Result) {
	found := "no Clerk credentials"
	colour := bold
	switch len(r.Hits) {
	case 0:
	case 1:
		found, colour = "1 Clerk credential", bold+red
	default:
		found, colour = fmt.Sprintf("%d places with Clerk credentials", len(r.Hits)), bold+red
	}
	fmt.Fprintf(b, "%s in %s files, %s, %s", s.paint(colour, found), thousands(r.Read.Files), size(r.Read.Bytes),
		r.Elapsed.Round(time.Millisecond))
	if r.Allowed > 0 {
		fmt.Fprintf(b, "; %d allowed by rekey:allow", r.Allowed)
	}
	if r.Ignored > 0 {
		fmt.Fprintf(b, "; %d ignored by %s", r.Ignored, IgnoreFile)
	}
	if len(r.Problems) > 0 {
		fmt.Fprintf(b, "; %d could not be read", len(r.Problems))
	}
	b.WriteByte('\n')
}

func kindWords(k detect.Kind) string {
	switch k {
	case detect.LegacyAPIKey:
		return "legacy API key"
	case detect.PlatformAPIKey:
		return "Platform API key"
	case detect.APIKey:
		return "API key"
	case detect.OAuthClientSecret:
		return "OAuth client secret"
	case detect.ClaimURL:
		return "claim URL"
	}
	return strings.ReplaceAll(string(k), "_", " ")
}

func environmentWords(e detect.Environment) string {
	if e == detect.Live {
		return "production"
	}
	return "development"
}

func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000*1000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1000*1000*1000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
