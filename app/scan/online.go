package scan

import (
	"context"
	"fmt"
	"strings"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/format"
)

// Kept is what is kept of a finding whose credential isn't: a scan of GitHub may go on in another process.
type Kept struct {
	Fingerprint, Redacted string
	Reasons               []string
}

// Online says where on GitHub a hit is. It is zero for a hit on this machine.
type Online struct {
	Kind    string // OnlineFile, issue, issue_comment, wiki …; "" on this machine
	URL     string // GitHub's page of it
	Field   string // of a text: title, body or diff_hunk
	Former  bool   // the text was edited since: GitHub keeps the version that the hit is in
	Allowed bool   // the policy of its repository allows it
}

// OnlineFile is the kind of a hit in a file of a repository on GitHub.
const OnlineFile = "file"

// fingerprint, redacted and why are those of the finding, or what was kept of them.
func (h Hit) fingerprint() string {
	if h.Kept != nil {
		return h.Kept.Fingerprint
	}
	return h.Secret.Fingerprint()
}

func (h Hit) redacted() string {
	if h.Kept != nil {
		return h.Kept.Redacted
	}
	return h.Secret.Redacted()
}

func (h Hit) why() []string {
	if h.Kept != nil {
		return h.Kept.Reasons
	}
	return h.Reasons.Texts()
}

// isText reports whether the hit is in what people write on GitHub outside git, or in what hangs on it.
func (h Hit) isText() bool { return h.Online.Kind != "" && h.Commit == "" }

// Judge does with hits from elsewhere what [Run] does with its own: those that the current directory's .rekeyignore, o.IgnoreFile or
// o.Baseline name don't count, and the rest is put in order. An error means that one of these can't be read.
func Judge(ctx context.Context, s *detect.Scanner, hits []Hit, problems []Problem, o Options) (Result, error) {
	c := &collector{scanner: s, meter: new(Meter)}
	var err error
	if c.ignore, err = readIgnores(o); err != nil {
		return Result{}, err
	}
	if c.known, err = readBaseline(o.Baseline); err != nil {
		return Result{}, err
	}
	for _, h := range hits {
		c.add(ctx, h)
	}
	for _, p := range problems {
		c.problem(p)
	}
	return c.result(), nil
}

// onlineName is what people call the place of a hit that is in no git repository. Titles have one line, and GitHub shows those of code
// that a review quotes by itself.
func onlineName(h Hit) string {
	name := terminal.Printable(h.File)
	if h.Member != "" {
		name += ": " + terminal.Printable(h.Member)
	}
	if h.Place.Line > 0 && (h.Online.Field == "body" || h.Online.Field == "") {
		name += fmt.Sprintf(", line %d", h.Place.Line)
	}
	return name
}

// onlinePlace writes what there is to say about a place on GitHub below its name.
func (s Style) onlinePlace(b *strings.Builder, h Hit) {
	if h.Online.URL != "" {
		fmt.Fprintf(b, "    %s\n", terminal.Printable(h.Online.URL))
	}
	if h.Commit != "" {
		return
	}
	var words []string
	if h.Author.Name != "" {
		words = append(words, "by "+terminal.Printable(h.Author.Name))
	}
	if !h.Author.When.IsZero() {
		words = append(words, "on "+format.Date(h.Author.When))
	}
	said := strings.Join(words, " ")
	if h.Online.Former {
		said = strings.TrimPrefix(said+", in an earlier version only: edited since, and still readable in the history", ", ")
		if h.Online.Field == "title" {
			said = strings.Replace(said, "in the history", "in the timeline", 1)
		}
	}
	if said != "" {
		fmt.Fprintf(b, "    %s\n", s.Paint(terminal.Faint, said))
	}
}
