package pack

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/rekey-app/rekey/detect"
)

// mentioner says which texts are about Clerk: a [detect.Scanner] does.
type mentioner interface {
	MentionsClerk(text []byte) bool
}

// largestMention is the size of the largest blob that is looked into for whether it mentions Clerk: manifests and source are
// smaller.
const largestMention = 1 << 20

// judgeByRepository judges the findings again that are Clerk's only in a repository that uses Clerk: of which that is known by
// another finding, or by a file. The blobs are read once more for that, where there is such a finding and no other one.
func (s *scan) judgeByRepository(ctx context.Context, hits map[id]hit) error {
	asks, shows := false, false
	for _, h := range hits {
		asks = asks || slices.ContainsFunc(h.findings, detect.Finding.AsksRepository)
		shows = shows || slices.ContainsFunc(h.findings, detect.Finding.ShowsClerk)
	}
	if !asks {
		return nil
	}
	if !shows {
		var err error
		if shows, err = s.mentionsClerk(ctx); err != nil || !shows {
			return err
		}
	}
	for _, name := range slices.Collect(maps.Keys(hits)) {
		for i, f := range hits[name].findings {
			hits[name].findings[i] = f.InRepository()
		}
	}
	return nil
}

// mentionsClerk reports whether some blob mentions Clerk.
func (s *scan) mentionsClerk(ctx context.Context) (bool, error) {
	m, ok := s.examiner.(mentioner)
	if !ok {
		return false, nil
	}
	err := s.each(ctx, setOf(blobKind), func(o object) error {
		if text := o.text; len(text) <= largestMention && m.MentionsClerk(text) {
			return errFound
		}
		return nil
	})
	if errors.Is(err, errFound) {
		return true, nil
	}
	return false, err
}
