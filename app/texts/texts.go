// Package texts finds credentials in what people write on GitHub outside of git: issues, comments, reviews, discussions, releases. Start
// with [Finder.Find], which looks at an event while its texts are whole: nothing of them is kept.
package texts

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
)

// Finder finds credentials in the texts of events. It is safe for concurrent use.
type Finder struct{ Scanner *detect.Scanner }

// Find returns what the texts of an event hold, as JSON for [Parse]; "" for nothing, and for events without texts.
func (f Finder) Find(ctx context.Context, event string, body []byte) string {
	if !Has(event) {
		return ""
	}
	decoded, err := webhook.Decode(event, body)
	if err != nil {
		return "" // whoever handles the delivery says so
	}
	found := f.In(ctx, webhook.Texts(decoded))
	if len(found) == 0 {
		return ""
	}
	written, err := json.Marshal(found)
	if err != nil {
		return "" // nothing in it cannot be written
	}
	return string(written)
}

// Has reports whether an event has texts.
func Has(event string) bool { return job.OfText(event) || event == "pull_request" }

// Parse reads what [Finder.Find] wrote.
func Parse(found string) ([]read.FoundText, error) {
	if found == "" {
		return nil, nil
	}
	var list []read.FoundText
	if err := json.Unmarshal([]byte(found), &list); err != nil {
		return nil, fmt.Errorf("what was found in a delivery's texts: %w", err)
	}
	return list, nil
}

// In returns what texts hold: each credential once for each field. One that stands in a field now and stood there before stands there. Of more
// than a scan records, it returns the most urgent.
func (f Finder) In(ctx context.Context, texts []webhook.Text) []read.FoundText {
	type place struct{ fingerprint, node, url, field string }
	var list []Place
	seen := map[place]int{}
	for _, t := range texts {
		for _, finding := range f.Scanner.Scan(ctx, "", []byte(t.Content)) {
			at := place{finding.Secret.Fingerprint(), t.NodeID, t.URL, t.Field}
			if i, twice := seen[at]; twice {
				list[i].Sighting.Text.Former = list[i].Sighting.Text.Former && t.Former
				list[i].Since = earlier(list[i].Since, t.Written)
				continue
			}
			seen[at] = len(list)
			list = append(list, inText(t, finding))
		}
	}
	return f.Found(ctx, list)
}

func inText(t webhook.Text, finding detect.Finding) Place {
	s := placeIn(finding, respond.Source(t.Kind), respond.Text{
		NodeID: t.NodeID, ID: t.ID, Number: t.Number, URL: t.URL, Field: t.Field, Former: t.Former,
	})
	s.AuthorName, s.Authored = t.Author.Login, t.Updated
	if t.Former && t.Kind == webhook.TextRelease { // GitHub shows no earlier versions of releases
		s.Text.Gone = microseconds(s.Authored)
	}
	return Place{Finding: finding, Sighting: s, Deleted: t.Deleted, Since: t.Written}
}

// earlier is the earlier of two times of which either may not be known.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// link returns an address of GitHub's as it may be kept and shown; "" for what is none.
func (f Finder) link(ctx context.Context, url string) string {
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") || len(url) > 2000 {
		return ""
	}
	return f.Scanner.RedactString(ctx, url)
}

// microseconds is a time as the ledger keeps it.
func microseconds(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}
