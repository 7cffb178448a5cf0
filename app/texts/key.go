package texts

import (
	"context"
	"errors"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
)

// Key reads a text again, with its earlier versions where GitHub keeps some, and returns the key with that fingerprint. The client has
// [AccessOf] the sighting, which is none in a wiki: that is git. What is gone, or what the App may not read, holds no key.
func (f Files) Key(ctx context.Context, client *github.Client, s respond.Sighting, fingerprint string) (key detect.Secret, found bool, err error) {
	places, versions, err := f.again(ctx, client, s)
	if errors.Is(err, github.ErrForbidden) || errors.Is(err, github.ErrNotFound) || errors.Is(err, github.ErrGone) {
		return detect.Secret{}, false, nil
	}
	if err != nil {
		return detect.Secret{}, false, err
	}
	for _, p := range places {
		if p.Finding.Secret.Fingerprint() == fingerprint {
			return p.Finding.Secret, true, nil
		}
	}
	for _, text := range versions {
		for _, finding := range f.Scanner.Scan(ctx, "", []byte(text)) {
			if finding.Secret.Fingerprint() == fingerprint {
				return finding.Secret, true, nil
			}
		}
	}
	return detect.Secret{}, false, nil
}

// again reads what holds a sighting: a file as what was found in it, a text as its versions.
func (f Files) again(ctx context.Context, client *github.Client, s respond.Sighting) (places []Place, versions []string, err error) {
	switch {
	case s.Source == respond.InAsset:
		got, err := f.Asset(ctx, client, github.Text{}, github.Asset{ID: s.Text.ID, Name: s.Text.Field})
		return got.Places, nil, err
	case s.Source == respond.InLog:
		got, err := f.Logs(ctx, client, github.Run{ID: s.Text.ID})
		return got.Places, nil, err
	case s.Source == respond.InRelease:
		release, err := client.Release(ctx, s.Text.ID)
		return nil, []string{release.Title, release.Body}, err
	case s.Text.Field == "diff_hunk":
		comment, err := client.ReviewComment(ctx, s.Text.ID)
		return nil, []string{comment.Hunk}, err
	case s.Text.NodeID == "":
		return nil, nil, nil
	}
	history, err := client.Edits(ctx, s.Text.NodeID)
	versions = []string{history.Title, history.Body}
	for _, e := range history.Edits {
		versions = append(versions, e.Text)
	}
	for _, t := range history.Titles {
		versions = append(versions, t.Text)
	}
	return nil, versions, err
}
