package texts

import (
	"context"
	"errors"
	"fmt"

	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
)

// Asset reads a file of a release, and what it holds where it is an archive, with [github.TextsAccess]. It costs one request; one above
// [budget.AssetSize] costs none, and is named in Left. [github.ErrNotFound]: it is gone.
//
// A place has the file's id and name in Text.ID and Text.Field, the path inside an archive in Member, and the release's page in Text.URL.
func (f Files) Asset(ctx context.Context, client *github.Client, release github.Text, a github.Asset) (Reading, error) {
	tooLarge := Reading{Left: []string{fmt.Sprintf("%s: it is larger than %s", a.Name, format.Size(budget.AssetSize))}}
	if a.Size > budget.AssetSize {
		return tooLarge, nil
	}
	body, err := client.ReleaseAsset(ctx, a.ID, budget.AssetSize)
	if errors.Is(err, github.ErrAboveLimit) {
		return tooLarge, nil
	}
	got, err := fetched(body, err, f.TempDir)
	if err != nil {
		return Reading{}, err
	}
	defer got.close()
	result, err := f.scanner(got.size).ExamineReader(ctx, a.Name, got)
	if err != nil {
		return Reading{}, fmt.Errorf("reading %s: %w", a.Name, err)
	}
	var out Reading
	for _, finding := range result.Findings {
		s := placeIn(finding, respond.InAsset, respond.Text{ID: a.ID, URL: release.URL, Field: a.Name})
		s.AuthorName, s.Authored = release.Author, a.Updated
		if s.Authored.IsZero() {
			s.Authored = release.Created
		}
		out.Places = append(out.Places, Place{Finding: finding, Sighting: s})
	}
	out.Places = keepFirst(out.Places)
	for _, s := range result.Skipped {
		if s.Limit {
			out.Left = append(out.Left, leftOf(a.Name, s.Member, s.Reason))
		}
	}
	if got.cut {
		out.Left = append(out.Left, tooLarge.Left...)
	}
	return out, nil
}

func leftOf(name, member, reason string) string {
	if member != "" {
		name += "!" + member
	}
	return name + ": " + reason
}
