package pack

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/rekey-app/rekey/detect"
)

// dated is a sighting with the date that orders it.
type dated struct {
	Sighting
	date int64
}

// report turns the hits into sightings.
func (h *history) report(ctx context.Context, report *Report) error {
	var (
		all     []dated
		reached = map[id]bool{}
		full    = false
	)
	add := func(s Sighting, date int64, findings []detect.Finding) bool {
		for _, f := range findings {
			if f, ok := f.At(s.Path); ok {
				s.Finding = f
				all = append(all, dated{s, date})
			}
		}
		full = len(all) >= h.scan.opts.MaxSightings
		return !full
	}
	var refs sync.WaitGroup
	refs.Go(h.placeRefs)
	commits := h.introducing(ctx)
	refs.Wait()
	for _, c := range commits {
		if err := ctx.Err(); err != nil {
			return err
		}
		whole := h.introduced(c, func(path []byte, blob id) bool {
			s := Sighting{Source: InBlob, Blob: blob.String(), Path: string(path), Commit: c.id.String(), Author: h.mailmap.apply(parsePerson(c.author))}
			reached[blob] = true
			for _, head := range h.heads {
				s.AtHead = s.AtHead || h.holds(head, s.Path, blob)
			}
			s.Refs = h.refsWith(s.Path, blob)
			return add(s, c.committed, h.hits[blob].findings)
		})
		if full {
			report.Skipped = append(report.Skipped, Skipped{Object: c.id.String(), Reason: fmt.Sprintf("from this commit on not all paths are reported: there are more than %d sightings", h.scan.opts.MaxSightings)})
			break
		}
		if !whole {
			report.Skipped = append(report.Skipped, Skipped{Object: c.id.String(), Reason: fmt.Sprintf("not all paths are reported: its directories are over %d levels deep", maxDepth)})
		}
	}
	if h.treesCut {
		report.Skipped = append(report.Skipped, Skipped{Object: "trees", Reason: fmt.Sprintf("not all paths are reported: what leads to them takes more than %d bytes", h.scan.opts.MaxTrees)})
	}
	names := slices.SortedFunc(maps.Keys(h.hits), func(a, b id) int { return bytes.Compare(a[:], b[:]) })
	for _, name := range names {
		hit := h.hits[name]
		s := Sighting{Blob: name.String()}
		var date int64
		switch hit.kind {
		case blobKind:
			if reached[name] {
				continue
			}
			s.Source = InBlob
		case commitKind:
			s.Source, s.Commit = InMessage, name.String()
			if c, ok := h.commits[name]; ok {
				s.Author, date = h.mailmap.apply(parsePerson(c.author)), c.committed
			}
			s.AtHead = slices.Contains(h.heads, name)
		case tagKind:
			s.Source, s.Author = InTag, h.mailmap.apply(h.tags[name].tagger)
			date = s.Author.When.Unix()
			if target, ok := peel(h.tags, name); ok {
				if _, ok := h.commits[target]; ok || h.tags[name].kind == "commit" {
					s.Commit = target.String()
				}
			}
		}
		if hit.kind != blobKind {
			s.Refs = h.refCommit[name]
		}
		add(s, date, hit.findings)
	}
	slices.SortStableFunc(all, func(a, b dated) int {
		return cmp.Or(
			cmp.Compare(a.date, b.date),
			cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Finding.Member, b.Finding.Member),
			cmp.Compare(a.Finding.Place.Line, b.Finding.Place.Line),
			cmp.Compare(a.Finding.Place.Column, b.Finding.Place.Column),
			cmp.Compare(a.Commit, b.Commit),
			cmp.Compare(a.Blob, b.Blob),
		)
	})
	report.Sightings = make([]Sighting, len(all))
	for i := range all {
		report.Sightings[i] = all[i].Sighting
	}
	return nil
}

// introducing returns the commits that introduce a hit somewhere, or may, by date. All workers look for them.
func (h *history) introducing(ctx context.Context) []*commit {
	if len(h.trees) == 0 {
		return nil
	}
	all := slices.Collect(maps.Values(h.commits))
	found := make([][]*commit, h.scan.opts.Workers)
	var workers sync.WaitGroup
	for i := range found {
		workers.Go(func() {
			for _, c := range all[i*len(all)/len(found) : (i+1)*len(all)/len(found)] {
				if ctx.Err() != nil {
					return
				}
				if !h.introduced(c, func([]byte, id) bool { return false }) {
					found[i] = append(found[i], c)
				}
			}
		})
	}
	workers.Wait()
	return slices.SortedFunc(slices.Values(slices.Concat(found...)), func(a, b *commit) int {
		return cmp.Or(cmp.Compare(a.committed, b.committed), bytes.Compare(a.id[:], b.id[:]))
	})
}
