package pack

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/rekey-app/rekey/detect/budget"
)

// report turns the hits into sightings.
func (h *history) report(ctx context.Context, report *Report) error {
	found := newPlaces(h.scan.opts)
	for secret, missed := range h.scan.keeper.more {
		s := found.spotsOf(secret)
		s.more, s.cut = missed.places, missed.objects
	}
	if err := h.placeBlobs(ctx, found, report); err != nil {
		return err
	}
	h.placeMessages(found)
	all, more := found.finish()
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
	report.Sightings, report.More = make([]Sighting, len(all)), more
	for i := range all {
		report.Sightings[i] = all[i].Sighting
	}
	return nil
}

// placeBlobs finds the commits and paths of the blobs with findings.
func (h *history) placeBlobs(ctx context.Context, found *places, report *Report) error {
	reached := map[id]bool{}
	over := map[id]int{} // in report.Skipped
	for i, s := range report.Skipped {
		if name, ok := parseID(s.Object); ok && s.Limit {
			over[name] = i
		}
	}
	place := func(c *commit, names []string, blob id) {
		s := Sighting{Source: InBlob, Blob: blob.String(), Path: pathOf(names), Commit: c.id.String(), Author: h.mailmap.apply(ParsePerson(c.author))}
		reached[blob] = true
		if at, ok := over[blob]; ok && report.Skipped[at].Path == "" {
			report.Skipped[at].Path = s.Path
		}
		for _, head := range h.heads {
			s.AtHead = s.AtHead || h.holds(head, names, blob)
		}
		s.Refs = h.refsWith(names, blob)
		found.addAll(s, c.committed, h.hits[blob].findings)
	}
	var commits []*commit
	err := concurrently(2, func(worker int) (err error) {
		if worker == 0 {
			h.placeRefs()
			return nil
		}
		commits, err = h.introducing(ctx)
		return err
	})
	if err != nil {
		return err
	}
	cut := ""
	for _, c := range commits {
		if err := ctx.Err(); err != nil {
			return err
		}
		deep := h.introduced(c, func(names []string, blob id) bool {
			place(c, names, blob)
			return found.taken <= h.scan.opts.mostTaken()
		})
		if deep {
			continue
		}
		if cut == "" {
			cut = c.id.String()
			report.Skipped = append(report.Skipped, Skipped{Object: cut, Reason: fmt.Sprintf("from this commit on not all paths are reported: there are too many, or they are over %d directories deep", maxDepth)})
		}
		if found.taken > h.scan.opts.mostTaken() || h.compared.Load() > budget.PackCompared {
			break
		}
	}
	if cut != "" { // what was not come to gets one path at least
		h.firstPaths(commits, func(blob id) bool { return !reached[blob] }, place)
	}
	if h.treesCut || h.commitsCut {
		report.Skipped = append(report.Skipped, Skipped{Object: "trees", Reason: fmt.Sprintf("not all paths are reported: what leads to them takes more than %d bytes", h.scan.opts.MaxTrees)})
	}
	found.incomplete = found.incomplete || cut != "" || h.treesCut || h.commitsCut
	for _, name := range h.namesOf(blobKind) {
		if !reached[name] {
			found.addAll(Sighting{Blob: name.String(), Source: InBlob}, 0, h.hits[name].findings)
		}
	}
	return nil
}

// placeMessages adds what commits and tags say.
func (h *history) placeMessages(found *places) {
	for _, name := range h.namesOf(commitKind) {
		s := Sighting{Blob: name.String(), Source: InMessage, Commit: name.String(), AtHead: slices.Contains(h.heads, name), Refs: h.refCommit[name]}
		var date int64
		if c, ok := h.commits[name]; ok {
			s.Author, date = h.mailmap.apply(ParsePerson(c.author)), c.committed
		}
		found.addAll(s, date, h.hits[name].findings)
	}
	for _, name := range h.namesOf(tagKind) {
		s := Sighting{Blob: name.String(), Source: InTag, Author: h.mailmap.apply(h.tags[name].tagger), Refs: h.refCommit[name]}
		if target, ok := peel(h.tags, name); ok {
			if _, ok := h.commits[target]; ok || h.tags[name].kind == "commit" {
				s.Commit = target.String()
			}
		}
		found.addAll(s, s.Author.When.Unix(), h.hits[name].findings)
	}
}

// namesOf lists the hits of a kind, by id.
func (h *history) namesOf(k kind) []id {
	var names []id
	for name, hit := range h.hits {
		if hit.kind == k {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b id) int { return bytes.Compare(a[:], b[:]) })
	return names
}

// introducing returns the commits that introduce a hit somewhere, or may, by date. All workers look for them.
func (h *history) introducing(ctx context.Context) ([]*commit, error) {
	if len(h.trees) == 0 {
		return nil, nil
	}
	all := slices.Collect(maps.Values(h.commits))
	found := make([][]*commit, h.scan.opts.Workers)
	err := concurrently(len(found), func(i int) error {
		for _, c := range all[i*len(all)/len(found) : (i+1)*len(all)/len(found)] {
			if err := ctx.Err(); err != nil {
				return err
			}
			if !h.introduced(c, func([]string, id) bool { return false }) {
				found[i] = append(found[i], c)
			}
		}
		return nil
	})
	return slices.SortedFunc(slices.Values(slices.Concat(found...)), func(a, b *commit) int {
		return cmp.Or(cmp.Compare(a.committed, b.committed), bytes.Compare(a.id[:], b.id[:]))
	}), err
}
