package rotate

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/markdown"
)

// Report is what happened, for the record of the incident. It holds no credential.
type Report struct {
	Name        string       `json:"credential"` // "production secret key sk_live_…a1b2"
	Fingerprint string       `json:"fingerprint,omitempty"`
	Issue       string       `json:"issue,omitempty"`
	Instance    string       `json:"instance,omitempty"`
	Application string       `json:"application,omitempty"`
	Way         Way          `json:"way"`
	Begun       time.Time    `json:"begun"`
	NewKey      string       `json:"new,omitempty"` // public prefix and last four characters
	Made        time.Time    `json:"made,omitzero"`
	OldEnds     time.Time    `json:"old_ends,omitzero"`
	Finished    bool         `json:"finished"`
	Done        []ReportStep `json:"done"`
	Left        []ReportStep `json:"left"`
	NotWritten  []ReportLeft `json:"not_written,omitempty"`
	NotSeen     []Problem    `json:"not_seen,omitempty"`
}

// ReportStep is one step.
type ReportStep struct {
	What   string            `json:"what"`
	At     time.Time         `json:"at,omitzero"`
	Proof  destination.Proof `json:"proof,omitempty"`
	Detail string            `json:"detail,omitempty"`
	URL    string            `json:"url,omitempty"`
}

// ReportLeft is a place that was not written.
type ReportLeft struct {
	Place string `json:"place"`
	Why   string `json:"why"`
}

func (r *runner) report() Report {
	s := r.state
	if s == nil {
		return Report{}
	}
	p := s.Plan
	out := Report{
		Name: p.Subject.Name(), Fingerprint: p.Subject.Fingerprint, Issue: p.Subject.Issue, Instance: withDefault(s.New.Instance, p.Instance.ID), Application: p.Instance.Name,
		Way: p.Way, Begun: s.Started, NewKey: s.New.Redacted, Made: s.New.At, OldEnds: s.New.OldEnds, Finished: !s.Finished.IsZero(), NotSeen: p.Problems,
		Done: []ReportStep{}, Left: []ReportStep{},
	}
	if !s.Agreed {
		return out
	}
	for _, step := range p.Steps {
		d, is := s.Done[step.ID]
		one := ReportStep{What: step.heading(), At: d.At, Proof: d.Proof, Detail: d.Detail}
		if deployment, known := r.deployment(step); known {
			one.URL = deployment.URL
		}
		for _, f := range r.failed {
			if f.step.ID == step.ID {
				one.Detail = f.err.Error()
			}
		}
		if is && !d.Open {
			out.Done = append(out.Done, one)
		} else {
			out.Left = append(out.Left, one)
		}
	}
	for _, l := range p.Left {
		if l.Place.Holding != destination.Nothing {
			out.NotWritten = append(out.NotWritten, ReportLeft{l.Place.Title, l.Why})
		}
	}
	return out
}

// JSON returns the report as JSON.
func (r Report) JSON() ([]byte, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	return append(text, '\n'), err
}

// Markdown returns the report as Markdown.
func (r Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Rotation of the %s\n\n", unmarked(r.Name))
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", name, unmarked(value))
		}
	}
	b.WriteString("| | |\n| --- | --- |\n")
	row("Fingerprint", r.Fingerprint)
	row("Issue", r.Issue)
	row("Application", r.Application)
	row("Instance", r.Instance)
	row("Begun", format.Time(r.Begun))
	if r.NewKey != "" {
		row("New", r.NewKey+", made on "+format.Time(r.Made))
	}
	if !r.OldEnds.IsZero() {
		row("Old ones end", format.Time(r.OldEnds))
	}
	steps := func(title string, list []ReportStep) {
		if len(list) == 0 {
			return
		}
		fmt.Fprintf(&b, "\n## %s\n\n", title)
		for _, s := range list {
			b.WriteString("- " + unmarked(s.What))
			if s.Detail != "" {
				b.WriteString(": " + unmarked(strings.TrimSuffix(s.Detail, ".")))
			}
			if s.Proof != "" {
				b.WriteString(", " + string(s.Proof))
			}
			if !s.At.IsZero() {
				b.WriteString(" (" + format.Time(s.At) + ")")
			}
			b.WriteString(".")
			if s.URL != "" {
				b.WriteString(" " + markdown.Link("Deployment", s.URL))
			}
			b.WriteString("\n")
		}
	}
	steps("Done", r.Done)
	steps("Left", r.Left)
	if len(r.NotWritten) > 0 {
		b.WriteString("\n## Not written\n\n")
		for _, l := range r.NotWritten {
			fmt.Fprintf(&b, "- %s: %s\n", unmarked(l.Place), unmarked(l.Why))
		}
	}
	if len(r.NotSeen) > 0 {
		b.WriteString("\n## Where rekey couldn't look\n\n")
		for _, p := range r.NotSeen {
			fmt.Fprintf(&b, "- %s: %s\n", p.Driver, unmarked(p.What))
		}
	}
	return b.String()
}

// unmarked keeps what a text has of Markdown's signs from meaning anything, and leaves addresses to be read and followed.
func unmarked(s string) string {
	return strings.NewReplacer("\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "|", "\\|", "<", "&lt;", "\n", " ").Replace(terminal.Printable(s))
}

// heading says in a report what a step did.
func (s Step) heading() string {
	switch s.Do {
	case Create:
		return "The new one"
	case Prove:
		return "Clerk's answer about the new one"
	case Write:
		return s.Place.Title
	case Deploy:
		return "Deployment of " + s.Unit.Title
	case End:
		return "The old one"
	case Tell:
		return "The issue"
	case Ask:
	}
	line, _, commands := strings.Cut(s.Text, "\n")
	if commands { // which say more than fits
		return s.title()
	}
	return strings.TrimSuffix(line, ".")
}
