package api

import (
	"context"
	"strings"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/text"
)

// Instructions are what a leak's issue says, for those who may see the leak.
type Instructions struct {
	Title    string    `json:"title"`
	Markdown string    `json:"markdown"`
	Source   string    `json:"source"` // issue: as it was last sent, fitted to the repository's files; facts: written anew from what is recorded
	At       time.Time `json:"at"`     // when it was sent; of facts, when the leak last changed
}

// instructionsWithin is how long writing instructions may take: without the repository's files they are quick.
const instructionsWithin = 2 * time.Second

// InstructionsOf returns a leak's instructions without asking GitHub: the issue's own text where it was recorded and says what is so
// now, since only that is fitted to the repository's files; else general ones, from what is recorded. That is so where issues are
// off or wait, and where strangers read the issue, whose text then has no details.
func InstructionsOf(ctx context.Context, d ledger.LeakDetail, webURL string) Instructions {
	changed := d.Leak.Detected
	for _, e := range d.History {
		if e.From != e.To && e.At.After(changed) {
			changed = e.At
		}
	}
	marker := text.Marker(d.Repository.ID, d.Leak.Fingerprint) + "\n"
	if d.Text.Body != "" && !d.Text.At.Before(changed) {
		return Instructions{Title: d.Text.Title, Markdown: strings.TrimPrefix(d.Text.Body, marker), Source: "issue", At: d.Text.At}
	}
	ctx, cancel := context.WithTimeout(ctx, instructionsWithin)
	defer cancel()
	repository := withURL(d.Repository, webURL)
	issue := text.Issue(ctx, text.IssueFacts{
		Repository: repository, Private: true, Leak: d.Leak, Sightings: d.Sightings, History: d.History,
	})
	return Instructions{Title: issue.Title, Markdown: strings.TrimPrefix(issue.Body, marker), Source: "facts", At: changed}
}

func withURL(r respond.Repository, webURL string) respond.Repository {
	r.URL = strings.TrimSuffix(webURL, "/") + "/" + r.FullName()
	return r
}
