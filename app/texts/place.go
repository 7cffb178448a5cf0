package texts

import (
	"context"
	"slices"
	"time"

	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/respond"
)

// Place is a credential, and where on GitHub it stands. Names and addresses in it may hold credentials too: [Finder.Found] masks them.
type Place struct {
	Finding  detect.Finding
	Sighting respond.Sighting
	Deleted  bool      // the text was deleted
	Since    time.Time // when the credential was written there first; zero: not known
}

// Reading is what was found in something on GitHub.
type Reading struct {
	Places []Place
	// Left says in words what was not read, for a limit of rekey's or since nobody could read it. Names in it may hold credentials.
	Left []string
}

// Files reads what stands on GitHub beside the repository and its texts: the wiki ([Files.Wiki]), files of releases ([Files.Asset]) and
// logs of Actions ([Files.Logs]). It gets a client, says what it found, and keeps nothing: no ledger, no policy, no cache. A file is held
// in memory up to [budget.FileHeld], and else in a temporary file that is gone when the method returns. It is safe for concurrent use.
//
// Errors are the client's: [github.ErrNotFound] and [github.ErrGone] where there is nothing (any more), [github.ErrForbidden] where the
// token may not read it.
type Files struct {
	Scanner *detect.Scanner
	TempDir string       // default: os.TempDir
	Pack    pack.Options // of the wiki's history
}

// scanner charges to one budget all that is encoded or packed in one archive of that size.
func (f Files) scanner(size int64) *detect.Scanner {
	return f.Scanner.Within(budget.NewWork(budget.RunSteps + size*budget.RunStepsPerByte))
}

// keepFirst leaves of each credential in each field the first place: it may be printed on a thousand lines.
func keepFirst(places []Place) []Place {
	type where struct {
		secret                detect.Secret
		commit, field, member string
	}
	seen := map[where]bool{}
	return slices.DeleteFunc(places, func(p Place) bool {
		at := where{p.Finding.Secret, p.Sighting.Commit, p.Sighting.Text.Field, p.Sighting.Member}
		known := seen[at]
		seen[at] = true
		return known
	})
}

// placeIn is where in a text a finding stands.
func placeIn(f detect.Finding, source respond.Source, t respond.Text) respond.Sighting {
	return respond.Sighting{
		Source: source, Member: f.Member, Encoding: f.Encoding, Text: t,
		Line: f.Place.Line, Column: f.Place.Column, EndLine: f.Place.EndLine, EndColumn: f.Place.EndColumn,
	}
}

// Found turns places into what is recorded of them, without credentials. Of more than a scan records, it returns the most urgent.
func (f Finder) Found(ctx context.Context, places []Place) []read.FoundText {
	places = slices.Clone(places)
	slices.SortStableFunc(places, func(a, b Place) int { return a.Finding.Urgency() - b.Finding.Urgency() })
	out := make([]read.FoundText, 0, len(places))
	for _, p := range places[:min(len(places), budget.ScanSightings)] {
		out = append(out, f.foundAt(ctx, p))
	}
	return out
}

func (f Finder) foundAt(ctx context.Context, p Place) read.FoundText {
	s := p.Sighting
	s.Text.URL, s.Authored = f.link(ctx, s.Text.URL), microseconds(s.Authored)
	for _, name := range []*string{&s.Path, &s.Member, &s.Text.Field, &s.AuthorName, &s.AuthorEmail} {
		*name = f.Scanner.RedactString(ctx, *name)
	}
	one := read.FoundText{Leak: read.LeakOf(ctx, f.Scanner, p.Finding), Sighting: s, Deleted: p.Deleted, Since: microseconds(p.Since)}
	if p.Finding.AsksRepository() {
		inRepository := read.LeakOf(ctx, f.Scanner, p.Finding.InRepository())
		one.InRepository = &inRepository
	}
	return one
}
